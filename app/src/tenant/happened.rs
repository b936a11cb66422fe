//! Entries of the audit log as sentences, for the feed of the home page. An action without a
//! sentence here is told by its name, so a new one is never lost.

use leptos::prelude::*;
use mintreu_model::view::AuditView;

use crate::components::{
    badge::humanise,
    time::{machine, relative},
    timeline::FeedItem,
};

/// One entry of the feed. `href` gives the address of what it was done to, where it has a page.
#[must_use]
pub fn item(entry: &AuditView, now: chrono::DateTime<chrono::Utc>, href: Option<String>) -> FeedItem {
    let (before, after) = around(&entry.action);
    let name = entry.target_name.clone();
    let target = match href {
        Some(href) => view! { <a href=href>{name}</a> }.into_any(),
        None => view! { <b>{name}</b> }.into_any(),
    };
    let what = match (before, after) {
        (None, None) => {
            let action = humanise(&entry.action.replace('.', " "));
            view! { {action}": "{target} }.into_any()
        }
        (before, after) => view! { {before}{target}{after} }.into_any(),
    };
    let by = if entry.actor == "platform" { "By the platform".to_owned() } else { format!("By {}", entry.actor) };
    FeedItem { icon: icon(&entry.action), what: what.into(), by: Some(by), when: relative(entry.at, now), at: machine(entry.at) }
}

fn icon(action: &str) -> &'static str {
    match action.split_once('.').unwrap_or((action, "")) {
        (_, "fail" | "suspend") => "alert",
        ("application", _) => "box",
        ("key", _) => "key",
        ("subscription", _) => "refresh",
        ("member" | "invitation", _) => "users",
        _ => "clock",
    }
}

/// What is said before and after the name.
fn around(action: &str) -> (Option<&'static str>, Option<&'static str>) {
    let said = match action {
        "application.create" => ("Provisioning of ", " began"),
        "application.ready" => ("", " is ready"),
        "application.fail" => ("Provisioning of ", " failed"),
        "application.retry" => ("Provisioning of ", " was tried again"),
        "application.update" => ("", " was changed"),
        "application.suspend" | "tenant.suspend" => ("", " was suspended"),
        "application.resume" | "tenant.resume" => ("", " works again"),
        "application.delete" | "tenant.delete" => ("Deletion of ", " was asked for"),
        "application.remove" | "tenant.remove" => ("", " was deleted"),
        "application.keep" | "tenant.keep" => ("", " is kept after all"),
        "key.create" => ("Key ", " was created"),
        "key.rotate" => ("Key ", " was rotated"),
        "key.revoke" => ("Key ", " was revoked"),
        "subscription.create" => ("Subscribed to ", ""),
        "subscription.change_plan" => ("The plan of ", " was changed"),
        "subscription.schedule_plan" => ("The plan of ", " will change at the end of the period"),
        "subscription.schedule_cancel" => ("The subscription to ", " will end with its period"),
        "subscription.activate" => ("The subscription to ", " became active"),
        "subscription.pause" => ("The subscription to ", " was paused"),
        "subscription.cancel" => ("The subscription to ", " was cancelled"),
        "subscription.resume" => ("The subscription to ", " was resumed"),
        "tenant.create" => ("", " was created"),
        "tenant.rename" => ("The tenant was renamed to ", ""),
        "member.remove" => ("", " was removed from the team"),
        "member.leave" => ("", " left the team"),
        "member.change_role" => ("The role of ", " was changed"),
        "member.assign" => ("", " joined the team"),
        "invitation.create" => ("", " was invited"),
        "invitation.accept" => ("", " accepted an invitation"),
        "invitation.revoke" => ("The invitation of ", " was withdrawn"),
        "token.create" => ("API token ", " was created"),
        "token.revoke" => ("API token ", " was revoked"),
        "user.register" => ("", " registered"),
        "user.verify_email" => ("", " confirmed their address"),
        "user.rename" => ("", " changed their name"),
        "user.change_email" => ("The address became ", ""),
        "user.change_password" | "user.reset_password" => ("", " set a new password"),
        "user.make_admin" => ("", " became a super admin"),
        "session.revoke" => ("The session on ", " was ended"),
        "session.revoke_others" => ("", " ended all other sessions"),
        "user.disable" => ("The account ", " was disabled"),
        "user.enable" => ("The account ", " works again"),
        "service.create" => ("Service ", " was registered"),
        "service.update" => ("Service ", " was changed"),
        "service.delete" => ("Service ", " was deleted"),
        "product.create" => ("Product ", " was drafted"),
        "product.update" => ("Product ", " was changed"),
        "product.delete" => ("Draft ", " was deleted"),
        "product.publish" => ("Product ", " was published"),
        "product.archive" => ("Product ", " was archived"),
        "plan.create" => ("Plan ", " was created"),
        "plan.update" => ("Plan ", " got a new version"),
        "plan.archive" => ("Plan ", " was archived"),
        "job.retry" => ("Job ", " was started again"),
        "setting.change" => ("Setting “", "” was changed"),
        "clock.advance" => ("", " was moved forward"),
        _ => return (None, None),
    };
    (Some(said.0), Some(said.1))
}
