//! The database goes away while the program serves, and comes back: what people, programs and
//! callers are told meanwhile, and that nothing has to be restarted.

use std::time::Duration;

use mintreu_faults::{
    company::Company,
    platform::{Place, Platform, eventually},
    visitor::{Page, Visitor},
};
use mintreu_testing::Postgres;
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};

use crate::PROGRAM;

/// Nobody waits longer to be told.
const BOUND: Duration = Duration::from_secs(8);
/// Everything works again this soon.
const SOON: Duration = Duration::from_secs(10);

/// A page that says what is wrong and how to go on.
fn is_sorry(page: &Page, again: &str) {
    assert_eq!(page.status, 503, "{}", page.text);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    assert!(page.text.contains("The platform cannot reach its database"), "{}", page.text);
    assert!(page.text.contains(&format!("href=\"{again}\"")) && page.text.contains("Try again"), "{}", page.text);
    assert!(page.took < BOUND, "{:?}", page.took);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_postgres_is_away_everybody_is_told_and_known_keys_are_served() {
    let mut server = Postgres::start().unwrap();
    let place = Place::with(PROGRAM, Some(server.create_database("away").await));
    let platform = Platform::start_at(place).await;
    let url = platform.place.url.clone();
    let company = Company::open(&platform, 1_000_000, "none", false).await;
    let (path, caller) = company.application(&platform, "Store").await;
    assert_eq!(caller.status("/v1/echo/x").await, 200);
    let mut ines = Visitor::logged_in(&url, "ines@people.test").await;
    assert_eq!(ines.get("/tenants").await.status, 200);

    server.stop().unwrap();
    is_sorry(&ines.get("/tenants?q=a").await, "/tenants?q=a");
    is_sorry(&Visitor::new(&url).get("/catalog").await, "/catalog");
    assert_eq!(Visitor::new(&url).get("/login").await.status, 200, "what needs no database is there");
    let refused = company.owner.get(&path).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (503, Some("database_unavailable")));
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(Visitor::new(&url).get("/healthz").await.status, 200);
    let ready = Visitor::new(&url).get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.took < BOUND);
    for _ in 0..100 {
        assert_eq!(caller.status("/v1/echo/x").await, 200);
    }
    let typed = [("form[name]", "Kestrel Cycles")];
    let sent = ines.post("/tenants/new", "/_fn/tenant/create", &typed).await;
    assert_eq!((sent.status, sent.header("location")), (303, "/tenants/new"), "{}", sent.text);
    is_sorry(&ines.get("/tenants/new").await, "/tenants/new");

    server.start_again().unwrap();
    tokio::time::timeout(SOON, platform.ready()).await.unwrap();
    assert!(ines.get("/tenants/new").await.text.contains("value=\"Kestrel Cycles\""), "what was typed is still there");
    assert_eq!(ines.get("/tenants").await.status, 200, "the session is still there");
    assert_eq!(company.owner.get(&path).await.status, 200);
    let (_, fresh) = tokio::time::timeout(SOON, company.application(&platform, "Second")).await.unwrap();
    assert_eq!(fresh.status("/v1/echo/x").await, 200);
    eventually("the calls of the dark are counted", async || {
        let usage = company.owner.get(&format!("{path}/usage?step=minute")).await.expect(200);
        usage["data"].as_array().unwrap().iter().map(|point| point["requests"].as_i64().unwrap()).sum::<i64>() == 101
    })
    .await;
    mintreu_testing::tally("postgres");
}

/// Somebody else writes to the file: a back-up tool, a person with a shell.
struct Lock(SqliteConnection);

impl Lock {
    async fn take(platform: &Platform) -> Self {
        let file = platform.place.data.join("platform.sqlite3");
        let mut connection = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
        sqlx::query("BEGIN EXCLUSIVE").execute(&mut connection).await.unwrap();
        Self(connection)
    }

    async fn release(mut self) {
        sqlx::query("ROLLBACK").execute(&mut self.0).await.unwrap();
        self.0.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_sqlite_is_locked_reading_goes_on_and_what_was_typed_is_kept() {
    let platform = Platform::start(PROGRAM, false).await;
    let url = platform.place.url.clone();
    let company = Company::open(&platform, 1_000_000, "none", false).await;
    let (path, caller) = company.application(&platform, "Store").await;
    assert_eq!(caller.status("/v1/echo/x").await, 200);
    let mut ines = Visitor::logged_in(&url, "ines@people.test").await;

    let lock = Lock::take(&platform).await;
    assert_eq!(ines.get("/tenants").await.status, 200);
    assert_eq!(company.owner.get(&path).await.status, 200);
    assert_eq!(Visitor::new(&url).get("/catalog").await.status, 200);
    assert_eq!(caller.status("/v1/echo/x").await, 200);
    let refused = company.owner.post("/tenants", json!({"name": "Kestrel Cycles"})).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (503, Some("database_unavailable")));

    let typed = [("form[name]", "Kestrel Cycles")];
    let sent = ines.post("/tenants/new", "/_fn/tenant/create", &typed).await;
    assert_eq!((sent.status, sent.header("location")), (303, "/tenants/new"), "{}", sent.text);
    assert!(sent.took < BOUND, "{:?}", sent.took);
    let form = ines.get("/tenants/new").await;
    assert_eq!(form.status, 503);
    assert!(form.text.contains("value=\"Kestrel Cycles\""), "{}", form.text);
    assert!(form.text.contains("Nothing was changed. Try again in a moment."), "{}", form.text);
    let mut sam = Visitor::new(&url);
    let sent = sam.post("/login", "/_fn/account/log_in", &[("form[email]", "ines@people.test"), ("form[password]", "wrong")]).await;
    assert!(sent.status == 303 && sent.took < BOUND, "{} {:?}", sent.status, sent.took);

    lock.release().await;
    let sent = ines.post("/tenants/new", "/_fn/tenant/create", &typed).await;
    assert_eq!(sent.status, 303);
    assert_ne!(sent.header("location"), "/tenants/new");
    assert!(ines.get(sent.header("location")).await.text.contains("Kestrel Cycles"));
    mintreu_testing::tally("sqlite");
}
