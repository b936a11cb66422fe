//! Mail: what the SMTP server takes, puts off and refuses.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use mintreu_control::{Config, Control, keyring::Keyring};
use mintreu_control_testing::{Bench, on_both};
use mintreu_model::{form::account::Register, list::ListQuery, status::MailStatus, view::MailView};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// An SMTP server that answers `MAIL FROM` as it is told.
struct Smtp {
    url: String,
    answer: Arc<Mutex<&'static str>>,
}

impl Smtp {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new("250 fine"));
        let told = Arc::clone(&answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&told)));
            }
        });
        Self { url, answer }
    }

    fn say(&self, answer: &'static str) {
        *self.answer.lock().unwrap() = answer;
    }
}

async fn converse(mut stream: TcpStream, answer: Arc<Mutex<&'static str>>) {
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read).lines();
    let mut in_data = false;
    write.write_all(b"220 test\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        let reply = match line.get(..4).unwrap_or(&line) {
            "." if in_data => {
                in_data = false;
                "250 taken"
            }
            _ if in_data => continue,
            "MAIL" => *answer.lock().unwrap(),
            "DATA" => {
                in_data = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        if write.write_all(format!("{reply}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

fn with_smtp(bench: &Bench, url: &str) -> Control {
    let keyring = Keyring::open_or_create(&bench.config.data_dir.join("keyring"), &bench.random).unwrap();
    let config = Config { smtp_url: Some(url.into()), ..bench.config.clone() };
    Control::new(bench.db.clone(), bench.clock.clone(), bench.random.clone(), keyring, config)
}

async fn posted(bench: &Bench, name: &str) {
    let form = Register { name: name.into(), email: format!("{name}@people.test"), password: mintreu_control_testing::PASSWORD.into() };
    bench.register(&form, None).await.unwrap();
}

async fn mail(bench: &Bench, name: &str) -> MailView {
    let query = ListQuery { q: Some(format!("{name}@people")), ..Default::default() };
    bench.list_mail(&bench.operator().await, &query).await.unwrap().data.remove(0)
}

#[tokio::test]
async fn what_the_server_puts_off_is_tried_again_until_it_is_taken() {
    on_both(async |bench| {
        let smtp = Smtp::start().await;
        let control = with_smtp(&bench, &smtp.url);
        posted(&bench, "ines").await;
        smtp.say("451 try later");
        assert_eq!(control.send_mail().await.unwrap(), 0);
        let waiting = mail(&bench, "ines").await;
        assert_eq!(waiting.status, MailStatus::Queued);
        assert!(waiting.error.unwrap().contains("try later"));
        smtp.say("250 fine");
        assert_eq!(control.send_mail().await.unwrap(), 0, "only what was not tried");
        assert_eq!(control.send_mail_again().await.unwrap(), 1);
        let sent = mail(&bench, "ines").await;
        assert_eq!((sent.status, sent.error), (MailStatus::Sent, None));
    })
    .await;
}

#[tokio::test]
async fn what_nobody_takes_for_a_day_fails_and_what_is_refused_fails_at_once() {
    on_both(async |bench| {
        let smtp = Smtp::start().await;
        posted(&bench, "ines").await;
        let away = with_smtp(&bench, "smtp://127.0.0.1:1");
        away.send_mail().await.unwrap();
        assert_eq!(mail(&bench, "ines").await.status, MailStatus::Queued);
        bench.advance(TimeDelta::hours(23));
        away.send_mail_again().await.unwrap();
        assert_eq!(mail(&bench, "ines").await.status, MailStatus::Queued);
        bench.advance(TimeDelta::hours(1));
        assert_eq!(away.send_mail_again().await.unwrap(), 1);
        assert_eq!(mail(&bench, "ines").await.status, MailStatus::Failed);

        posted(&bench, "sam").await;
        smtp.say("550 nobody of that name");
        assert_eq!(with_smtp(&bench, &smtp.url).send_mail().await.unwrap(), 1);
        let refused = mail(&bench, "sam").await;
        assert_eq!(refused.status, MailStatus::Failed);
        assert!(refused.error.unwrap().contains("nobody of that name"));
    })
    .await;
}
