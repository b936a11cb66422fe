//! `/admin/tenants/suspend` and `/admin/tenants/resume`: what follows for the tenants that were
//! chosen in the list, and the question whether that is meant.

use leptos::prelude::*;
use mintreu_model::{id::TenantId, status::TenantStatus};

use crate::{
    Error,
    admin::{confirm::Confirm, frame::frame},
    api::bulk::{Scope, chosen},
    components::prelude::*,
    load::load,
    tenant::words::count,
};

/// Names that are shown.
const NAMED: usize = 10;

/// What the form of the list sent along.
struct Sent {
    ids: Vec<String>,
    scope: Scope,
    query: String,
}

impl Sent {
    fn read() -> Self {
        let query = Query::current();
        Self {
            ids: query.all("form[ids][]").map(str::to_owned).collect(),
            scope: if query.get("form[scope]") == Some("all") { Scope::All } else { Scope::Rows },
            query: query.get("form[query]").unwrap_or_default().to_owned(),
        }
    }

    fn ids(&self) -> Result<Vec<TenantId>, Error> {
        self.ids.iter().map(|id| id.parse().map_err(|_| Error::not_found())).collect()
    }

    /// The same again, for the server function.
    fn fields(self) -> AnyView {
        let ids = if self.scope == Scope::Rows { self.ids } else { Vec::new() };
        let ids = ids.into_iter().map(|id| view! { <input type="hidden" name="form[ids][]" value=id /> }).collect_view();
        let scope = if self.scope == Scope::All { "all" } else { "rows" };
        view! { {ids}<Hidden name="scope" value=scope /><Hidden name="query" value=self.query /> }.into_any()
    }
}

#[component]
pub fn SuspendTenants() -> impl IntoView {
    load(async move { ask(TenantStatus::Active).await })
}

#[component]
pub fn ResumeTenants() -> impl IntoView {
    load(async move { ask(TenantStatus::Suspended).await })
}

/// The question, for tenants that are in this state now.
async fn ask(state: TenantStatus) -> Result<AnyView, Error> {
    let sent = Sent::read();
    let (control, who, frame) = frame().await?;
    let ids = control.choose_tenants(&who, chosen(sent.ids()?, sent.scope, &sent.query), state).await?;
    let mut names = Vec::new();
    for id in ids.iter().take(NAMED) {
        names.push(control.get_any_tenant(&who, *id).await?.name);
    }
    let more = ids.len() - names.len();
    let number = count(i64::try_from(ids.len()).unwrap_or(i64::MAX), "tenant", "tenants");
    let suspends = state == TenantStatus::Active;
    let (verb, action, look) = if suspends {
        ("Suspend", "/_fn/tenant/suspend_many", Look::DangerSolid)
    } else {
        ("Resume", "/_fn/tenant/resume_many", Look::Primary)
    };
    let label = if suspends { "Suspend them" } else { "Resume them" };
    let (title, confirm) = if ids.is_empty() { (format!("{verb} no tenant?"), None) } else { (format!("{verb} {number}?"), Some(label)) };
    let back = format!("/admin/tenants{}", Query::parse(sent.query.trim_start_matches('?')).href());
    let names = names.into_iter().map(|name| view! { <li>{name}</li> }).collect_view();
    let more = (more > 0).then(|| view! { <li>{format!("and {more} more")}</li> });
    let consequences = match (ids.is_empty(), suspends) {
        (true, _) => view! { <p>"No tenant was chosen to which this could be done."</p> }.into_any(),
        (false, true) => view! {
            <p>"All of their calls are refused at once, with 403. Their members can look, and change nothing. Nothing is deleted."</p>
            <Field name="reason" label="Reason" hint="The members read it." placeholder="Invoice 2026-118 is unpaid" />
        }
        .into_any(),
        (false, false) => view! { <p>"Their calls are served again at once."</p> }.into_any(),
    };
    Ok(view! {
        <Confirm frame=frame title=title current="tenants" parents=vec![Crumb::new("Tenants", "/admin/tenants")] action=action confirm=confirm
            back=back look=look>
            {sent.fields()}
            <ul class="bullets">{names}{more}</ul>
            {consequences}
        </Confirm>
    }
    .into_any())
}
