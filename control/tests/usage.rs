//! Usage is counted exactly once and read back as it was.

use chrono::{DateTime, TimeDelta, Utc};
use mintreu_control::{
    Error, Permitted,
    access::ViewTenant,
    usage::{self, Batch, Part, Record, Refused},
};
use mintreu_control_testing::{Bench, beginning, on_both};
use mintreu_model::{
    form::usage::{Preset, UsageQuery, UsageRange},
    id::{ApiKeyId, ApplicationId, SegmentId, SubscriptionId},
    status::{UsageBy, UsageOf, UsageStep},
    view::UsagePoint,
};
use uuid::Uuid;

struct Fixture {
    who: Permitted<ViewTenant>,
    application: ApplicationId,
    subscription: SubscriptionId,
    key: ApiKeyId,
}

/// An application with a subscription and a key, as rows.
async fn fixture(bench: &Bench, name: &str) -> Fixture {
    let who = bench.owner::<ViewTenant>(name).await;
    let [product, plan, version, subscription, application, key] = std::array::from_fn(|_| bench.random.uuid(beginning()));
    let (id, t) = (|id| bench.literal(id), "'2026-03-01T00:00:00+00:00'");
    let tenant = id(who.tenant_id().0);
    let hash = if bench.url.starts_with("sqlite") { "x'00'" } else { "'\\x00'" };
    bench
        .sql(&format!(
            "INSERT INTO products (id, slug, name, kind, summary, description, status, created_at, updated_at) VALUES ({product}, 'p-{name}', 'P', 'api', '', '', 'published', {t}, {t});
             INSERT INTO plans (id, product_id, code, position, current_version, created_at) VALUES ({plan}, {product}, 'pro', 1, 1, {t});
             INSERT INTO plan_versions (id, plan_id, version, name, bill_interval, currency, price_minor, trial_days, included_requests, rate_per_second, burst, max_applications, features, created_at)
                VALUES ({version}, {plan}, 1, 'Pro', 'year', 'EUR', 10006, 0, 1000, 10, 10, 1, '[]', {t});
             INSERT INTO subscriptions (id, tenant_id, product_id, plan_version_id, status, anchor, current_period_start, current_period_end, quota_period_start, quota_period_end, created_at, updated_at)
                VALUES ({subscription}, {tenant}, {product}, {version}, 'active', {t}, {t}, {t}, {t}, {t}, {t}, {t});
             INSERT INTO applications (id, tenant_id, subscription_id, product_id, slug, name, status, config, created_at, updated_at)
                VALUES ({application}, {tenant}, {subscription}, {product}, 'a-{name}', 'A', 'active', '{{}}', {t}, {t});
             INSERT INTO api_keys (id, tenant_id, application_id, name, client_id, secret_hash, secret_last_four, scopes, allowed_ips, created_at)
                VALUES ({key}, {tenant}, {application}, 'k', 'mci-{name}', {hash}, 'abcd', '[]', '[]', {t});",
            product = id(product), plan = id(plan), version = id(version), subscription = id(subscription),
            application = id(application), key = id(key),
        ))
        .await;
    Fixture { who, application: application.into(), subscription: subscription.into(), key: key.into() }
}

impl Fixture {
    fn record(&self, at: DateTime<Utc>, status: i64) -> Record {
        Record {
            application_id: self.application,
            key_id: self.key,
            subscription_id: self.subscription,
            quota_period_start: beginning(),
            route: "GET /v1/orders/{id}".into(),
            status,
            at,
            bytes_in: 10,
            bytes_out: 100,
            latency_us: 1_000,
            counts: true,
            billed: status < 400,
        }
    }
}

#[test]
fn a_batch_has_one_row_for_each_key_however_many_there_are() {
    let at = beginning();
    let of = |key: u128| Record {
        application_id: Uuid::from_u128(key).into(),
        key_id: Uuid::from_u128(key).into(),
        subscription_id: Uuid::from_u128(key).into(),
        quota_period_start: at,
        route: "/".into(),
        status: 200,
        at,
        bytes_in: 0,
        bytes_out: 0,
        latency_us: 1,
        counts: true,
        billed: true,
    };
    let mut batch = Batch::default();
    for _ in 0..3 {
        (0..6_400).for_each(|key| batch.add(of(key)));
        assert_eq!(batch.sums(), 6_400);
    }
}

/// The whole of a segment.
fn segment(number: u128) -> Part {
    Part { segment: SegmentId(Uuid::from_u128(number)), replica: Uuid::nil(), from: 0, to: 1_000 }
}

/// Counts one part; gives the position after it.
async fn accept(bench: &Bench, part: &Part, records: &[Record]) -> mintreu_control::Result<i64> {
    let mut batch = Batch::default();
    batch.extend(records.iter().cloned());
    bench.accept_usage(&[*part], batch).await.map(|positions| positions.iter().sum())
}

#[tokio::test]
async fn a_thousand_records_are_shown_as_a_thousand_by_every_step_and_breakdown() {
    on_both(async |bench| {
        let fixture = fixture(&bench, "ines").await;
        let records: Vec<Record> = (0..1000)
            .map(|index| {
                let at = beginning() - TimeDelta::seconds(index * 7);
                Record {
                    route: format!("GET /v1/{}", index % 7).into(),
                    latency_us: 1_000 + index * 13,
                    ..fixture.record(at, if index % 10 == 0 { 503 } else { 200 })
                }
            })
            .collect();
        for (number, chunk) in records.chunks(300).enumerate() {
            accept(&bench, &segment(number as u128), chunk).await.unwrap();
        }
        let to = Some(beginning() + TimeDelta::seconds(1));
        for step in UsageStep::ALL.iter().copied() {
            let query = UsageQuery { to, step: Some(step), ..UsageQuery::default() };
            let data = bench.get_usage(&fixture.who, fixture.application, &query).await.unwrap().data;
            assert_eq!(data.iter().map(|point| point.requests).sum::<i64>(), 1000, "{step}");
            assert_eq!(data.iter().map(|point| point.server_errors).sum::<i64>(), 100);
            assert_eq!(data.iter().map(|point| point.bytes_out).sum::<i64>(), 100_000);
            let (span, _) = query.resolve(beginning()).unwrap();
            assert_eq!(data.len(), span.starts(step).count(), "gaps are points too");
        }
        for by in UsageBy::ALL.iter().copied() {
            let range = UsageRange { from: None, to };
            let shares = bench.get_usage_shares(&fixture.who, fixture.application, &range, by).await.unwrap();
            assert_eq!(shares.iter().map(|share| share.totals.requests).sum::<i64>(), 1000, "{by}");
            assert!(shares.is_sorted_by_key(|share| -share.totals.requests));
            let query = UsageQuery { to, by: Some(by), ..UsageQuery::default() };
            let data = bench.get_usage(&fixture.who, fixture.application, &query).await.unwrap().data;
            assert_eq!(data.iter().map(|point| point.requests).sum::<i64>(), 1000);
            assert!(data.iter().all(|point| point.by.is_some() && point.requests > 0));
        }
        let shares = bench.get_usage_shares(&fixture.who, fixture.application, &UsageRange { from: None, to }, UsageBy::Key).await.unwrap();
        assert_eq!(shares[0].by, fixture.key.to_string());
        let mut sorted: Vec<i64> = records.iter().map(|record| record.latency_us).collect();
        sorted.sort_unstable();
        for totals in [
            bench.get_usage_totals(&fixture.who, Some(fixture.application), &UsageRange { from: None, to }).await.unwrap(),
            bench.get_usage_totals(&fixture.who, None, &Preset::Quarter.range(beginning())).await.unwrap(),
        ] {
            assert_eq!((totals.requests, totals.errors), (1000, 100));
            for (found, rank) in [(totals.latency_ms.p50, 500), (totals.latency_ms.p95, 950), (totals.latency_ms.p99, 990)] {
                let exact = f64::from(i32::try_from(sorted[rank - 1]).unwrap()) / 1000.0;
                assert!((found - exact).abs() <= exact * 0.05, "{found} for {exact}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_same_segment_twice_counts_once_even_at_the_same_time() {
    on_both(async |bench| {
        let fixture = fixture(&bench, "ines").await;
        let records: Vec<Record> = (0..50).map(|index| fixture.record(beginning(), if index < 40 { 200 } else { 429 })).collect();
        let part = segment(1);
        let (first, second) = tokio::join!(accept(&bench, &part, &records), accept(&bench, &part, &records));
        first.unwrap();
        second.unwrap();
        accept(&bench, &segment(1), &records).await.unwrap();
        let range = UsageRange { from: None, to: Some(beginning() + TimeDelta::minutes(1)) };
        let totals = bench.get_usage_totals(&fixture.who, None, &range).await.unwrap();
        assert_eq!((totals.requests, totals.errors), (50, 10));
        accept(&bench, &segment(2), &records).await.unwrap();
        assert_eq!(bench.get_usage_totals(&fixture.who, None, &range).await.unwrap().requests, 100);
        let id = bench.literal(fixture.subscription.0);
        let used = format!("SELECT CAST(used AS BIGINT) FROM quota_usage WHERE subscription_id = {id}");
        assert_eq!(bench.number(&used).await, 80, "what is billed, refused calls left out");
    })
    .await;
}

#[tokio::test]
async fn calls_of_one_minute_count_for_the_subscription_that_each_was_made_under() {
    on_both(async |bench| {
        let (one, other) = (fixture(&bench, "ines").await, fixture(&bench, "omar").await);
        let moved = Record { subscription_id: other.subscription, ..one.record(beginning(), 200) };
        accept(&bench, &segment(1), &[one.record(beginning(), 200), moved.clone(), moved]).await.unwrap();
        for (subscription, used) in [(one.subscription, 1), (other.subscription, 2)] {
            let id = bench.literal(subscription.0);
            let counted =
                bench.number(&format!("SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM quota_usage WHERE subscription_id = {id}")).await;
            assert_eq!(counted, used);
        }
    })
    .await;
}

#[tokio::test]
async fn a_part_counts_only_where_the_one_before_it_ended() {
    on_both(async |bench| {
        let fixture = fixture(&bench, "ines").await;
        let records = vec![fixture.record(beginning(), 200); 10];
        let part = |from, to| Part { from, to, ..segment(1) };
        assert_eq!(bench.usage_position(part(0, 0).segment).await.unwrap(), 0);
        assert_eq!(accept(&bench, &part(0, 500), &records).await.unwrap(), 500);
        assert_eq!(accept(&bench, &part(0, 800), &records).await.unwrap(), 500, "its beginning is counted already");
        assert_eq!(accept(&bench, &part(800, 900), &records).await.unwrap(), 500, "something before it is missing");
        assert_eq!(accept(&bench, &part(500, 800), &records).await.unwrap(), 800);
        assert_eq!(bench.usage_position(part(0, 0).segment).await.unwrap(), 800);
        let range = UsageRange { from: None, to: Some(beginning() + TimeDelta::minutes(1)) };
        assert_eq!(bench.get_usage_totals(&fixture.who, None, &range).await.unwrap().requests, 20);
    })
    .await;
}

#[tokio::test]
async fn the_end_of_a_call_adds_its_bytes_and_no_request() {
    on_both(async |bench| {
        let fixture = fixture(&bench, "ines").await;
        let call = Record { bytes_in: 0, bytes_out: 0, ..fixture.record(beginning(), 200) };
        let end = Record { bytes_in: 3, bytes_out: 70, counts: false, billed: false, ..call.clone() };
        accept(&bench, &segment(1), &[call]).await.unwrap();
        accept(&bench, &segment(2), &[end]).await.unwrap();
        let range = UsageRange { from: None, to: Some(beginning() + TimeDelta::minutes(1)) };
        let totals = bench.get_usage_totals(&fixture.who, None, &range).await.unwrap();
        assert_eq!((totals.requests, totals.bytes_in, totals.bytes_out), (1, 3, 70));
    })
    .await;
}

#[tokio::test]
async fn segments_of_many_applications_are_counted_side_by_side() {
    on_both(async |bench| {
        let (one, two) = (fixture(&bench, "ines").await, fixture(&bench, "sam").await);
        let forth: Vec<Record> = (0..100).map(|index| if index % 2 == 0 { &one } else { &two }.record(beginning(), 200)).collect();
        let back: Vec<Record> = forth.iter().rev().cloned().collect();
        let work = (0..12).map(|number| {
            let (bench, records) = (&bench, if number % 2 == 0 { &forth } else { &back });
            async move { accept(bench, &segment(number), records).await }
        });
        for done in futures_util::future::join_all(work).await {
            done.unwrap();
        }
        let range = UsageRange { from: None, to: Some(beginning() + TimeDelta::minutes(1)) };
        for fixture in [&one, &two] {
            assert_eq!(bench.get_usage_totals(&fixture.who, None, &range).await.unwrap().requests, 600);
            let shares = bench.get_usage_by_application(&fixture.who, &range).await.unwrap();
            assert_eq!(
                shares.iter().map(|share| (share.by.clone(), share.totals.requests)).collect::<Vec<_>>(),
                [(fixture.application.to_string(), 600)]
            );
        }
        let all = bench.get_any_usage(&bench.operator().await, &Preset::Day.query(beginning())).await.unwrap();
        assert_eq!(all.data.iter().map(|point| point.requests).sum::<i64>(), 1200);
    })
    .await;
}

#[tokio::test]
async fn usage_of_a_removed_subscription_does_not_hold_up_the_rest() {
    on_both(async |bench| {
        let fixture = fixture(&bench, "ines").await;
        let orphan = Record { subscription_id: SubscriptionId(Uuid::from_u128(9)), ..fixture.record(beginning(), 200) };
        accept(&bench, &segment(1), &[orphan, fixture.record(beginning(), 200)]).await.unwrap();
        let range = UsageRange { from: None, to: Some(beginning() + TimeDelta::minutes(1)) };
        assert_eq!(bench.get_usage_totals(&fixture.who, None, &range).await.unwrap().requests, 2);
    })
    .await;
}

#[tokio::test]
async fn minutes_and_hours_are_dropped_in_their_time_and_days_stay() {
    on_both(async |bench| {
        let fixture = fixture(&bench, "ines").await;
        accept(&bench, &segment(1), &[fixture.record(beginning(), 200)]).await.unwrap();
        let count = async |step| {
            let query = UsageQuery {
                from: Some(beginning() - TimeDelta::hours(1)),
                to: Some(beginning() + TimeDelta::hours(1)),
                step: Some(step),
                by: None,
            };
            bench.get_usage(&fixture.who, fixture.application, &query).await.unwrap().data.iter().map(|point| point.requests).sum::<i64>()
        };
        for (days, left) in [(2, [1, 1, 1]), (2, [0, 1, 1]), (100, [0, 0, 1])] {
            bench.advance(TimeDelta::days(days));
            bench.tend_usage().await.unwrap();
            assert_eq!([count(UsageStep::Minute).await, count(UsageStep::Hour).await, count(UsageStep::Day).await], left);
        }
        let range = UsageRange { from: Some(beginning()), to: Some(beginning() + TimeDelta::hours(1)) };
        assert_eq!(bench.get_usage_totals(&fixture.who, None, &range).await.unwrap().requests, 1, "read from days");
    })
    .await;
}

#[tokio::test]
async fn hours_and_days_are_right_before_and_after_they_are_summed_up_and_when_calls_come_late() {
    on_both(async |bench| {
        let fixture = fixture(&bench, "ines").await;
        let operator = bench.operator().await;
        let midnight = UsageStep::Day.floor(beginning());
        let at = |hours: i64, minutes: i64| midnight + TimeDelta::hours(hours) + TimeDelta::minutes(minutes);
        let call = |at, latency_us| Record { latency_us, ..fixture.record(at, 200) };
        let mut number = 0;
        let mut count = async |records: &[Record]| {
            number += 1;
            accept(&bench, &segment(number), records).await.unwrap();
        };
        let shown = async || {
            let mut found = Vec::new();
            for (step, span) in [(UsageStep::Hour, TimeDelta::days(3)), (UsageStep::Day, TimeDelta::days(60))] {
                let to = Some(midnight + TimeDelta::days(3));
                let query = UsageQuery { from: to.map(|to| to - span), to, step: Some(step), by: None };
                let data = bench.get_usage(&fixture.who, fixture.application, &query).await.unwrap().data;
                let points: Vec<_> = data.iter().filter(|point| point.requests > 0).map(|point| (point.start, point.requests)).collect();
                found.push(points);
            }
            let range = UsageRange { from: Some(midnight), to: Some(midnight + TimeDelta::days(3)) };
            let totals = bench.get_usage_totals(&fixture.who, None, &range).await.unwrap();
            let shares = bench.get_usage_shares(&fixture.who, fixture.application, &range, UsageBy::Route).await.unwrap();
            let applications = bench.get_usage_by_application(&fixture.who, &range).await.unwrap();
            for shares in [shares, applications] {
                assert_eq!(shares.iter().map(|share| &share.totals).collect::<Vec<_>>(), [&totals]);
            }
            for by in UsageOf::ALL.iter().copied() {
                let shares = bench.get_any_usage_shares(&operator, &range, by).await.unwrap();
                assert_eq!(shares.iter().map(|share| &share.totals).collect::<Vec<_>>(), [&totals], "{by}");
            }
            assert_eq!(bench.get_any_usage_totals(&operator, &range).await.unwrap(), totals);
            (found, totals.requests, totals.latency_ms.p50)
        };

        count(&[call(at(13, 10), 1_000), call(at(13, 50), 1_000), call(at(15, 1), 9_000)]).await;
        let before = shown().await;
        let middle = before.2;
        assert_eq!(before, (vec![vec![(at(13, 0), 2), (at(15, 0), 1)], vec![(midnight, 3)]], 3, middle));
        for hours in [2, 2, 24] {
            bench.advance(TimeDelta::hours(hours));
            bench.tend_usage().await.unwrap();
            bench.tend_usage().await.unwrap();
            assert_eq!(shown().await, before, "{hours} hours later");
        }
        count(&[call(at(13, 10), 1_000), call(at(40, 5), 1_000)]).await;
        let late = (vec![vec![(at(13, 0), 3), (at(15, 0), 1), (at(40, 0), 1)], vec![(midnight, 4), (at(24, 0), 1)]], 5, middle);
        assert_eq!(shown().await, late);
        bench.advance(TimeDelta::hours(24));
        bench.tend_usage().await.unwrap();
        assert_eq!(shown().await, late);
    })
    .await;
}

#[tokio::test]
async fn a_minute_that_was_counted_in_pieces_shows_the_same_when_it_is_packed_and_takes_less_room() {
    on_both(async |bench| {
        let (fixture, other) = (fixture(&bench, "ines").await, fixture(&bench, "omar").await);
        let operator = bench.operator().await;
        for number in 0..20 {
            let call = |of: &Fixture, route: &str, status| Record { route: route.into(), ..of.record(beginning(), status) };
            let records =
                [call(&fixture, "GET /v1/orders", 200), call(&fixture, "POST /v1/orders", 503), call(&other, "GET /v1/orders", 200)];
            accept(&bench, &segment(number), &records).await.unwrap();
        }
        let range = UsageRange { from: Some(beginning() - TimeDelta::minutes(5)), to: Some(beginning() + TimeDelta::minutes(5)) };
        let shown = async || {
            let mut series = Vec::new();
            for by in [None, Some(UsageBy::Route), Some(UsageBy::Key), Some(UsageBy::Status)] {
                let query = UsageQuery { from: range.from, to: range.to, step: Some(UsageStep::Minute), by };
                series.push(bench.get_usage(&fixture.who, fixture.application, &query).await.unwrap().data);
                series.push(bench.get_tenant_usage(&other.who, &query).await.unwrap().data);
                series.push(bench.get_any_usage(&operator, &query).await.unwrap().data);
            }
            for points in &mut series {
                points.retain(|point| point.requests > 0);
            }
            let mut shares = vec![bench.get_usage_by_application(&fixture.who, &range).await.unwrap()];
            for of in UsageOf::ALL.iter().copied() {
                shares.push(bench.get_any_usage_shares(&operator, &range, of).await.unwrap());
            }
            (series, shares)
        };
        let room = async || {
            bench
                .number(
                    "SELECT CAST((SELECT SUM(LENGTH(sums)) FROM usage_minutes)
                     + (SELECT SUM(LENGTH(latency)) FROM usage_sums WHERE step = 'minute') AS BIGINT)",
                )
                .await
        };
        let (before, pieces) = (shown().await, room().await);
        let requests = |points: &[UsagePoint]| points.iter().map(|point| (point.requests, point.server_errors)).collect::<Vec<_>>();
        let expected: [&[(i64, i64)]; 3] = [&[(40, 20)], &[(20, 0)], &[(60, 20)]];
        for (series, expected) in before.0.iter().zip(expected) {
            assert_eq!(requests(series), expected);
        }
        bench.advance(TimeDelta::minutes(5));
        bench.tend_usage().await.unwrap();
        assert_eq!(shown().await, before);
        let packed = room().await;
        assert!(packed * 10 < pieces, "{packed} bytes, {pieces} in pieces");
        // What comes later still is added.
        accept(&bench, &segment(20), &[fixture.record(beginning(), 200)]).await.unwrap();
        let totals = bench.get_usage_totals(&fixture.who, Some(fixture.application), &range).await.unwrap();
        assert_eq!((totals.requests, totals.server_errors), (41, 20));
    })
    .await;
}

#[tokio::test]
async fn another_tenants_usage_is_not_there() {
    on_both(async |bench| {
        let (one, two) = (fixture(&bench, "ines").await, fixture(&bench, "sam").await);
        accept(&bench, &segment(1), &[one.record(beginning(), 200)]).await.unwrap();
        let refused = bench.get_usage(&two.who, one.application, &UsageQuery::default()).await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
        let range = UsageRange { from: None, to: Some(beginning() + TimeDelta::minutes(1)) };
        assert_eq!(bench.get_usage_totals(&two.who, None, &range).await.unwrap().requests, 0);
        let query = UsageQuery { from: Some(beginning()), to: Some(beginning()), ..UsageQuery::default() };
        assert!(matches!(bench.get_usage(&one.who, one.application, &query).await, Err(Error::Invalid(_))));
    })
    .await;
}

#[tokio::test]
async fn the_overview_adds_up_monthly_worth_and_requests() {
    on_both(async |bench| {
        let fixture = fixture(&bench, "ines").await;
        accept(&bench, &segment(1), &[fixture.record(beginning(), 200)]).await.unwrap();
        let overview = bench.overview(&bench.operator().await).await.unwrap();
        assert_eq!((overview.tenants, overview.subscriptions, overview.applications), (1, 1, 1));
        // 100.06 a year is 8.34 a month, rounded half away from zero.
        assert_eq!(overview.monthly_recurring.iter().map(|money| money.amount).collect::<Vec<_>>(), [834]);
        assert_eq!(overview.requests.len(), 30);
        assert_eq!(overview.requests.last().map(|point| point.requests), Some(1));
        assert!(!overview.recent.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_table_for_spreadsheets_has_a_heading_and_one_line_per_point() {
    on_both(async |bench| {
        let fixture = fixture(&bench, "ines").await;
        let hostile = Record { route: "=1+1".into(), ..fixture.record(beginning(), 200) };
        accept(&bench, &segment(1), &[hostile]).await.unwrap();
        let query = UsageQuery { by: Some(UsageBy::Route), ..Preset::Day.query(beginning()) };
        let series = bench.get_usage(&fixture.who, fixture.application, &query).await.unwrap();
        let text = usage::csv(&series, query.by);
        assert!(text.starts_with("start,route,requests,"));
        assert!(text.contains("2026-03-01T12:00:00Z,\"'=1+1\",1,0,0,10,100,"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn what_an_ended_subscription_reports_late_counts_for_the_one_that_went_on_with_its_month() {
    on_both(async |bench| {
        let fixture = fixture(&bench, "ines").await;
        let (old, new) = (bench.literal(fixture.subscription.0), bench.literal(bench.random.uuid(beginning())));
        let noon = "'2026-03-01T12:00:00+00:00'";
        bench
            .sql(&format!(
                "UPDATE subscriptions SET status = 'canceled', ended_at = {noon} WHERE id = {old};
                 INSERT INTO subscriptions (id, tenant_id, product_id, plan_version_id, status, anchor, current_period_start, current_period_end, quota_period_start, quota_period_end, created_at, updated_at)
                 SELECT {new}, tenant_id, product_id, plan_version_id, 'active', anchor, {noon}, {noon}, {noon}, {noon}, {noon}, {noon} FROM subscriptions WHERE id = {old}"
            ))
            .await;
        accept(&bench, &segment(1), &[fixture.record(beginning(), 200), fixture.record(beginning(), 200)]).await.unwrap();
        let used = async |id: &str| {
            bench.number(&format!("SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM quota_usage WHERE subscription_id = {id}")).await
        };
        assert_eq!((used(&old).await, used(&new).await), (2, 2));
    })
    .await;
}

#[tokio::test]
async fn gateways_lease_no_more_together_than_the_plan_includes() {
    on_both(async |bench| {
        let fixture = fixture(&bench, "ines").await;
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        bench.replica_lives(one).await.unwrap();
        bench.replica_lives(two).await.unwrap();
        assert_eq!(bench.live_replicas().await.unwrap(), 2);
        let lease = async |replica| bench.lease_quota(replica, fixture.subscription, beginning(), 100, 1_000).await.unwrap().units;
        assert_eq!((lease(one).await, lease(two).await), (25, 18));
        let asked = (0..40).map(|number| lease(if number % 2 == 0 { one } else { two }));
        let taken: i64 = futures_util::future::join_all(asked).await.iter().sum();
        assert_eq!(taken, 100 - 25 - 18);
        assert_eq!(lease(one).await, 0);

        bench.return_quota(two, fixture.subscription, beginning(), || 5).await.unwrap();
        assert_eq!((lease(one).await, lease(one).await), (1, 1), "the less is left the less is given");
        bench.replica_ends(two).await.unwrap();
        assert_eq!(bench.live_replicas().await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_counted_is_no_longer_leased_and_a_restart_frees_the_rest() {
    on_both(async |bench| {
        let fixture = fixture(&bench, "ines").await;
        let replica = Uuid::nil();
        let lease = async || bench.lease_quota(replica, fixture.subscription, beginning(), 100, 40).await.unwrap();
        assert_eq!(lease().await.units, 40);
        accept(&bench, &segment(1), &vec![fixture.record(beginning(), 200); 30]).await.unwrap();
        let left = lease().await.left;
        assert_eq!(left, 100 - 30 - 10 - 30, "used, held from before, held now");
        bench.void_leases(replica).await.unwrap();
        let after = lease().await;
        assert_eq!(after.units + after.left, 70);
    })
    .await;
}

#[tokio::test]
async fn refusals_are_counted_by_the_hour_and_shown_to_their_tenant_alone() {
    on_both(async |bench| {
        let fixture = fixture(&bench, "ines").await;
        let refused = |code, calls| Refused { application_id: fixture.application, code, calls };
        bench.note_refusals(&[refused("rate_limited", 3), refused("quota_exhausted", 9), refused("rate_limited", 1)]).await.unwrap();
        bench.note_refusals(&[refused("quota_exhausted", 1)]).await.unwrap();
        let range = |hours| UsageRange { from: Some(beginning() - TimeDelta::hours(hours)), to: Some(beginning() + TimeDelta::minutes(1)) };
        let shown = async |range| {
            let found = bench.get_refusals(&fixture.who, fixture.application, &range).await.unwrap();
            found.into_iter().map(|one| (one.code, one.calls)).collect::<Vec<_>>()
        };
        assert_eq!(shown(range(24)).await, [("quota_exhausted".to_owned(), 10), ("rate_limited".to_owned(), 4)]);
        bench.advance(TimeDelta::hours(1));
        bench.note_refusals(&[refused("ip_not_allowed", 1)]).await.unwrap();
        assert_eq!(shown(range(24)).await.len(), 2, "a later hour is out of the range");
        let stranger = bench.owner::<ViewTenant>("sam").await;
        assert!(matches!(bench.get_refusals(&stranger, fixture.application, &range(24)).await, Err(Error::NotFound(_))));
        bench.advance(TimeDelta::days(101));
        bench.tend_usage().await.unwrap();
        let all = UsageRange { from: Some(beginning() - TimeDelta::days(1)), to: None };
        assert!(shown(all).await.is_empty());
    })
    .await;
}
