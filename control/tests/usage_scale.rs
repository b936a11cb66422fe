//! How long reading usage takes with a thousand applications and ninety days. Prints figures and
//! asserts none: `cargo test --release -p mintreu-control --test usage_scale -- --ignored --nocapture`.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use mintreu_control::access::ViewTenant;
use mintreu_control_testing::{Bench, beginning, on_both, scene::scene};
use mintreu_model::{
    form::usage::{UsageQuery, UsageRange},
    id::ApplicationId,
    status::{UsageBy, UsageOf, UsageStep},
};

const TENANTS: u32 = 100;
const APPLICATIONS: u32 = 1_000;

/// Words that differ between the engines: a fresh id, a time some days or hours before the beginning.
struct Words {
    id: &'static str,
    days: &'static str,
    hours: &'static str,
    empty: &'static str,
}

const SQLITE: Words = Words {
    id: "randomblob(16)",
    days: "strftime('%Y-%m-%dT00:00:00+00:00', '2026-03-01', '-' || d.i || ' days')",
    hours: "strftime('%Y-%m-%dT%H:00:00+00:00', '2026-03-01 11:00:00', '-' || h.i || ' hours')",
    empty: "'{}'",
};
const POSTGRES: Words = Words {
    id: "gen_random_uuid()",
    days: "timestamptz '2026-03-01T00:00:00+00:00' - d.i * interval '1 day'",
    hours: "timestamptz '2026-03-01T11:00:00+00:00' - h.i * interval '1 hour'",
    empty: "'{}'::jsonb",
};

fn numbers(name: &str, count: u32) -> String {
    format!("{name}(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM {name} WHERE i < {})", count - 1)
}

/// Requests spread over two dozen classes of latency.
fn latency() -> String {
    (38..62).map(|class| [class.to_string(), (3 + class % 17).to_string()].join(":") + ",").collect()
}

async fn fill(bench: &Bench, tenant: &str) {
    let words = if bench.url.starts_with("sqlite") { SQLITE } else { POSTGRES };
    let Words { id, days, hours, empty } = words;
    let at = "'2025-11-01T00:00:00+00:00'";
    let combinations = "parts(route, status, own, share) AS (VALUES
        ('GET /v1/orders', 200, 1, 40), ('GET /v1/orders', 404, 1, 1), ('GET /v1/orders', 200, 0, 20), ('GET /v1/orders/{id}', 200, 1, 60),
        ('GET /v1/orders/{id}', 404, 1, 3), ('GET /v1/orders/{id}', 200, 0, 30), ('POST /v1/orders', 201, 1, 10), ('POST /v1/orders', 422, 1, 1),
        ('POST /v1/orders', 503, 1, 1), ('GET /v1/products', 200, 1, 90), ('GET /v1/products', 304, 0, 15), ('GET /v1/products', 429, 1, 2))";
    let row = |step: &str, start: &str| {
        format!(
            "'{step}', {start}, a.id, CASE p.own WHEN 1 THEN a.id ELSE a.subscription_id END, p.route, p.status, p.share * 7, p.share * 700,
             p.share * 70000, '{}'",
            latency()
        )
    };
    let columns = "usage_rollups (step, start, application_id, key_id, route, status, requests, bytes_in, bytes_out, latency)";
    let (n, d) = (numbers("n", TENANTS - 1), numbers("d", 90));
    let (m, all_hours, few_hours) = (numbers("m", APPLICATIONS), numbers("h", 90 * 24), numbers("h", 72));
    bench
        .sql(&format!(
            "INSERT INTO tenants (id, slug, name, status, created_at, updated_at)
             WITH RECURSIVE {n} SELECT {id}, 'bulk-' || i, 'Bulk ' || i, 'active', {at}, {at} FROM n;
             INSERT INTO applications (id, tenant_id, subscription_id, product_id, slug, name, status, config, created_at, updated_at)
             WITH RECURSIVE {m}, places AS (SELECT id, ROW_NUMBER() OVER (ORDER BY CASE WHEN id = {tenant} THEN 0 ELSE 1 END, id) - 1 AS place FROM tenants)
             SELECT {id}, t.id, s.id, s.product_id, 'bulk-' || m.i, 'Bulk', 'active', {empty}, {at}, {at}
             FROM m JOIN places t ON t.place = CASE WHEN m.i < 100 THEN 0 ELSE m.i % {TENANTS} END CROSS JOIN subscriptions s;
             INSERT INTO {columns} WITH RECURSIVE {d}, {combinations} SELECT {} FROM applications a CROSS JOIN d CROSS JOIN parts p;
             INSERT INTO {columns} WITH RECURSIVE {all_hours}, {combinations} SELECT {} FROM applications a CROSS JOIN h CROSS JOIN parts p
             WHERE a.tenant_id = {tenant} AND p.share >= 30;
             INSERT INTO {columns} WITH RECURSIVE {few_hours}, {combinations} SELECT {} FROM applications a CROSS JOIN h CROSS JOIN parts p
             WHERE a.tenant_id <> {tenant} AND p.share >= 30;
             UPDATE usage_marks SET until = '2026-03-01T00:00:00+00:00' WHERE step = 'day';
             UPDATE usage_marks SET until = '2026-03-01T12:00:00+00:00' WHERE step = 'hour';",
            row("day", days),
            row("hour", hours),
            row("hour", hours),
        ))
        .await;
    // Merged sums have every class once, whatever they are made of.
    let nil = bench.literal(uuid::Uuid::nil());
    for (kind, target, status) in [
        ("platform", nil.as_str(), "0"),
        ("status", nil.as_str(), "r.status"),
        ("tenant", "a.tenant_id", "0"),
        ("product", "a.product_id", "0"),
        ("application", "a.id", "0"),
    ] {
        bench
            .sql(&format!(
                "INSERT INTO usage_sums (kind, step, target, start, status, requests, errors, server_errors, bytes_in, bytes_out, latency)
                 SELECT '{kind}', r.step, {target}, r.start, {status}, SUM(r.requests), SUM(CASE WHEN r.status >= 400 THEN r.requests ELSE 0 END),
                    SUM(CASE WHEN r.status >= 500 THEN r.requests ELSE 0 END), SUM(r.bytes_in), SUM(r.bytes_out), '{}'
                 FROM usage_rollups r JOIN applications a ON a.id = r.application_id GROUP BY 1, 2, 3, 4, 5",
                latency()
            ))
            .await;
    }
    bench.sql("ANALYZE").await;
}

/// The middle one of five.
async fn timed(what: &str, call: impl AsyncFn() -> usize) {
    let mut times = Vec::new();
    let mut rows = 0;
    for _ in 0..5 {
        let began = Instant::now();
        rows = call().await;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let middle = times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64);
    println!("{what:<52} {:>8.1} ms {rows:>6} rows", middle * 1_000.0);
}

#[tokio::test]
#[ignore = "fills a database of gigabytes"]
async fn usage_of_ninety_days_among_a_thousand_applications() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let (bench, who) = (&scene.bench, scene.who.also::<ViewTenant>().unwrap());
        let operator = bench.operator().await;
        let began = Instant::now();
        fill(bench, &bench.literal(who.tenant_id().0)).await;
        let rows = bench.number("SELECT CAST(COUNT(*) AS BIGINT) FROM usage_rollups").await;
        println!("{}: {rows} rows, filled in {:?}", bench.db.engine(), began.elapsed());
        let found = bench.list_applications(&who, &mintreu_model::list::ListQuery::default()).await.unwrap();
        let one: ApplicationId = found.data.first().unwrap().id;
        let to = UsageStep::Day.floor(beginning()) + TimeDelta::days(1);
        for days in [90, 7] {
            let range = UsageRange { from: Some(to - TimeDelta::days(days)), to: Some(to) };
            for step in [UsageStep::Day, UsageStep::Hour] {
                if step == UsageStep::Hour && days > 80 {
                    continue;
                }
                let query = UsageQuery { from: range.from, to: range.to, step: Some(step), by: None };
                let said = format!("{days} days by {step}");
                timed(&format!("application, series, {said}"), async || bench.get_usage(&who, one, &query).await.unwrap().data.len()).await;
                timed(&format!("tenant, series, {said}"), async || bench.get_tenant_usage(&who, &query).await.unwrap().data.len()).await;
                timed(&format!("platform, series, {said}"), async || bench.get_any_usage(&operator, &query).await.unwrap().data.len())
                    .await;
                let query = UsageQuery { by: Some(UsageBy::Route), ..query };
                timed(&format!("application, series by route, {said}"), async || {
                    bench.get_usage(&who, one, &query).await.unwrap().data.len()
                })
                .await;
            }
            timed(&format!("application, totals, {days} days"), async || {
                bench.get_usage_totals(&who, Some(one), &range).await.map(|_| 1).unwrap()
            })
            .await;
            for by in UsageBy::ALL.iter().copied() {
                timed(&format!("application, shares by {by}, {days} days"), async || {
                    bench.get_usage_shares(&who, one, &range, by).await.unwrap().len()
                })
                .await;
            }
            timed(&format!("platform, totals, {days} days"), async || {
                bench.get_any_usage_totals(&operator, &range).await.map(|_| 1).unwrap()
            })
            .await;
            for by in UsageOf::ALL.iter().copied() {
                timed(&format!("platform, shares by {by}, {days} days"), async || {
                    bench.get_any_usage_shares(&operator, &range, by).await.unwrap().len()
                })
                .await;
            }
            timed(&format!("tenant, totals, {days} days"), async || bench.get_usage_totals(&who, None, &range).await.map(|_| 1).unwrap())
                .await;
            timed(&format!("tenant, shares by application, {days} days"), async || {
                bench.get_usage_by_application(&who, &range).await.unwrap().len()
            })
            .await;
        }
    })
    .await;
}
