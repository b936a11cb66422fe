//! Hands queued mail to the SMTP server, or marks it as kept where there is none. What the server
//! cannot take now stays queued, with what it said, and is given up after a day.

use std::net::IpAddr;

use chrono::TimeDelta;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{MultiPart, SinglePart, header::ContentType},
};
use mintreu_model::status::MailStatus;

use super::store;
use crate::{Control, Error, Result};

const BATCH: i64 = 50;

/// How long a mail is tried.
const PATIENCE: TimeDelta = TimeDelta::hours(24);

/// Why a mail was not handed over.
enum Undelivered {
    /// The server cannot be reached, so that the other mails can wait too.
    Away(String),
    /// The server asks to try again.
    ForNow(String),
    /// The server, or the mail itself, says no.
    ForGood(String),
}

impl From<lettre::transport::smtp::Error> for Undelivered {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        let source = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        let text = format!("{error}{source}");
        if error.is_permanent() {
            Self::ForGood(text)
        } else if error.is_transient() {
            Self::ForNow(text)
        } else {
            Self::Away(text)
        }
    }
}

impl From<lettre::address::AddressError> for Undelivered {
    fn from(error: lettre::address::AddressError) -> Self {
        Self::ForGood(error.to_string())
    }
}

impl From<lettre::error::Error> for Undelivered {
    fn from(error: lettre::error::Error) -> Self {
        Self::ForGood(error.to_string())
    }
}

/// Who the platform writes as. An IP address is no domain that mail servers take.
fn sender(public_url: &str) -> String {
    let authority = public_url.split("://").last().and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let host = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(authority, |(host, _)| host);
    let is_address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
    let host = if is_address || host.is_empty() { "mintreu.localhost" } else { host };
    format!("Mintreu <no-reply@{host}>")
}

impl Control {
    /// Sends what is queued and was not tried yet; the number of mails that were settled.
    pub async fn send_mail(&self) -> Result<usize> {
        self.send(store::queued(&self.db, false, BATCH).await?).await
    }

    /// Sends what could not be handed over before; to be called less often.
    pub async fn send_mail_again(&self) -> Result<usize> {
        self.send(store::queued(&self.db, true, BATCH).await?).await
    }

    async fn send(&self, queued: Vec<store::Row>) -> Result<usize> {
        let transport = match &self.config.smtp_url {
            Some(url) if !queued.is_empty() => Some(
                AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
                    .map_err(|error| Error::internal("MINTREU_SMTP_URL cannot be used", error))?
                    .build(),
            ),
            _ => None,
        };
        let mut settled = 0;
        for mail in queued {
            let delivered = match &transport {
                None => None,
                Some(transport) => Some(self.deliver(transport, &mail).await),
            };
            let now = self.clock.system_now();
            let away = matches!(delivered, Some(Err(Undelivered::Away(_))));
            let (status, error) = match delivered {
                None => (MailStatus::Kept, None),
                Some(Ok(())) => (MailStatus::Sent, None),
                Some(Err(Undelivered::Away(error) | Undelivered::ForNow(error))) if now - mail.created_at < PATIENCE => {
                    tracing::warn!(mail = %mail.id, error, "a mail could not be handed over; it is tried again");
                    (MailStatus::Queued, Some(error))
                }
                Some(Err(Undelivered::Away(error) | Undelivered::ForNow(error) | Undelivered::ForGood(error))) => {
                    (MailStatus::Failed, Some(error))
                }
            };
            let written = store::settle(&self.db, mail.id, status, error.as_deref(), now).await?;
            settled += usize::from(written && status != MailStatus::Queued);
            if away {
                break;
            }
        }
        Ok(settled)
    }

    async fn deliver(&self, transport: &AsyncSmtpTransport<Tokio1Executor>, mail: &store::Row) -> std::result::Result<(), Undelivered> {
        let part = |kind: ContentType, body: &str| SinglePart::builder().header(kind).body(body.to_owned());
        let message = Message::builder()
            .from(sender(&self.config.public_url).parse()?)
            .to(mail.recipient.parse()?)
            .subject(&mail.subject)
            .multipart(
                MultiPart::alternative()
                    .singlepart(part(ContentType::TEXT_PLAIN, &mail.body_text))
                    .singlepart(part(ContentType::TEXT_HTML, &mail.body_html)),
            )?;
        transport.send(message).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use lettre::message::Mailbox;

    use super::*;

    #[test]
    fn the_sender_is_an_address_whatever_the_platform_is_called() {
        for (url, domain) in [
            ("https://platform.example.com", "platform.example.com"),
            ("http://localhost:8080", "localhost"),
            ("http://127.0.0.1:8080", "mintreu.localhost"),
            ("http://[::1]:8080", "mintreu.localhost"),
            ("http://[::1]", "mintreu.localhost"),
        ] {
            let mailbox: Mailbox = sender(url).parse().unwrap();
            assert_eq!(mailbox.email.domain(), domain, "{url}");
        }
    }
}
