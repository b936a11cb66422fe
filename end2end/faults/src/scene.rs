//! What most scenarios begin with: a platform, a company on it and its key.

use mintreu_faults::{
    books::Books,
    company::{Caller, Company},
    load::{Habit, Load, Tally, Target},
    platform::{Place, Platform},
    proxy::Proxy,
};
use mintreu_testing::Postgres;

use crate::Wish;

pub(crate) struct Scene {
    pub(crate) platform: Platform,
    pub(crate) caller: Caller,
    /// In front of the database, where there is one.
    pub(crate) proxy: Option<Proxy>,
    /// Where the books are.
    books: Place,
    /// A server of its own, which stops when it is dropped.
    pub(crate) server: Option<Postgres>,
}

/// How calls are paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quota {
    /// A million is included, and no more: replicas lease units.
    Stops,
    Metered,
}

impl Scene {
    pub(crate) async fn open(wish: &Wish<'_>, quota: Quota) -> Self {
        let server = wish.postgres.then(|| Postgres::start().unwrap());
        let database = match &server {
            Some(server) => Some(server.create_database("faults").await),
            None => None,
        };
        let proxy = match &database {
            Some(database) => Some(Proxy::start(database).await),
            None => None,
        };
        let through = proxy.as_ref().map(|proxy| proxy.url.clone());
        let place = Place { quiet: wish.quiet, ..Place::with(wish.program, through) };
        let books = Place { postgres: database, ..place.clone() };
        let (platform, caller) = settle(place, quota).await;
        Self { platform, caller, proxy, books, server }
    }

    /// On SQLite, at a place that was prepared.
    pub(crate) async fn at(place: Place, quota: Quota) -> Self {
        let books = place.clone();
        let (platform, caller) = settle(place, quota).await;
        Self { platform, caller, proxy: None, books, server: None }
    }

    pub(crate) fn target(&self) -> Target {
        Target::new(&self.caller, &[&self.platform.place.url])
    }

    pub(crate) fn load(&self, habits: &[(usize, Habit)]) -> Load {
        Load::start(&self.target(), habits)
    }

    pub(crate) async fn books(&self) -> Books {
        Books::read(&self.books).await
    }
}

async fn settle(place: Place, quota: Quota) -> (Platform, Caller) {
    let platform = Platform::start_at(place).await;
    let company = match quota {
        Quota::Stops => Company::open(&platform, 10_000_000, "none", false).await,
        Quota::Metered => Company::metered(&platform).await,
    };
    let (_, caller) = company.application(&platform, "Store").await;
    (platform, caller)
}

/// In words.
pub(crate) fn told(tally: &Tally) -> String {
    let answers: Vec<_> = tally.answers.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    let Tally { attempted, unanswered, broken, refused, .. } = tally;
    let answers = answers.join(", ");
    format!(
        "{attempted} calls sent: {answers}, {unanswered} without an answer, {broken} broken off; {refused} times nobody took a connection"
    )
}
