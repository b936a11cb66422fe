//! Hands queued mail to the SMTP server, or marks it as kept where there is none.

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{MultiPart, SinglePart, header::ContentType},
};
use mintreu_model::status::MailStatus;

use super::store;
use crate::{Control, Error, Result};

const BATCH: i64 = 50;

impl Control {
    /// Sends what is queued; the number of mails that were settled.
    pub async fn send_mail(&self) -> Result<usize> {
        let queued = store::queued(&self.db, BATCH).await?;
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
            let (status, error) = match &transport {
                None => (MailStatus::Kept, None),
                Some(transport) => match self.deliver(transport, &mail).await {
                    Ok(()) => (MailStatus::Sent, None),
                    Err(error) => (MailStatus::Failed, Some(error.to_string())),
                },
            };
            settled += usize::from(store::settle(&self.db, mail.id, status, error.as_deref(), self.clock.system_now()).await?);
        }
        Ok(settled)
    }

    async fn deliver(
        &self,
        transport: &AsyncSmtpTransport<Tokio1Executor>,
        mail: &store::Row,
    ) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let host = self.config.public_url.split("://").last().and_then(|rest| rest.split(['/', ':']).next()).unwrap_or("localhost");
        let part = |kind: ContentType, body: &str| SinglePart::builder().header(kind).body(body.to_owned());
        let message = Message::builder()
            .from(format!("Mintreu <no-reply@{host}>").parse()?)
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
