//! What every page of a tenant begins with: proof of the right that the page needs, and what the
//! shell shows around it.
//!
//! `let (who, frame) = frame::<ViewTenant>(&slug).await?;` then `<TenantShell frame=frame …>`.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use mintreu_control::{
    Permitted,
    access::{Right, ViewTenant},
};
use mintreu_model::{list::ListQuery, role::Permission, status::TenantStatus};

use crate::{
    Error,
    components::{
        shell::{FrameNotice, TenantFrame, Viewer},
        time::{day, moment},
    },
    context::{actor, control},
};

/// A parameter of the address: `param("tenant")` under `/t/:tenant/…`. Call it before the first
/// `await`.
#[must_use]
pub fn param(name: &str) -> String {
    use_params_map().with_untracked(|params| params.get(name)).unwrap_or_default()
}

/// Proof of the right `R` in the tenant of that slug, and the frame of its pages.
pub async fn frame<R: Right>(slug: &str) -> Result<(Permitted<R>, TenantFrame), Error> {
    let (control, actor) = (control()?, actor()?);
    let who = control.permit_by_slug::<R>(&actor, slug).await?;
    let me = control.me(&actor).await?;
    let tenant = who.tenant();
    let others = me
        .memberships
        .into_iter()
        .filter(|membership| membership.tenant.id != tenant.id)
        .map(|membership| (membership.tenant.name, membership.tenant.slug))
        .collect();
    let one = ListQuery { limit: Some(1), ..ListQuery::default() };
    let applications = control.list_applications(&who.also::<ViewTenant>()?, &one).await?.total;
    let unread = control.count_unread(&who.also::<ViewTenant>()?).await?.unread;
    let mut notices = Vec::new();
    if control.config.test_clock {
        notices.push(FrameNotice::TestClock { now: moment(control.clock.now()) });
    }
    match tenant.status {
        TenantStatus::Active => {}
        TenantStatus::Suspended => notices.push(FrameNotice::Suspended { reason: tenant.status_reason.clone() }),
        TenantStatus::Deleting => {
            notices.push(FrameNotice::Deleting { on: tenant.delete_after.map(day), may_keep: who.role().may(Permission::OwnTenant) });
        }
    }
    if !actor.email_verified {
        notices.push(FrameNotice::UnverifiedEmail);
    }
    let frame = TenantFrame {
        viewer: Viewer { name: actor.name, email: actor.email, is_admin: actor.super_admin },
        name: tenant.name.clone(),
        slug: tenant.slug.clone(),
        role: who.role().title().to_owned(),
        applications: Some(applications),
        unread,
        others,
        notices,
    };
    Ok((who, frame))
}
