//! `/admin/mail` and `/admin/mail/{id}`: what was sent, and what is kept where nothing sends it.

use leptos::prelude::*;
use mintreu_model::status::MailStatus;

use super::{
    filter::statuses,
    frame::{frame, id},
};
use crate::{components::prelude::*, load::load, tenant::frame::param};

#[component]
pub fn Mails() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let mails = control.list_mail(&who, &Query::current().list()).await?;
        let now = control.clock.system_now();
        let columns = vec![Column::new("Subject"), Column::new("To"), Column::new("Status"), Column::new("Written")];
        let total = mails.total;
        let rows = mails
            .data
            .into_iter()
            .map(|mail| {
                let error = mail.error.map(|error| view! { <span class="sub">{error}</span> });
                Row::new(cells![
                    view! { <a href=format!("/admin/mail/{}", mail.id)>{mail.subject}</a> },
                    mail.to,
                    view! { <Status name=mail.status.as_str() />{error} },
                    view! { <When at=mail.created_at now=now /> },
                ])
            })
            .collect();
        let filters = vec![statuses(MailStatus::ALL.iter().map(|status| status.as_str()))];
        let lede = if control.config.smtp_url.is_some() {
            "What the platform wrote, newest first."
        } else {
            "No mail server is set, so mail is kept here and sent to nobody. Set MINTREU_SMTP_URL to send it."
        };
        let empty =
            view! { <EmptyState icon="mail" title="No mail yet">"Registrations, invitations and notices are listed here."</EmptyState> };
        Ok(view! {
            <AdminShell frame=frame title="Mail" current="mail">
                <PageHeader title="Mail" lede=lede />
                <List of="mails" columns=columns rows=rows total=total search="Address or subject" filters=filters dense=true empty=empty />
            </AdminShell>
        })
    })
}

#[component]
pub fn Mail() -> impl IntoView {
    let address = param("id");
    load(async move {
        let (control, who, frame) = frame().await?;
        let mail = control.get_mail(&who, id(&address)?).await?;
        let mut facts: Vec<(&'static str, Slot)> = vec![
            ("To", mail.to.into()),
            ("Written", moment(mail.created_at).into()),
            ("Status", view! { <Status name=mail.status.as_str() /> }.into()),
        ];
        if let Some(at) = mail.sent_at {
            facts.push(("Sent", moment(at).into()));
        }
        if let Some(error) = mail.error {
            facts.push(("Failed because", error.into()));
        }
        Ok(view! {
            <AdminShell frame=frame title=mail.subject.clone() current="mail" parents=vec![Crumb::new("Mail", "/admin/mail")] width=Width::Document>
                <PageHeader title=mail.subject />
                <Card title="Mail"><DefinitionList facts=facts /></Card>
                <Card title="Text" note="Addresses in it are for the person it went to, so they are no links here">
                    <pre class="code letter" tabindex="0" role="region" aria-label="Text of the mail">{mail.text}</pre>
                </Card>
            </AdminShell>
        })
    })
}
