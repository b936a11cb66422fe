//! Who may open which page.

use std::collections::BTreeSet;

use leptos_axum::generate_route_list;
use mintreu_app::{load::log_in_address, routes::Pages};

use crate::world::{Caller, World, world};
use mintreu_control_testing::{Bench, on_both, on_sqlite};

#[derive(Debug, Clone, Copy)]
enum For {
    Everybody,
    /// Log-in and registration: those who are logged in are sent on.
    Strangers,
    /// Whoever is logged in.
    People,
    /// Whoever is logged in, sent on to where they belong.
    SentOn,
    /// The owner's alone; others learn nothing.
    TheirOwn,
    Members,
    /// Members whose role may change things; a viewer's may not.
    Changers,
    Operators,
}
use For::{Changers, Everybody, Members, Operators, People, SentOn, Strangers, TheirOwn};

impl For {
    /// The status that the caller gets; 302 is the log-in for anonymous ones.
    const fn status(self, caller: Caller) -> u16 {
        use Caller::{Admin, Anonymous, Owner, Viewer};
        match (self, caller) {
            (Everybody, _) | (Strangers, Anonymous) => 200,
            (Strangers | SentOn, _) | (_, Anonymous) => 302,
            (People, _) | (TheirOwn | Members | Changers, Owner) | (Members, Viewer) | (Operators, Admin) => 200,
            (Changers, Viewer) => 403,
            (TheirOwn | Members | Changers | Operators, _) => 404,
        }
    }
}

#[rustfmt::skip]
const PAGES: &[(&str, For)] = &[
    ("/", Everybody),
    ("/catalog", Everybody),
    ("/catalog/{product}", Everybody),
    ("/status", Everybody),
    ("/docs/api", Everybody),
    ("/docs/errors", Everybody),
    ("/styleguide", Everybody),
    ("/styleguide/tenant", Everybody),
    ("/styleguide/admin", Everybody),
    ("/styleguide/auth", Everybody),
    ("/login", Strangers),
    ("/register", Strangers),
    ("/register/sent", Everybody),
    ("/verify", Everybody),
    ("/forgot", Everybody),
    ("/forgot/sent", Everybody),
    ("/reset", Everybody),
    ("/invitation", Everybody),
    ("/dashboard", SentOn),
    ("/account", People),
    ("/account/sessions", People),
    ("/account/tokens", People),
    ("/account/tokens/{token}/revoke", TheirOwn),
    ("/search", People),
    ("/tenants", People),
    ("/tenants/new", People),
    ("/t/{tenant}", Members),
    ("/t/{tenant}/search", Members),
    ("/t/{tenant}/usage", Members),
    ("/t/{tenant}/catalogue", Members),
    ("/t/{tenant}/subscribe", Members),
    ("/t/{tenant}/subscriptions", Members),
    ("/t/{tenant}/subscriptions/{subscription}", Members),
    ("/t/{tenant}/applications", Members),
    ("/t/{tenant}/applications/new", Changers),
    ("/t/{tenant}/applications/{application}", Members),
    ("/t/{tenant}/applications/{application}/config", Members),
    ("/t/{tenant}/applications/{application}/keys", Members),
    ("/t/{tenant}/applications/{application}/keys/new", Changers),
    ("/t/{tenant}/applications/{application}/keys/{key}", Members),
    ("/t/{tenant}/applications/{application}/keys/{key}/created", Members),
    ("/t/{tenant}/applications/{application}/keys/{key}/rotate", Changers),
    ("/t/{tenant}/applications/{application}/keys/{key}/revoke", Changers),
    ("/t/{tenant}/applications/{application}/usage", Members),
    ("/t/{tenant}/applications/{application}/settings", Members),
    ("/t/{tenant}/applications/{application}/suspend", Changers),
    ("/t/{tenant}/applications/{application}/delete", Changers),
    ("/t/{tenant}/team", Members),
    ("/t/{tenant}/team/invite", Changers),
    ("/t/{tenant}/team/leave", Members),
    ("/t/{tenant}/team/{user}", Changers),
    ("/t/{tenant}/settings", Members),
    ("/t/{tenant}/inbox", Members),
    ("/t/{tenant}/activity", Members),
    ("/admin", Operators),
    ("/admin/tenants", Operators),
    ("/admin/tenants/suspend", Operators),
    ("/admin/tenants/resume", Operators),
    ("/admin/tenants/{id}", Operators),
    ("/admin/tenants/{id}/members", Operators),
    ("/admin/tenants/{id}/subscriptions", Operators),
    ("/admin/tenants/{id}/applications", Operators),
    ("/admin/tenants/{id}/audit", Operators),
    ("/admin/tenants/{id}/suspend", Operators),
    ("/admin/users", Operators),
    ("/admin/users/{id}", Operators),
    ("/admin/users/{id}/disable", Operators),
    ("/admin/subscriptions", Operators),
    ("/admin/applications", Operators),
    ("/admin/applications/{id}", Operators),
    ("/admin/services", Operators),
    ("/admin/services/new", Operators),
    ("/admin/services/{slug}", Operators),
    ("/admin/services/{slug}/delete", Operators),
    ("/admin/products", Operators),
    ("/admin/products/new", Operators),
    ("/admin/products/{slug}", Operators),
    ("/admin/products/{slug}/publish", Operators),
    ("/admin/products/{slug}/archive", Operators),
    ("/admin/products/{slug}/delete", Operators),
    ("/admin/products/{slug}/plans", Operators),
    ("/admin/products/{slug}/plans/new", Operators),
    ("/admin/products/{slug}/plans/{code}", Operators),
    ("/admin/products/{slug}/plans/{code}/archive", Operators),
    ("/admin/usage", Operators),
    ("/admin/gateway", Operators),
    ("/admin/jobs", Operators),
    ("/admin/audit", Operators),
    ("/admin/mail", Operators),
    ("/admin/mail/{id}", Operators),
    ("/admin/settings", Operators),
    ("/admin/search", Operators),
];

/// An address that is there, of the page's pattern.
fn address(world: &World, pattern: &str) -> String {
    const MEANT: [(&str, &str); 6] = [
        ("/admin/tenants/{id}", "/admin/tenants/{tenant_id}"),
        ("/admin/users/{id}", "/admin/users/{user}"),
        ("/admin/applications/{id}", "/admin/applications/{application_id}"),
        ("/admin/mail/{id}", "/admin/mail/{mail}"),
        ("/admin/services/{slug}", "/admin/services/{service}"),
        ("/admin/products/{slug}", "/admin/products/{product}"),
    ];
    let meant = MEANT.iter().fold(pattern.to_owned(), |pattern, (from, to)| pattern.replace(from, to));
    let query = if pattern == "/invitation" { "?token={offer}" } else { "" };
    world.fill(&format!("{meant}{query}"))
}

async fn every_page_answers_as_the_table_says(bench: Bench, table: impl Iterator<Item = &'static (&'static str, For)>) {
    let world = world(&bench).await;
    let mut wrong = Vec::new();
    for (pattern, whose) in table {
        let page = address(&world, pattern);
        for caller in Caller::ALL {
            let answer = world.site.open(&page, world.cookie(caller)).await;
            let expected = whose.status(caller);
            let asked = caller == Caller::Anonymous && expected == 302;
            let led = !asked || answer.header("location") == log_in_address(&page);
            if answer.status != expected || !led {
                wrong.push(format!("{pattern} {caller:?}: {} {}, not {expected}", answer.status, answer.header("location")));
            }
            // What is refused names nothing of the tenant.
            if matches!(answer.status, 302 | 404) && answer.text.contains("Fjordline") {
                wrong.push(format!("{pattern} {caller:?}: the refusal tells the tenant's name"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_pages_has_every_page() {
    let there: BTreeSet<_> = generate_route_list(Pages).iter().map(|route| route.path().to_owned()).collect();
    let told: BTreeSet<_> = PAGES.iter().map(|(pattern, _)| (*pattern).to_owned()).collect();
    assert_eq!(told.len(), PAGES.len(), "a page is told twice");
    let missing: Vec<_> = there.difference(&told).collect();
    let gone: Vec<_> = told.difference(&there).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not in the table: {missing:?}; in the table only: {gone:?}");
}

#[tokio::test]
async fn every_page_opens_for_whom_the_table_says_and_for_nobody_else() {
    on_sqlite(async |bench| every_page_answers_as_the_table_says(bench, PAGES.iter()).await).await;
}

#[tokio::test]
async fn pages_of_each_kind_open_alike_on_both_databases() {
    const SOME: [&str; 6] =
        ["/dashboard", "/account", "/t/{tenant}", "/t/{tenant}/applications/new", "/t/{tenant}/team/{user}", "/admin/tenants/{id}"];
    on_both(async |bench| {
        every_page_answers_as_the_table_says(bench, PAGES.iter().filter(|(pattern, _)| SOME.contains(pattern))).await;
    })
    .await;
}

#[tokio::test]
async fn the_palette_offers_to_each_what_they_may_open_and_to_strangers_nothing() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let tables = [
            ("/palette?q=fjord", "Fjordline", [401, 200, 200, 200, 200]),
            ("/palette?tenant={tenant}&q=sho", "Shop", [401, 404, 200, 200, 404]),
            ("/palette?in=admin&q=fjord", "Fjordline", [401, 404, 404, 404, 200]),
        ];
        for (path, name, expected) in tables {
            for (caller, expected) in Caller::ALL.into_iter().zip(expected) {
                let answer = world.site.open(&world.fill(path), world.cookie(caller)).await;
                assert_eq!(answer.status, expected, "{path} {caller:?}: {}", answer.text);
                assert_eq!(answer.text.contains(name), expected == 200 && caller != Caller::Other, "{path} {caller:?}");
            }
        }
        let offered = async |caller| world.site.open(&world.fill("/palette?tenant={tenant}"), world.cookie(caller)).await.text;
        assert!(offered(Caller::Owner).await.contains("New application"));
        let viewer = offered(Caller::Viewer).await;
        assert!(viewer.contains("role=\"option\"") && !viewer.contains("New application"), "{viewer}");
        let hostile = world.site.open("/palette?q=%3Cscript%3E%22%00%25", world.cookie(Caller::Admin)).await;
        assert_eq!((hostile.status, hostile.text.contains("<script>")), (200, false));
    })
    .await;
}

#[tokio::test]
async fn files_and_streams_of_the_back_office_are_for_super_admins_alone() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let lists = ["tenants", "users", "subscriptions", "applications", "jobs", "audit"].map(|list| format!("/admin/{list}.csv"));
        for path in lists.into_iter().chain(["/admin/applications/{application_id}/events".to_owned()]) {
            for (caller, expected) in Caller::ALL.into_iter().zip([401, 404, 404, 404, 200]) {
                let answer = world.site.open(&world.fill(&path), world.cookie(caller)).await;
                assert_eq!(answer.status, expected, "{path} {caller:?}: {}", answer.text);
                if expected != 200 {
                    assert_eq!(answer.header("content-type"), "application/problem+json", "{path} {caller:?}");
                }
                // Nothing moves any more: the stream tells how it is, and ends.
                if expected == 200 && path.ends_with("/events") {
                    assert!(answer.text.starts_with("data: <li ") && answer.text.contains("event: done"), "{}", answer.text);
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn files_and_streams_of_an_application_are_guarded_like_its_pages() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        for path in ["/t/{tenant}/applications/{application}/usage.csv", "/t/{tenant}/applications/{application}/events"] {
            for (caller, expected) in Caller::ALL.into_iter().zip([401, 404, 200, 200, 404]) {
                let answer = world.site.open(&world.fill(path), world.cookie(caller)).await;
                assert_eq!(answer.status, expected, "{path} {caller:?}: {}", answer.text);
                if expected != 200 {
                    assert_eq!(answer.header("content-type"), "application/problem+json", "{path} {caller:?}");
                }
            }
        }
    })
    .await;
}
