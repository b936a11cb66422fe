//! What the tests of the control plane share: one bench per database engine, with a clock that
//! stands still until it is moved. A case is written once and run by `on_both`. `service` is a
//! service that answers as it is told, `scene` a tenant subscribed to a product on it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a test that cannot set up has failed"
)]

pub mod scene;
pub mod service;

use std::{
    ops::Deref,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_control::{
    Actor, Config, Control, Operator, Permitted,
    access::Right,
    clock::{Clock, Random},
    keyring::Keyring,
    store::{ChangeFeed, Db},
};
use mintreu_model::{
    form::{account::CreateToken, tenant::CreateTenant},
    view::TenantView,
};
use mintreu_testing::Postgres;

pub const PASSWORD: &str = "correct horse battery";

/// A control plane on a database of its own. Dropping it removes its files.
pub struct Bench {
    pub control: Control,
    seconds: Arc<AtomicI64>,
    folder: PathBuf,
    admin: tokio::sync::OnceCell<Actor>,
    /// Of the platform's database.
    pub url: String,
}

impl Deref for Bench {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// When every bench begins: 1 March 2026, noon.
pub fn beginning() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// Runs a case on both database engines.
pub async fn on_both(case: impl AsyncFn(Bench)) {
    case(bench(None).await).await;
    mintreu_testing::tally("sqlite");
    case(bench(Some(Postgres::shared().create_database("control").await)).await).await;
    mintreu_testing::tally("postgres");
}

/// Runs a case on SQLite alone: for what is above the database.
pub async fn on_sqlite(case: impl AsyncFn(Bench)) {
    case(bench(None).await).await;
    mintreu_testing::tally("sqlite");
}

async fn bench(postgres: Option<String>) -> Bench {
    let random = Random::system();
    let folder = std::env::temp_dir().join(format!("mintreu-control-{}", random.uuid(beginning()).simple()));
    std::fs::create_dir_all(&folder).unwrap();
    let url = postgres.clone().unwrap_or_else(|| format!("sqlite:{}", folder.join("platform.db").display()));
    let db = Db::open(&url).await.unwrap();
    db.migrate().await.unwrap();
    let keyring = Keyring::open_or_create(&folder.join("keyring"), &random).unwrap();
    let seconds = Arc::new(AtomicI64::new(0));
    let hand = Arc::clone(&seconds);
    let clock = Clock::from_fn(move || beginning() + TimeDelta::seconds(hand.load(Ordering::SeqCst)));
    let config = Config {
        public_url: "http://platform.test".into(),
        gateway_url: "http://platform.test".into(),
        data_dir: folder.clone(),
        app_database_url: postgres,
        smtp_url: None,
        test_clock: true,
        allow_link_local_services: false,
        service_ca: None,
    };
    Bench { control: Control::new(db, clock, random, keyring, config), seconds, folder, admin: tokio::sync::OnceCell::new(), url }
}

impl Bench {
    /// Moves the system's clock, and business time with it.
    pub fn advance(&self, by: TimeDelta) {
        self.seconds.fetch_add(by.num_seconds(), Ordering::SeqCst);
    }

    /// Runs SQL as it is, for states that no operation makes. Write ids with `literal`.
    pub async fn sql(&self, text: &str) {
        use sqlx::{Connection, Executor};
        if self.url.starts_with("sqlite") {
            sqlx::SqliteConnection::connect(&self.url).await.unwrap().execute(text).await.unwrap();
        } else {
            sqlx::PgConnection::connect(&self.url).await.unwrap().execute(text).await.unwrap();
        }
    }

    /// The one number that a query gives, as `CAST(… AS BIGINT)`.
    pub async fn number(&self, query: &str) -> i64 {
        use sqlx::Connection;
        if self.url.starts_with("sqlite") {
            sqlx::query_scalar(query).fetch_one(&mut sqlx::SqliteConnection::connect(&self.url).await.unwrap()).await.unwrap()
        } else {
            sqlx::query_scalar(query).fetch_one(&mut sqlx::PgConnection::connect(&self.url).await.unwrap()).await.unwrap()
        }
    }

    /// What changes from now on for gateways.
    pub async fn changes(&self) -> ChangeFeed {
        self.db.changes(Duration::from_millis(200)).await.unwrap()
    }

    /// An id as the engine writes it.
    pub fn literal(&self, id: uuid::Uuid) -> String {
        if self.url.starts_with("sqlite") { format!("x'{}'", id.simple()) } else { format!("'{id}'::uuid") }
    }

    async fn log_in(&self, email: &str) -> Actor {
        let form = CreateToken { email: email.into(), password: PASSWORD.into(), name: "test".into(), expires_in: None };
        let token = self.create_token(&form, None).await.unwrap().token;
        self.authenticate_token(&token, None).await.unwrap()
    }

    /// A super admin's actor.
    pub async fn admin(&self) -> Actor {
        let make = async || {
            self.create_admin("Root", "root@platform.test", PASSWORD).await.unwrap();
            self.log_in("root@platform.test").await
        };
        self.admin.get_or_init(make).await.clone()
    }

    pub async fn operator(&self) -> Operator {
        self.operate(&self.admin().await).unwrap()
    }

    /// A registered person: `person("ines")` has the address ines@people.test.
    pub async fn person(&self, name: &str) -> Actor {
        let email = format!("{name}@people.test");
        let form = mintreu_model::form::account::Register { name: name.into(), email: email.clone(), password: PASSWORD.into() };
        self.register(&form, None).await.unwrap();
        let operator = self.operator().await;
        let query = mintreu_model::list::ListQuery { q: Some(email.clone()), limit: Some(100), ..Default::default() };
        let mail = self.list_mail(&operator, &query).await.unwrap().data.into_iter().next().unwrap();
        let token = mail_token(&mail.text);
        self.verify_email(&mintreu_model::form::account::UseToken { token }).await.unwrap();
        self.log_in(&email).await
    }

    pub async fn tenant(&self, owner: &Actor, name: &str) -> TenantView {
        self.create_tenant(owner, &CreateTenant { name: name.into() }).await.unwrap()
    }

    /// A person with a tenant of their own, and their right `R` in it.
    pub async fn owner<R: Right>(&self, name: &str) -> Permitted<R> {
        let actor = self.person(name).await;
        let tenant = self.tenant(&actor, &format!("{name} Ltd")).await;
        self.permit(&actor, tenant.id).await.unwrap()
    }
}

/// The token in the link of a mail.
pub fn mail_token(text: &str) -> String {
    let (_, rest) = text.split_once("token=").expect("the mail has a link with a token");
    rest.split(|c: char| c.is_whitespace() || matches!(c, '&' | '"' | '<')).next().unwrap_or_default().to_owned()
}
