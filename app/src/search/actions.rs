//! What can be done from the palette: pages with a form. Only what the actor has the right to.

use mintreu_control::{
    Actor, Control,
    access::{ManageApplications, ManageMembers, ManageSubscriptions, ViewTenant},
};

use super::{Hit, Place};
use crate::Error;

fn action(icon: &'static str, name: &str, href: impl Into<String>) -> Hit {
    Hit { icon, name: name.to_owned(), detail: String::new(), href: href.into() }
}

pub(super) async fn actions(control: &Control, actor: &Actor, place: &Place) -> Result<Vec<Hit>, Error> {
    let mut actions = Vec::new();
    match place {
        Place::Tenant(slug) => {
            let who = control.permit_by_slug::<ViewTenant>(actor, slug).await?;
            if who.also::<ManageApplications>().is_ok() {
                actions.push(action("plus", "New application", format!("/t/{slug}/applications/new")));
            }
            if who.also::<ManageSubscriptions>().is_ok() {
                actions.push(action("refresh", "Subscribe to a product", format!("/t/{slug}/subscribe")));
            }
            if who.also::<ManageMembers>().is_ok() {
                actions.push(action("users", "Invite somebody", format!("/t/{slug}/team/invite")));
            }
        }
        Place::Account => actions.push(action("plus", "Create a tenant", "/tenants/new")),
        Place::Admin => {
            actions.push(action("plus", "New product", "/admin/products/new"));
            actions.push(action("plus", "New service", "/admin/services/new"));
        }
    }
    Ok(actions)
}
