//! Subscriptions: subscribing, trials, changes of plan, cancelling, and what time does.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_control::{
    Error, Operator, Permitted,
    access::{ManageApplications, ManageSubscriptions, ViewTenant},
};
use mintreu_control_testing::{Bench, on_both};
use mintreu_model::{
    form::{
        application::Provision,
        catalogue::{CreateProduct, CreateService, UpdatePlan, UpdateService},
        subscription::{Cancel, ChangePlan, Effective, Subscribe},
    },
    list::ListQuery,
    money::{Currency, Money},
    status::{ApplicationStatus, SubscriptionStatus},
    view::{ApplicationView, SubscriptionView},
};
use serde_json::{Map, json};

const DAY: i64 = 86_400;

fn code(error: &Error) -> String {
    error.problem().code
}

fn read<T: serde::de::DeserializeOwned>(fields: serde_json::Value) -> T {
    serde_json::from_value(fields).unwrap()
}

fn to(plan: &str, at: Option<Effective>) -> ChangePlan {
    ChangePlan { plan: plan.into(), at }
}

fn subscribe(plan: &str) -> Subscribe {
    Subscribe { product: "ecommerce".into(), plan: plan.into() }
}

/// A published product with plans: free, basic (costs, no trial), pro and max (trial of 14 days), year (free, yearly).
async fn shop(bench: &Bench) -> Operator {
    let operator = bench.operator().await;
    let service: CreateService = read(json!({
        "slug": "shop", "name": "Shop", "base_urls": ["http://127.0.0.1:9"], "routes": [{"methods": ["*"], "path": "/{*rest}"}]
    }));
    bench.create_service(&operator, &service).await.unwrap();
    let product: CreateProduct = read(json!({"slug": "ecommerce", "name": "E-commerce", "service": "shop", "summary": "Shops"}));
    bench.create_product(&operator, &product).await.unwrap();
    for (code, interval, price, trial_days, most) in [
        ("free", "month", 0, 0, 1),
        ("basic", "month", 900, 0, 1),
        ("pro", "month", 2_900, 14, 5),
        ("max", "month", 9_900, 14, 50),
        ("year", "year", 0, 0, 1),
    ] {
        let plan = read(json!({
            "code": code, "name": code, "interval": interval, "price": {"amount": price, "currency": "EUR"}, "trial_days": trial_days,
            "included_requests": 1000, "rate_per_second": 10, "burst": 10, "max_applications": most
        }));
        bench.create_plan(&operator, "ecommerce", &plan).await.unwrap();
    }
    bench.publish_product(&operator, "ecommerce").await.unwrap();
    operator
}

async fn provisioned(bench: &Bench, who: &Permitted<ManageSubscriptions>, name: &str) -> ApplicationView {
    let form = Provision { product: "ecommerce".into(), name: name.into(), config: Map::new() };
    let made = bench.provision(&who.also::<ManageApplications>().unwrap(), &form).await.unwrap();
    bench.run_due_jobs().await.unwrap();
    let application = bench.get_application(&who.also::<ViewTenant>().unwrap(), made.id).await.unwrap();
    assert_eq!(application.status, ApplicationStatus::Active, "{:?}", application.status_reason);
    application
}

async fn again(bench: &Bench, who: &Permitted<ManageSubscriptions>, was: &SubscriptionView) -> SubscriptionView {
    bench.get_subscription(&who.also().unwrap(), was.id).await.unwrap()
}

fn later(bench: &Bench, days: i64) -> DateTime<Utc> {
    bench.clock_now() + TimeDelta::days(days)
}

#[tokio::test]
async fn a_free_plan_is_active_at_once_with_a_month_of_quota() {
    on_both(async |bench| {
        shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        let found = bench.subscribe(&who, &subscribe("free")).await.unwrap();
        assert_eq!((found.status, found.plan.as_str(), found.plan_version), (SubscriptionStatus::Active, "free", 1));
        assert_eq!((found.current_period_start, found.trial_end), (bench.clock_now(), None));
        assert_eq!(found.current_period_end.to_rfc3339(), "2026-04-01T12:00:00+00:00");
        assert_eq!((found.quota.used, found.quota.included, found.quota.hard_stop), (0, 1000, true));
        assert_eq!(again(&bench, &who, &found).await, found);
        let yearly = bench.owner::<ManageSubscriptions>("omar").await;
        let found = bench.subscribe(&yearly, &subscribe("year")).await.unwrap();
        assert_eq!(found.current_period_end.to_rfc3339(), "2027-03-01T12:00:00+00:00");
        assert_eq!(found.quota.period_end.to_rfc3339(), "2026-04-01T12:00:00+00:00");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_had_is_refused_with_a_reason() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        let refused = bench.subscribe(&who, &subscribe("basic")).await.unwrap_err().problem();
        assert_eq!(refused.code, "payment_required");
        assert!(refused.detail.contains("€9.00 a month"), "{}", refused.detail);
        let unknown = bench.subscribe(&who, &subscribe("gold")).await.unwrap_err().problem();
        assert_eq!(unknown.errors[0].field, "plan");
        bench.archive_product(&operator, "ecommerce").await.unwrap();
        let gone = bench.subscribe(&who, &subscribe("free")).await.unwrap_err().problem();
        assert_eq!(gone.errors[0].field, "product");
    })
    .await;
}

#[tokio::test]
async fn of_several_subscribing_at_once_one_wins() {
    on_both(async |bench| {
        shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        let (free, pro) = (subscribe("free"), subscribe("pro"));
        let outcomes = tokio::join!(
            bench.subscribe(&who, &free),
            bench.subscribe(&who, &pro),
            bench.subscribe(&who, &free),
            bench.subscribe(&who, &pro)
        );
        let (won, lost): (Vec<_>, Vec<_>) = [outcomes.0, outcomes.1, outcomes.2, outcomes.3].into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 3));
        assert!(lost.into_iter().all(|refused| code(&refused.unwrap_err()) == "subscription_exists"));
        assert_eq!(bench.list_subscriptions(&who.also().unwrap(), &ListQuery::default()).await.unwrap().total, 1);
    })
    .await;
}

#[tokio::test]
async fn tenants_see_their_own_subscriptions_only() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let ines = bench.owner::<ManageSubscriptions>("ines").await;
        let omar = bench.owner::<ManageSubscriptions>("omar").await;
        let found = bench.subscribe(&ines, &subscribe("pro")).await.unwrap();
        bench.subscribe(&omar, &subscribe("free")).await.unwrap();
        let strange = bench.get_subscription(&omar.also().unwrap(), found.id).await;
        assert!(matches!(strange, Err(Error::NotFound(_))));
        let strange = bench.cancel_subscription(&omar, found.id, &Cancel { at: Effective::Now }).await;
        assert!(matches!(strange, Err(Error::NotFound(_))));
        let trialing = ListQuery { status: Some("trialing".into()), q: Some("commerce".into()), ..ListQuery::default() };
        let list = bench.list_any_subscriptions(&operator, &trialing).await.unwrap();
        assert_eq!((list.total, list.data[0].id), (1, found.id));
        assert_eq!(bench.list_any_subscriptions(&operator, &ListQuery::default()).await.unwrap().total, 2);
    })
    .await;
}

#[tokio::test]
async fn a_trial_is_paused_when_it_ends_and_had_once() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        let trial = bench.subscribe(&who, &subscribe("pro")).await.unwrap();
        assert_eq!((trial.status, trial.trial_end), (SubscriptionStatus::Trialing, Some(later(&bench, 14))));
        assert_eq!(trial.current_period_end, later(&bench, 14));
        let application = provisioned(&bench, &who, "Store").await;

        bench.advance_clock(&operator, 14 * DAY - 1).await.unwrap();
        assert_eq!(again(&bench, &who, &trial).await.status, SubscriptionStatus::Trialing);
        bench.advance_clock(&operator, 1).await.unwrap();
        let paused = again(&bench, &who, &trial).await;
        assert_eq!(paused.status, SubscriptionStatus::Paused);
        let kept = bench.get_application(&who.also().unwrap(), application.id).await.unwrap();
        assert_eq!((kept.status, kept.delete_after), (ApplicationStatus::Active, None));
        let mail = bench.list_mail(&operator, &ListQuery { q: Some("subscription".into()), ..ListQuery::default() }).await.unwrap();
        assert!(mail.data.iter().any(|mail| mail.to == "ines@people.test" && mail.text.contains("ended on 15 March 2026")));

        assert_eq!(code(&bench.resume_subscription(&who, trial.id).await.unwrap_err()), "payment_required");
        assert_eq!(code(&bench.change_plan(&who, trial.id, &to("max", None)).await.unwrap_err()), "payment_required");
        let free = bench.change_plan(&who, trial.id, &to("free", None)).await.unwrap();
        assert_eq!((free.id, free.status, free.plan.as_str()), (trial.id, SubscriptionStatus::Active, "free"));
        assert!(free.current_period_start <= bench.clock_now() && bench.clock_now() < free.current_period_end);

        bench.cancel_subscription(&who, trial.id, &Cancel { at: Effective::Now }).await.unwrap();
        let second = bench.subscribe(&who, &subscribe("max")).await.unwrap_err().problem();
        assert_eq!(second.code, "payment_required");
        assert!(second.detail.contains("used up"), "{}", second.detail);
    })
    .await;
}

#[tokio::test]
async fn upgrades_take_effect_now_and_downgrades_when_the_period_ends() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        let trial = bench.subscribe(&who, &subscribe("pro")).await.unwrap();
        let up = bench.change_plan(&who, trial.id, &to("max", None)).await.unwrap();
        assert_eq!((up.plan.as_str(), up.status, up.trial_end), ("max", SubscriptionStatus::Trialing, trial.trial_end));
        let down = bench.change_plan(&who, trial.id, &to("free", None)).await.unwrap();
        assert_eq!((down.plan.as_str(), down.pending_plan.as_deref()), ("max", Some("free")));
        let back = bench.change_plan(&who, trial.id, &to("max", None)).await.unwrap();
        assert_eq!(back.pending_plan, None, "choosing the present plan takes the change back");
        bench.change_plan(&who, trial.id, &to("free", None)).await.unwrap();
        bench.advance_clock(&operator, 20 * DAY).await.unwrap();
        let free = again(&bench, &who, &trial).await;
        assert_eq!((free.plan.as_str(), free.status, free.pending_plan), ("free", SubscriptionStatus::Active, None));
        assert_eq!(free.current_period_start, trial.current_period_end, "it happened when it was due");
    })
    .await;
}

#[tokio::test]
async fn a_free_plan_can_become_a_trial_once_and_at_overrides_the_default() {
    on_both(async |bench| {
        shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        let free = bench.subscribe(&who, &subscribe("free")).await.unwrap();
        assert_eq!(code(&bench.change_plan(&who, free.id, &to("basic", None)).await.unwrap_err()), "payment_required");
        let put_off = bench.change_plan(&who, free.id, &to("pro", Some(Effective::PeriodEnd))).await.unwrap_err();
        assert_eq!(code(&put_off), "payment_required");
        let trial = bench.change_plan(&who, free.id, &to("pro", None)).await.unwrap();
        assert_eq!((trial.id, trial.status, trial.trial_end), (free.id, SubscriptionStatus::Trialing, Some(later(&bench, 14))));
        assert_eq!(trial.quota.period_start, free.quota.period_start, "a change of plan gives no fresh quota");
        let back = bench.change_plan(&who, free.id, &to("free", Some(Effective::Now))).await.unwrap();
        assert_eq!((back.status, back.trial_end), (SubscriptionStatus::Active, Some(bench.clock_now())));
        assert_eq!((back.current_period_end, back.quota), (free.current_period_end, free.quota));
        assert_eq!(code(&bench.change_plan(&who, free.id, &to("pro", None)).await.unwrap_err()), "payment_required");
    })
    .await;
}

#[tokio::test]
async fn subscribers_keep_their_version_of_a_plan_until_they_choose_it_again() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        let trial = bench.subscribe(&who, &subscribe("pro")).await.unwrap();
        let dearer = UpdatePlan { price: Some(Money::new(3_900, Currency::Eur)), ..UpdatePlan::default() };
        bench.update_plan(&operator, "ecommerce", "pro", &dearer).await.unwrap();
        let kept = again(&bench, &who, &trial).await;
        assert_eq!((kept.plan_version, kept.price.amount), (1, 2_900));
        let moved = bench.change_plan(&who, trial.id, &to("pro", None)).await.unwrap();
        assert_eq!((moved.plan_version, moved.price.amount), (2, 3_900));
    })
    .await;
}

#[tokio::test]
async fn a_smaller_plan_must_have_room_for_what_is_there() {
    on_both(async |bench| {
        shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        let trial = bench.subscribe(&who, &subscribe("pro")).await.unwrap();
        provisioned(&bench, &who, "One").await;
        let two = provisioned(&bench, &who, "Two").await;
        for at in [None, Some(Effective::Now)] {
            assert_eq!(code(&bench.change_plan(&who, trial.id, &to("free", at)).await.unwrap_err()), "too_many_applications");
        }
        bench.cancel_subscription(&who, trial.id, &Cancel { at: Effective::Now }).await.unwrap();
        assert_eq!(code(&bench.subscribe(&who, &subscribe("free")).await.unwrap_err()), "too_many_applications");
        bench.delete_application(&who.also().unwrap(), two.id, None).await.unwrap();
        assert_eq!(bench.subscribe(&who, &subscribe("free")).await.unwrap().applications, 1);
    })
    .await;
}

#[tokio::test]
async fn cancelling_suspends_the_applications_and_subscribing_again_takes_them_up() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        let first = bench.subscribe(&who, &subscribe("free")).await.unwrap();
        let application = provisioned(&bench, &who, "Store").await;
        let ended = bench.cancel_subscription(&who, first.id, &Cancel { at: Effective::Now }).await.unwrap();
        assert_eq!((ended.status, ended.ended_at), (SubscriptionStatus::Canceled, Some(bench.clock_now())));
        let look = async || bench.get_application(&who.also().unwrap(), application.id).await.unwrap();
        let suspended = look().await;
        assert_eq!((suspended.status, suspended.delete_after), (ApplicationStatus::Suspended, Some(later(&bench, 30))));
        let over = bench.cancel_subscription(&who, first.id, &Cancel { at: Effective::Now }).await.unwrap_err();
        assert_eq!(code(&over), "subscription_ended");

        bench.advance_clock(&operator, 29 * DAY).await.unwrap();
        let second = bench.subscribe(&who, &subscribe("free")).await.unwrap();
        assert_ne!(second.id, first.id);
        let up = look().await;
        assert_eq!((up.status, up.delete_after, up.subscription, up.status_reason), (ApplicationStatus::Active, None, second.id, None));
        assert_eq!(second.applications, 1);

        bench.cancel_subscription(&who, second.id, &Cancel { at: Effective::Now }).await.unwrap();
        bench.advance_clock(&operator, 31 * DAY).await.unwrap();
        assert_eq!(look().await.status, ApplicationStatus::Deleted);
        assert_eq!(bench.subscribe(&who, &subscribe("free")).await.unwrap().applications, 0);
    })
    .await;
}

#[tokio::test]
async fn what_the_tenant_suspended_stays_suspended_through_a_new_subscription() {
    on_both(async |bench| {
        shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        let first = bench.subscribe(&who, &subscribe("free")).await.unwrap();
        let application = provisioned(&bench, &who, "Store").await;
        bench.suspend_application(&who.also().unwrap(), application.id).await.unwrap();
        bench.cancel_subscription(&who, first.id, &Cancel { at: Effective::Now }).await.unwrap();
        let second = bench.subscribe(&who, &subscribe("free")).await.unwrap();
        let found = bench.get_application(&who.also().unwrap(), application.id).await.unwrap();
        assert_eq!((found.status, found.delete_after, found.subscription), (ApplicationStatus::Suspended, None, second.id));
    })
    .await;
}

#[tokio::test]
async fn a_cancellation_at_the_periods_end_can_be_taken_back_until_then() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        let free = bench.subscribe(&who, &subscribe("free")).await.unwrap();
        let application = provisioned(&bench, &who, "Store").await;
        let end = Cancel { at: Effective::PeriodEnd };
        assert!(bench.cancel_subscription(&who, free.id, &end).await.unwrap().cancel_at_period_end);
        assert!(!bench.resume_subscription(&who, free.id).await.unwrap().cancel_at_period_end);
        assert_eq!(code(&bench.resume_subscription(&who, free.id).await.unwrap_err()), "nothing_to_resume");
        bench.cancel_subscription(&who, free.id, &end).await.unwrap();
        bench.advance_clock(&operator, 45 * DAY).await.unwrap();
        let ended = again(&bench, &who, &free).await;
        assert_eq!((ended.status, ended.ended_at), (SubscriptionStatus::Canceled, Some(free.current_period_end)));
        let suspended = bench.get_application(&who.also().unwrap(), application.id).await.unwrap();
        assert_eq!(suspended.delete_after, Some(free.current_period_end + TimeDelta::days(30)));
        assert_eq!(code(&bench.resume_subscription(&who, free.id).await.unwrap_err()), "subscription_ended");
        let audit =
            bench.list_any_audit(&operator, &ListQuery { q: Some("subscription.cancel".into()), ..ListQuery::default() }).await.unwrap();
        assert_eq!((audit.total, audit.data[0].actor.as_str()), (1, "platform"));
    })
    .await;
}

#[tokio::test]
async fn a_service_that_keeps_up_hears_of_another_plan() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        let free = bench.subscribe(&who, &subscribe("free")).await.unwrap();
        let application = provisioned(&bench, &who, "Store").await;
        let lifecycle: UpdateService = read(json!({"lifecycle": true}));
        bench.update_service(&operator, "shop", &lifecycle).await.unwrap();
        bench.change_plan(&who, free.id, &to("pro", None)).await.unwrap();
        let jobs = bench
            .list_jobs(&operator, &ListQuery { status: Some("queued".into()), limit: Some(100), ..ListQuery::default() })
            .await
            .unwrap();
        let told: Vec<_> = jobs.data.iter().filter(|job| job.kind == "application.plan").map(|job| job.target.as_str()).collect();
        assert_eq!(told, [application.id.to_string()]);
    })
    .await;
}

#[tokio::test]
async fn a_year_played_in_many_steps_ends_like_one_in_a_single_step() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let mut found = Vec::new();
        for (index, plan) in ["free", "year", "pro"].into_iter().enumerate() {
            let who = bench.owner::<ManageSubscriptions>(&format!("tenant{index}")).await;
            let subscription = bench.subscribe(&who, &subscribe(plan)).await.unwrap();
            found.push((who, subscription));
        }
        for _ in 0..53 {
            bench.advance_clock(&operator, 7 * DAY).await.unwrap();
        }
        let now = bench.clock_now();
        for (who, was) in &found {
            let is = again(&bench, who, was).await;
            if was.plan == "pro" {
                assert_eq!((is.status, is.current_period_end), (SubscriptionStatus::Paused, was.current_period_end));
                continue;
            }
            assert!(is.current_period_start <= now && now < is.current_period_end);
            assert!(is.quota.period_start <= now && now < is.quota.period_end);
            let expected = if was.plan == "free" { "2027-03-01T12:00:00+00:00" } else { "2028-03-01T12:00:00+00:00" };
            let seen = if was.plan == "free" { is.current_period_start } else { is.current_period_end };
            assert_eq!(seen.to_rfc3339(), expected);
        }
        assert_eq!(bench.run_due_subscriptions().await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn two_replicas_move_a_subscription_once() {
    on_both(async |bench| {
        let operator = shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        bench.subscribe(&who, &subscribe("pro")).await.unwrap();
        bench.advance(TimeDelta::days(15));
        let (one, two, three) = tokio::join!(bench.run_due_subscriptions(), bench.run_due_subscriptions(), bench.run_due_subscriptions());
        assert_eq!(one.unwrap() + two.unwrap() + three.unwrap(), 1);
        let audit =
            bench.list_any_audit(&operator, &ListQuery { q: Some("subscription.pause".into()), ..ListQuery::default() }).await.unwrap();
        assert_eq!(audit.total, 1);
    })
    .await;
}

#[tokio::test]
async fn the_test_clock_moves_forward_only_and_is_kept() {
    on_both(async |bench| {
        let operator = bench.operator().await;
        let begin = bench.clock_now();
        assert_eq!(bench.advance_clock(&operator, 0).await.unwrap(), begin);
        assert_eq!(bench.advance_clock(&operator, 3_600).await.unwrap(), begin + TimeDelta::hours(1));
        for nonsense in [-1, 11 * 366 * DAY, i64::MIN, i64::MAX] {
            assert_eq!(bench.advance_clock(&operator, nonsense).await.unwrap_err().problem().status, 422);
        }
        bench.control.clock.set_ahead_seconds(0);
        bench.load_clock().await.unwrap();
        assert_eq!(bench.clock_now(), begin + TimeDelta::hours(1));
        assert_eq!(bench.clock.system_now(), begin);
    })
    .await;
}

#[tokio::test]
async fn cancelling_and_subscribing_again_begins_no_new_quota() {
    on_both(async |bench| {
        shop(&bench).await;
        let who = bench.owner::<ManageSubscriptions>("ines").await;
        let first = bench.subscribe(&who, &subscribe("free")).await.unwrap();
        bench
            .sql("INSERT INTO quota_usage (subscription_id, period_start, used) SELECT id, quota_period_start, 990 FROM subscriptions")
            .await;
        bench.advance(TimeDelta::days(10));
        bench.cancel_subscription(&who, first.id, &Cancel { at: Effective::Now }).await.unwrap();
        let second = bench.subscribe(&who, &subscribe("free")).await.unwrap();
        assert_eq!((second.quota.used, second.quota.period_end), (990, first.quota.period_end));
        let second = bench.change_plan(&who, second.id, &to("year", Some(Effective::Now))).await.unwrap();
        assert_eq!((second.quota.used, second.quota.period_end), (990, first.quota.period_end), "nor does a change of plan");
        bench.cancel_subscription(&who, second.id, &Cancel { at: Effective::Now }).await.unwrap();
        let third = bench.subscribe(&who, &subscribe("pro")).await.unwrap();
        assert_eq!((third.quota.used, third.quota.period_end), (990, first.quota.period_end), "nor does a trial");
        bench.cancel_subscription(&who, third.id, &Cancel { at: Effective::Now }).await.unwrap();
        bench.advance(TimeDelta::days(30));
        let fresh = bench.subscribe(&who, &subscribe("free")).await.unwrap();
        assert_eq!((fresh.quota.used, fresh.quota.period_start), (0, bench.clock_now()), "a later month is new");
    })
    .await;
}
