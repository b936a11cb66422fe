//! kill -9 while an application is made, made and deleted at once, or deleted. A minute after the
//! program is back it is active, failed or deleted, never stuck; and there is a database, a role
//! and a thing in the service for each application that lives, and for no other.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use mintreu_faults::{
    company::{Company, caller},
    platform::{Api, Place, Platform},
};
use mintreu_testing::Postgres;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tokio::{sync::Notify, time::timeout};

use crate::{Wish, report::Report};

/// What the contract gives.
const BOUND: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(25);

/// What goes on when the program is killed, at any moment of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Make,
    /// From the service's part on.
    MakeLater,
    MakeAndDelete,
    Delete,
    DeleteLater,
}

const ACTS: [Act; 5] = [Act::Make, Act::Delete, Act::MakeLater, Act::DeleteLater, Act::MakeAndDelete];

pub(crate) async fn run(wish: &Wish<'_>) -> Report {
    let each = wish.rounds(5, 50);
    let (next, rounds): (_, u32) = (AtomicU32::new(0), ACTS.iter().map(|_| each).sum());
    Report::of((0..wish.lanes.min(rounds)).map(|_| lane(wish, &next, rounds))).await
}

/// One platform, broken and mended until all rounds are done.
async fn lane(wish: &Wish<'_>, next: &AtomicU32, rounds: u32) -> Report {
    let mut lane = Lane::open(wish).await;
    let mut report = Report::default();
    loop {
        let round = next.fetch_add(1, Ordering::Relaxed);
        if round >= rounds {
            return report;
        }
        let act = ACTS[round as usize % ACTS.len()];
        if let Err(finding) = lane.round(act, &mut report).await {
            report.found(format!("round {round}, {act:?}: {finding}"));
        }
    }
}

struct Lane {
    platform: Platform,
    company: Company,
    server: Option<Postgres>,
    /// Milliseconds that making one takes, undisturbed, by a service that answers at once.
    work: u64,
}

impl Lane {
    async fn open(wish: &Wish<'_>) -> Self {
        // A server of its own for each, so that what is left over is known to be this one's.
        let server = wish.postgres.then(|| Postgres::start().unwrap());
        let database = match &server {
            Some(server) => Some(server.create_database("faults").await),
            None => None,
        };
        let platform = Platform::start_at(Place { quiet: wish.quiet, ..Place::with(wish.program, database) }).await;
        let company = Company::open(&platform, 1_000_000, "dedicated", true).await;
        let grace = Some(json!({"value": 0}));
        platform.admin.send(Method::PATCH, "/admin/settings/application_grace_days", grace).await.expect(200);
        let began = Instant::now();
        company.application(&platform, "Store").await;
        let work = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let lane = Self { platform, company, server, work };
        lane.clear().await.unwrap();
        lane
    }

    async fn round(&mut self, act: Act, report: &mut Report) -> Result<(), String> {
        let pause = fastrand::u64(20..150);
        self.company.echo.pause.store(pause, Ordering::SeqCst);
        let begins = Arc::new(Notify::new());
        let (owner, tenant, heard) = (self.company.owner.clone(), self.company.tenant.clone(), Arc::clone(&self.company.echo.heard));
        let begin = {
            let begins = Arc::clone(&begins);
            move || {
                heard.store(0, Ordering::SeqCst);
                begins.notify_one();
            }
        };
        let acting = tokio::spawn(acting(act, owner, tenant, self.work, begin));
        timeout(BOUND, begins.notified()).await.map_err(|_| "what is to be deleted was not made".to_owned())?;
        let heard = &self.company.echo.heard;
        if matches!(act, Act::MakeLater | Act::DeleteLater) {
            let told = async {
                while heard.load(Ordering::SeqCst) == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(BOUND, told).await.map_err(|_| "the service was not told".to_owned())?;
        }
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..self.work + pause))).await;
        self.platform.crash();
        let key = acting.await.ok().flatten();
        let met = format!("{act:?}, {}", self.step().await);
        self.platform.restart().await;
        let back = Instant::now();
        let mut wrong = self.wrong().await;
        while !wrong.is_empty() && back.elapsed() < BOUND {
            tokio::time::sleep(LOOK).await;
            wrong = self.wrong().await;
        }
        let took = back.elapsed();
        let ended = self.applications().await.into_iter().next().map_or("gone".to_owned(), |(_, status)| status);
        report.round(&met, &ended, took);
        if !wrong.is_empty() {
            return Err(format!("killed {met}: {wrong} after {took:?}"));
        }
        if let Some(key) = key.filter(|_| ended == "active") {
            let (status, code) = caller(&self.platform, &key).code("/v1/echo/x").await;
            if status != 200 {
                return Err(format!("killed {met}: it is active and answers {status} {code}"));
            }
        }
        self.clear().await
    }

    /// Deletes what is left, undisturbed.
    async fn clear(&self) -> Result<(), String> {
        self.company.echo.pause.store(0, Ordering::SeqCst);
        for (id, _) in self.applications().await {
            self.company.owner.delete(&format!("{}/applications/{id}", self.company.tenant)).await.expect(202);
        }
        let cleared = async {
            while !(self.applications().await.is_empty() && self.wrong().await.is_empty()) {
                tokio::time::sleep(LOOK).await;
            }
        };
        timeout(BOUND, cleared).await.map_err(|_| "what is left could not be deleted".to_owned())
    }

    /// Id and status of every application but the deleted ones.
    async fn applications(&self) -> Vec<(String, String)> {
        let list = self.platform.admin.get("/admin/applications?limit=100").await.expect(200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        list["data"].as_array().unwrap().iter().map(|one| (text(&one["id"]), text(&one["status"]))).collect()
    }

    async fn active(&self) -> Vec<String> {
        self.applications().await.into_iter().filter(|(_, status)| status == "active").map(|(id, _)| id).collect()
    }

    /// What does not hold yet; empty when all is well.
    async fn wrong(&self) -> String {
        let applications = self.applications().await;
        let mut wrong: Vec<String> = applications
            .iter()
            .filter(|(_, status)| status != "active" && status != "failed")
            .map(|(id, status)| format!("{id} is {status}"))
            .collect();
        let living: BTreeSet<_> = applications.iter().map(|(id, _)| id.clone()).collect();
        let active: BTreeSet<_> = self.active().await.into_iter().collect();
        let mut places = vec![("the service", self.company.echo.known())];
        if let Some(server) = &self.server {
            places.push(("the server's databases", names(server, "SELECT CAST(datname AS text) FROM pg_database").await));
            places.push(("the server's roles", names(server, "SELECT CAST(rolname AS text) FROM pg_roles").await));
        } else {
            places.push(("the directory", files(&self.platform.place.data.join("applications"))));
        }
        for (place, found) in places {
            wrong.extend(found.difference(&living).map(|id| format!("{id} is left over in {place}")));
            wrong.extend(active.difference(&found).map(|id| format!("{id} is missing in {place}")));
        }
        wrong.join(", ")
    }

    /// Where the making or deleting was when the program was killed, read past it.
    async fn step(&self) -> String {
        const SQL: &str = "SELECT CASE WHEN a.status = 'provisioning' THEN COALESCE((SELECT s.step FROM application_steps s
                WHERE s.application_id = a.id AND s.status = 'running' ORDER BY s.position DESC LIMIT 1), 'queued') ELSE a.status END
             FROM applications a WHERE a.status <> 'deleted' ORDER BY a.id DESC LIMIT 1";
        let step: Option<String> = if let Some(url) = &self.platform.place.postgres {
            let mut connection = PgConnection::connect(url).await.unwrap();
            sqlx::query_scalar(SQL).fetch_optional(&mut connection).await.unwrap()
        } else {
            let file = self.platform.place.data.join("platform.sqlite3");
            let mut connection = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
            let step = sqlx::query_scalar(SQL).fetch_optional(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            step
        };
        step.unwrap_or_else(|| "nothing there".to_owned())
    }
}

/// What a person does meanwhile; says when it begins, and gives the key of what was made, where
/// the answer came.
async fn acting(act: Act, owner: Api, tenant: String, work: u64, begin: impl Fn()) -> Option<Value> {
    let deletes = matches!(act, Act::Delete | Act::DeleteLater);
    if !deletes {
        begin();
    }
    let wanted = Some(json!({"product": "echo", "name": "Store"}));
    let made = owner.try_send(Method::POST, &format!("{tenant}/applications"), wanted).await.ok()?.expect(202);
    let path = format!("{tenant}/applications/{}", made["id"].as_str()?);
    if act == Act::MakeAndDelete {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..work))).await;
    } else if deletes {
        while owner.get(&path).await.body["status"] != "active" {
            tokio::time::sleep(LOOK).await;
        }
        begin();
    } else {
        return Some(made["key"].clone());
    }
    let _ = owner.try_send(Method::DELETE, &path, None).await;
    None
}

async fn names(server: &Postgres, sql: &str) -> BTreeSet<String> {
    let mut connection = PgConnection::connect(server.url()).await.unwrap();
    let names: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    names.into_iter().filter(|name| name.starts_with("app_")).collect()
}

/// Applications that have a file or a companion of one.
fn files(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some(entry.file_name().to_str()?.split('.').next()?.to_owned())).collect()
}
