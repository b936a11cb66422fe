//! Work that comes round: each kind is one row of the queue that is put back when it was run, so
//! that one replica at a time does it. Every such function may also be run at any moment.

use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{Ended, Failure, Outcome, lapse, prune, tenant};
use crate::{Control, Result};

type Run = for<'a> fn(&'a Control) -> BoxFuture<'a, Result<()>>;

pub(super) struct Periodic {
    kind: &'static str,
    every: TimeDelta,
    run: Run,
}

/// In the order in which one prepares the next.
const PERIODIC: &[Periodic] = &[
    Periodic { kind: "subscription.due", every: TimeDelta::seconds(5), run: |control| Box::pin(subscriptions(control)) },
    Periodic { kind: "application.lapse", every: TimeDelta::seconds(30), run: |control| Box::pin(lapse::run(control)) },
    Periodic { kind: "tenant.remove", every: TimeDelta::seconds(60), run: |control| Box::pin(tenant::run(control)) },
    Periodic { kind: "quota.alert", every: TimeDelta::seconds(5), run: |control| Box::pin(quota_alerts(control)) },
    Periodic { kind: "mail.send", every: TimeDelta::seconds(3), run: |control| Box::pin(send_mail(control)) },
    Periodic { kind: "mail.again", every: TimeDelta::seconds(60), run: |control| Box::pin(send_mail_again(control)) },
    Periodic { kind: "usage.tend", every: TimeDelta::minutes(5), run: |control| Box::pin(control.tend_usage()) },
    Periodic { kind: "prune", every: TimeDelta::hours(1), run: |control| Box::pin(prune::run(control)) },
];

async fn subscriptions(control: &Control) -> Result<()> {
    control.run_due_subscriptions().await.map(drop)
}

async fn quota_alerts(control: &Control) -> Result<()> {
    control.alert_quotas().await.map(drop)
}

async fn send_mail(control: &Control) -> Result<()> {
    control.send_mail().await.map(drop)
}

async fn send_mail_again(control: &Control) -> Result<()> {
    control.send_mail_again().await.map(drop)
}

pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    PERIODIC.iter().map(|periodic| periodic.kind)
}

pub(super) fn find(kind: &str) -> Option<&'static Periodic> {
    PERIODIC.iter().find(|periodic| periodic.kind == kind)
}

pub(super) async fn run_now(control: &Control, kind: &str) -> Option<Ended> {
    Some(find(kind)?.run(control).await)
}

impl Periodic {
    pub(super) async fn run(&self, control: &Control) -> Ended {
        (self.run)(control).await.map_err(Failure::from)?;
        Ok(Outcome::Wait { at: control.clock.now() + self.every, payload: Value::Null, note: None })
    }
}
