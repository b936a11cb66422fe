//! The checklist of the first days. It goes away when all of it is done.

use leptos::prelude::*;
use mintreu_control::{Control, Permitted, access::ViewTenant};
use mintreu_model::{
    role::Permission,
    status::ApplicationStatus,
    view::{ApplicationView, SubscriptionView},
};

use crate::{Error, components::prelude::*};

/// The steps with what is done; those that the role may not do are left out.
pub(super) async fn todos(
    control: &Control,
    who: &Permitted<ViewTenant>,
    subscriptions: &[SubscriptionView],
    applications: &[ApplicationView],
    called: bool,
) -> Result<Vec<Todo>, Error> {
    let base = format!("/t/{}", who.tenant().slug);
    let role = who.role();
    let todo = |done: bool, label: &str, href: String, why: &str| Todo { done, label: label.into(), href, why: Some(why.into()) };
    let first = applications.iter().find(|one| one.status == ApplicationStatus::Active).or(applications.first());
    let application = first.map_or_else(|| format!("{base}/applications"), |one| format!("{base}/applications/{}", one.slug));
    let mut todos = vec![todo(
        who.actor().email_verified,
        "Confirm your e-mail address",
        "/account".into(),
        "The link is in the mail that we sent you",
    )];
    if role.may(Permission::ManageSubscriptions) {
        todos.push(todo(
            !subscriptions.is_empty(),
            "Subscribe to a product",
            format!("{base}/subscribe"),
            "Most plans begin with a free trial",
        ));
    }
    if role.may(Permission::ManageApplications) {
        todos.push(todo(!applications.is_empty(), "Provision an application", format!("{base}/applications/new"), "Takes a few seconds"));
        todos.push(todo(called, "Make the first call", application, "With the key that comes with the application"));
    }
    if role.may(Permission::ManageMembers) {
        let members = control.list_members(&who.also()?).await?;
        todos.push(todo(members.len() > 1, "Invite a colleague", format!("{base}/team"), "So that nobody is locked out"));
    }
    Ok(todos)
}

/// The card, while something is left to do.
pub(super) fn card(todos: Vec<Todo>) -> Option<AnyView> {
    let done = todos.iter().filter(|todo| todo.done).count();
    if done == todos.len() {
        return None;
    }
    let note = format!("{done} of {}", todos.len());
    Some(view! { <Card title="Finish setting up" note=note><Checklist items=todos /></Card> }.into_any())
}
