//! `/account/sessions`: where one is logged in.

use leptos::prelude::*;
use mintreu_model::view::SessionView;

use crate::{
    components::prelude::*,
    context::{actor, control},
    load::load,
};

#[component]
pub fn Sessions() -> impl IntoView {
    load(async move {
        let (control, actor) = (control()?, actor()?);
        let sessions = control.list_sessions(&actor).await?;
        let others = sessions.iter().any(|session| !session.current);
        let now = control.clock.system_now();
        let rows = sessions.into_iter().map(|session| row(session, now)).collect();
        let columns = vec![Column::new("Device"), Column::new("Address"), Column::new("Last seen"), Column::new("Logged in")];
        let all = others.then(|| {
            view! { <PostButton action="/_fn/session/revoke_others" label="End all others" look=Look::Danger small=true /> }.into_any()
        });
        Ok(view! {
            <AccountShell actor=actor title="Sessions" current="sessions">
                <PageHeader title="Sessions" lede="Where you are logged in. End what you do not know, and change your password." actions=all />
                <Card flush=true><Table caption="Your sessions, the latest used first" columns=columns rows=rows /></Card>
            </AccountShell>
        })
    })
}

fn row(session: SessionView, now: chrono::DateTime<chrono::Utc>) -> Row {
    let device = if session.device.is_empty() { "Unknown device".to_owned() } else { session.device };
    let name = device.clone();
    let mark = session.current.then(|| view! { " "<Tag label="This session" accent=true /> });
    let row = Row::new(cells![
        view! { {device}{mark} },
        session.address.unwrap_or_else(|| "Unknown".to_owned()),
        view! { <When at=session.last_seen_at now=now /> },
        view! { <When at=session.created_at now=now /> },
    ]);
    if session.current {
        return row;
    }
    row.actions(view! {
        <PostButton action="/_fn/session/revoke" label="End" small=true fields=vec![("session", session.id.to_string())] about=name />
    })
}
