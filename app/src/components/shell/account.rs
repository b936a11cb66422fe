//! A person's own pages: profile, sessions, tokens, the choice of a tenant.

use leptos::prelude::*;
use mintreu_control::Actor;

use super::dashboard::{Parts, Viewer, Width, frame};
use crate::{
    components::{brand::Brand, breadcrumbs::Crumb, nav::account_nav, shell::notice::FrameNotice, slot::Slot, time::moment},
    context::control,
    search::Place,
};

impl From<&Actor> for Viewer {
    fn from(actor: &Actor) -> Self {
        Self { name: actor.name.clone(), email: actor.email.clone(), is_admin: actor.super_admin }
    }
}

#[component]
pub fn AccountShell(
    actor: Actor,
    #[prop(into)] title: String,
    /// Key of the entry in the navigation: `profile`.
    #[prop(into)]
    current: String,
    #[prop(optional)] parents: Vec<Crumb>,
    /// The primary action, in the top bar.
    #[prop(optional, into)]
    action: Option<Slot>,
    #[prop(optional)] width: Width,
    children: Children,
) -> impl IntoView {
    let content = children().into_any();
    let clock = control().ok().filter(|control| control.config.test_clock);
    let mut notices: Vec<Slot> =
        clock.map(|control| FrameNotice::TestClock { now: moment(control.clock.now()) }.view("").into()).into_iter().collect();
    if !actor.email_verified {
        notices.push(FrameNotice::UnverifiedEmail.view("").into());
    }
    let mut crumbs = vec![Crumb::new("Account", "/account")];
    crumbs.extend(parents);
    frame(Parts {
        admin: false,
        title,
        area: "Account".to_owned(),
        head: view! { <Brand href="/dashboard" /> }.into_any(),
        nav: account_nav(),
        current,
        elsewhere: actor.super_admin.then(|| ("Back office", "/admin".to_owned())),
        viewer: Viewer::from(&actor),
        parents: crumbs,
        inbox: None,
        place: Place::Account,
        action,
        notices,
        width,
        content,
    })
}
