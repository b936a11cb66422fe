//! What time does to a subscription, as a pure function over its values: quota months and periods
//! roll, trials end, what was put off to the period's end happens. Each thing happens at the time
//! it was due, not when it was looked at, so that a year in one step ends like a year in many.

use chrono::{DateTime, Utc};
use mintreu_model::{
    id::{PlanVersionId, ProductId, SubscriptionId, TenantId},
    status::{PlanInterval, SubscriptionStatus},
};

use super::{
    period::{self, Period},
    state::{Event, Impossible, next},
};

/// What the life of a subscription needs to know of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    pub version: PlanVersionId,
    pub code: String,
    pub interval: PlanInterval,
    pub price_minor: i64,
}

impl Terms {
    pub(crate) const fn is_free(&self) -> bool {
        self.price_minor == 0
    }

    /// For telling upgrades from downgrades: a year's worth.
    pub(crate) const fn yearly(&self) -> i64 {
        match self.interval {
            PlanInterval::Month => self.price_minor.saturating_mul(12),
            PlanInterval::Year => self.price_minor,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub id: SubscriptionId,
    pub tenant: TenantId,
    pub product: ProductId,
    pub plan: Terms,
    /// Takes over at the period's end.
    pub pending: Option<Terms>,
    pub status: SubscriptionStatus,
    pub anchor: DateTime<Utc>,
    pub period: Period,
    pub quota: Period,
    pub trial_end: Option<DateTime<Utc>>,
    pub cancel_at_period_end: bool,
    pub ended_at: Option<DateTime<Utc>>,
}

/// What happened, and when it was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happened {
    Rolled,
    PlanChanged,
    /// The trial ended with a plan that costs nothing.
    Activated,
    /// The trial ended without a way to pay.
    Paused,
    Canceled,
}

impl Subscription {
    /// When something happens next; none while time changes nothing.
    pub(crate) fn due_at(&self) -> Option<DateTime<Utc>> {
        self.status.is_served().then(|| self.period.end.min(self.quota.end))
    }

    /// Everything that is due by `now`, in order.
    pub(crate) fn advance(&mut self, now: DateTime<Utc>) -> Result<Vec<Happened>, Impossible> {
        let mut happened = Vec::new();
        while let Some(at) = self.due_at().filter(|at| *at <= now) {
            if at < self.period.end {
                self.quota = period::quota(self.anchor, at);
                happened.push(Happened::Rolled);
            } else {
                self.end_period(&mut happened)?;
            }
        }
        Ok(happened)
    }

    fn end_period(&mut self, happened: &mut Vec<Happened>) -> Result<(), Impossible> {
        let at = self.period.end;
        if self.cancel_at_period_end {
            self.cancel(at)?;
            happened.push(Happened::Canceled);
            return Ok(());
        }
        if let Some(plan) = self.pending.take() {
            self.plan = plan;
            happened.push(Happened::PlanChanged);
        }
        if self.status == SubscriptionStatus::Trialing {
            if !self.plan.is_free() {
                self.status = next(self.status, Event::TrialEnded)?;
                happened.push(Happened::Paused);
                return Ok(());
            }
            self.status = next(self.status, Event::PaymentNotNeeded)?;
            self.anchor = at;
            happened.push(Happened::Activated);
        } else {
            happened.push(Happened::Rolled);
        }
        self.step(at);
        Ok(())
    }

    /// Into the periods of the present plan that `at` lies in.
    pub(crate) fn step(&mut self, at: DateTime<Utc>) {
        self.period = period::containing(self.anchor, self.plan.interval, at);
        self.quota = period::quota(self.anchor, at);
    }

    pub(crate) fn cancel(&mut self, at: DateTime<Utc>) -> Result<(), Impossible> {
        self.status = next(self.status, Event::Canceled)?;
        self.ended_at = Some(at);
        self.cancel_at_period_end = false;
        self.pending = None;
        Ok(())
    }

    /// From a trial or a pause into a plan that costs nothing.
    pub(crate) fn go_free(&mut self, now: DateTime<Utc>) -> Result<(), Impossible> {
        if self.status == SubscriptionStatus::Trialing {
            self.trial_end = Some(now);
        }
        self.status = next(self.status, Event::PaymentNotNeeded)?;
        self.step(now);
        Ok(())
    }

    /// Into a trial that ends at `end`. The quota's months go on as they were.
    pub(crate) fn begin_trial(&mut self, now: DateTime<Utc>, end: DateTime<Utc>) -> Result<(), Impossible> {
        self.status = next(self.status, Event::TrialBegan)?;
        self.trial_end = Some(end);
        self.period = Period { start: now, end };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn terms(code: &str, interval: PlanInterval, price_minor: i64) -> Terms {
        Terms { version: PlanVersionId(Uuid::nil()), code: code.into(), interval, price_minor }
    }

    fn free(start: DateTime<Utc>, interval: PlanInterval) -> Subscription {
        let mut subscription = Subscription {
            id: SubscriptionId(Uuid::nil()),
            tenant: TenantId(Uuid::nil()),
            product: ProductId(Uuid::nil()),
            plan: terms("free", interval, 0),
            pending: None,
            status: SubscriptionStatus::Active,
            anchor: start,
            period: Period { start, end: start },
            quota: Period { start, end: start },
            trial_end: None,
            cancel_at_period_end: false,
            ended_at: None,
        };
        subscription.step(start);
        subscription
    }

    fn trial(start: DateTime<Utc>, days: i64) -> Subscription {
        let mut subscription = free(start, PlanInterval::Month);
        subscription.plan = terms("pro", PlanInterval::Month, 2_900);
        subscription.begin_trial(start, start + TimeDelta::days(days)).unwrap();
        subscription
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_paid_trial_is_paused_when_it_ends_and_then_stands_still() {
        let start = at("2026-03-01T12:00:00Z");
        let mut subscription = trial(start, 45);
        assert_eq!(subscription.advance(at("2026-04-02T00:00:00Z")).unwrap(), [Happened::Rolled], "the quota's month");
        assert_eq!(subscription.advance(at("2026-05-01T00:00:00Z")).unwrap(), [Happened::Paused]);
        assert_eq!((subscription.status, subscription.period.end), (SubscriptionStatus::Paused, start + TimeDelta::days(45)));
        assert_eq!(subscription.advance(at("2036-05-01T00:00:00Z")).unwrap(), []);
    }

    #[test]
    fn a_trial_that_goes_on_as_a_free_plan_begins_its_periods_where_it_ended() {
        let start = at("2026-03-01T12:00:00Z");
        let mut subscription = trial(start, 14);
        subscription.pending = Some(terms("free", PlanInterval::Month, 0));
        assert_eq!(subscription.advance(at("2026-03-20T00:00:00Z")).unwrap(), [Happened::PlanChanged, Happened::Activated]);
        assert_eq!((subscription.period.start, subscription.period.end), (at("2026-03-15T12:00:00Z"), at("2026-04-15T12:00:00Z")));
        assert_eq!(subscription.quota, subscription.period);
    }

    #[test]
    fn a_cancellation_takes_effect_when_it_was_due_not_when_it_was_seen() {
        let mut subscription = free(at("2026-01-31T00:00:00Z"), PlanInterval::Month);
        subscription.cancel_at_period_end = true;
        subscription.pending = Some(terms("other", PlanInterval::Month, 0));
        assert_eq!(subscription.advance(at("2027-01-01T00:00:00Z")).unwrap(), [Happened::Canceled]);
        assert_eq!(subscription.ended_at, Some(at("2026-02-28T00:00:00Z")));
        assert_eq!((subscription.pending, subscription.plan.code.as_str()), (None, "free"));
    }

    #[test]
    fn a_yearly_plan_has_twelve_quota_months() {
        let start = at("2026-01-31T00:00:00Z");
        let mut subscription = free(start, PlanInterval::Year);
        assert_eq!(subscription.advance(at("2026-03-01T00:00:00Z")).unwrap(), [Happened::Rolled]);
        assert_eq!((subscription.quota.start, subscription.quota.end), (at("2026-02-28T00:00:00Z"), at("2026-03-31T00:00:00Z")));
        assert_eq!(subscription.period.start, start);
        assert_eq!(subscription.advance(at("2027-01-31T00:00:00Z")).unwrap().len(), 11);
        assert_eq!(subscription.period.start, at("2027-01-31T00:00:00Z"));
    }

    proptest! {
        #[test]
        fn a_year_in_many_steps_ends_like_a_year_in_one(
            start in 1_500_000_000_i64..4_000_000_000,
            kind in 0..4,
            flags in any::<(bool, bool)>(),
            days in 1_i64..200,
            steps in prop::collection::vec(0_i64..5_000_000, 1..20),
        ) {
            let begin = DateTime::from_timestamp(start, 0).unwrap();
            let mut once = match kind {
                0 => free(begin, PlanInterval::Month),
                1 => free(begin, PlanInterval::Year),
                _ => trial(begin, days),
            };
            once.cancel_at_period_end = flags.0 && kind == 3;
            once.pending = flags.1.then(|| terms("later", PlanInterval::Year, 0));
            let mut often = once.clone();
            let (mut now, mut all) = (begin, Vec::new());
            for step in steps {
                now += TimeDelta::seconds(step);
                all.extend(often.advance(now).unwrap());
            }
            prop_assert_eq!(once.advance(now).unwrap(), all);
            prop_assert_eq!(&once, &often);
            if once.status.is_served() {
                prop_assert!(once.period.start <= now && now < once.period.end);
                prop_assert!(once.quota.start <= now && now < once.quota.end);
            }
        }
    }
}
