//! Where a person belongs: their only tenant, the choice of several, or the making of a first one.

use leptos::prelude::*;
use mintreu_control::Actor;
use mintreu_model::view::TenantView;

use crate::{
    Error,
    context::{actor, control},
    load::load,
};

/// The first page after a log-in that leads nowhere else.
#[must_use]
pub fn home_of(tenants: &[TenantView]) -> String {
    match tenants {
        [] => "/tenants/new".to_owned(),
        [only] => format!("/t/{}", only.slug),
        _ => "/tenants".to_owned(),
    }
}

/// The first page of somebody who is logged in. Operators without a tenant begin in the back
/// office.
pub async fn home(actor: &Actor) -> Result<String, Error> {
    let tenants = control()?.list_tenants(actor).await?;
    Ok(if tenants.is_empty() && actor.super_admin { "/admin".to_owned() } else { home_of(&tenants) })
}

/// `/dashboard`: an address that is right for everybody.
#[component]
pub fn Dashboard() -> impl IntoView {
    load(async move {
        let location = home(&actor()?).await?;
        leptos_axum::redirect(&location);
        Ok(())
    })
}
