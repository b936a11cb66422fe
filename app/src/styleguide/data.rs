//! Figures, charts, meters, tables, timelines.

use leptos::prelude::*;
use mintreu_model::status::StepStatus;

use crate::components::prelude::*;

/// A believable course without randomness.
fn course(base: f64, swing: f64) -> Vec<f64> {
    (0..30_u32).map(|day| base + swing * (f64::from(day * 7 % 11) / 11.0) + base * f64::from(day) / 90.0).collect()
}

fn days() -> Vec<String> {
    (1..=30).map(|day| format!("{day} Nov")).collect()
}

fn kpis() -> Vec<Kpi> {
    let than = || "on 30 days before".to_owned();
    vec![
        Kpi::new("Requests", "655,587").course(course(20.0, 9.0)).change(Change {
            up: true,
            good: None,
            by: "14.2 %".into(),
            than: than(),
        }),
        Kpi::new("Error rate", "4.07").unit("%").course(course(4.0, 3.0)).change(Change {
            up: true,
            good: Some(false),
            by: "0.31 points".into(),
            than: "up, mostly on 17 Nov".into(),
        }),
        Kpi::new("Latency, p95", "104").unit("ms").course(course(90.0, 40.0)).change(Change {
            up: false,
            good: Some(true),
            by: "12 ms".into(),
            than: than(),
        }),
        Kpi::new("Due on 1 December", "€197.00").course(course(5.0, 0.0)).note("€88.00 of it expected overage"),
    ]
}

fn rows() -> Vec<Row> {
    [
        ("Storefront", "active", 124_429, "24 ms"),
        ("Warehouse", "expiring", 83_956, "19 ms"),
        ("Continuous integration", "revoked", 2_345, "61 ms"),
    ]
    .into_iter()
    .map(|(name, status, requests, latency)| {
        Row::new(cells![
            view! { <a href="#">{name}</a> },
            view! { <Status name=status /> },
            view! { <code>"mci_7k2m…wd4x"</code> },
            thousands(requests),
            latency,
        ])
        .actions(view! { <LinkButton href="#" label="Rotate" small=true about=name /> })
    })
    .collect()
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("Name").sort("name"),
        Column::new("Status").sort("status"),
        Column::new("Client ID"),
        Column::new("Requests").num().sort("requests"),
        Column::new("p50").num().sort("p50"),
    ]
}

fn steps() -> Vec<TimelineStep> {
    let step = |status, label: &str, elapsed: Option<&str>, detail: Option<&str>| TimelineStep {
        status,
        label: label.into(),
        elapsed: elapsed.map(Into::into),
        detail: detail.map(Into::into),
    };
    vec![
        step(StepStatus::Done, "Plan and quota checked", Some("0.1 s"), Some("2 of 5 applications on Pro")),
        step(StepStatus::Done, "Database created", Some("1.8 s"), Some("On pg-eu-1, with a role that sees nothing else")),
        step(StepStatus::Failed, "Service asked to set up", Some("0.4 s"), Some("The service answered 503")),
        step(StepStatus::Running, "Tables migrated", Some("6.7 s"), Some("7 of 11 · 0007_order_discounts")),
        step(StepStatus::Pending, "Keys published to the gateway", None, None),
    ]
}

#[component]
pub fn Data() -> impl IntoView {
    let status = Filter {
        key: "status",
        label: "Status",
        any: "Any status",
        options: vec![("active".into(), "Active".into()), ("revoked".into(), "Revoked".into())],
    };
    let nothing = Query::current().get("q").is_some_and(|text| text == "nothing");
    let empty = || {
        view! {
            <EmptyState icon="key" title="No keys yet" actions=view! { <LinkButton href="#" label="New key" look=Look::Primary /> }>
                "A key lets a program call the application."
            </EmptyState>
        }
    };
    view! {
        <Kpis figures=kpis() />
        <div class="cols cols-main even">
            <Card title="Requests by outcome" action=view! { <LinkButton href="#" label="Open usage" look=Look::Quiet small=true /> }>
                <StackedBars caption="Requests per day by outcome" labels=days() partial=true note=(16, "Upstream slow".to_owned())
                    summary="Requests per day in November, rising from about 20 to 30 thousand."
                    series=vec![
                        Series::new("Succeeded", 1, course(20_000.0, 9_000.0)).total("628,898"),
                        Series::new("Client errors, 4xx", 4, course(900.0, 400.0)).total("23,991"),
                        Series::new("Service errors, 5xx", 2, course(80.0, 500.0)).total("2,698"),
                    ]
                    foot="30 November so far. Days in Europe/Berlin." />
            </Card>
            <Card title="Quota" action=view! { <Badge tone=Tone::Warning label="Near the limit" /> }>
                <QuotaMeter label="E-commerce API quota" used=442_893 included=500_000 expected=720_000 until="30 Nov" />
                <p class="small muted">"At this pace 720,000 by 30 November: 220,000 over, about €88.00."</p>
                <hr />
                <SmallMeter label="Blog API" used=31_870 included=100_000 />
                <SmallMeter label="Analytics API" used=1_000_000 included=1_000_000 />
                <QuotaMeter label="A new quota" used=0 included=10_000 />
            </Card>
        </div>
        <Card title="Latency" note="Of successful calls">
            <Lines caption="Latency per day" labels=days() format=milliseconds note=(20, "Upstream slow for 28 min".to_owned())
                summary="Latency in November: median about 45, p95 about 120 and p99 about 230 milliseconds."
                series=vec![
                    Series::new("p50", 1, course(40.0, 6.0)).total("41 ms"),
                    Series::new("p95", 2, course(100.0, 30.0)).total("105 ms"),
                    Series::new("p99", 3, course(180.0, 80.0)).total("186 ms"),
                ]
                foot="Days in Europe/Berlin." />
        </Card>
        <List of="keys" columns=columns() rows=rows() total=if nothing { 0 } else { 312 } sorted="-requests" search="Name or ID"
            filters=vec![status] empty=empty() csv="#" />
        <List of="webhooks" columns=columns() rows=Vec::new() total=0 empty=empty() search="" />
        <div class="cols cols-2 even">
            <Card title="Provisioning" note="9 s, usually 12 s"><Timeline steps=steps() /></Card>
            <Card title="Recent activity">
                <Feed items=vec![
                    FeedItem {
                        icon: "box",
                        what: view! { "Provisioning of "<a href="#">"Fjordline Outlet"</a>" began" }.into(),
                        by: Some("E-commerce API, Pro · by Ines".into()),
                        when: "just now".into(),
                        at: "2026-11-19T14:31:58+01:00".into(),
                    },
                    FeedItem {
                        icon: "alert",
                        what: "80 % of the E-commerce API quota used".into(),
                        by: None,
                        when: "17 Nov, 22:10".into(),
                        at: "2026-11-17T22:10:00+01:00".into(),
                    },
                ] />
                <hr />
                <Checklist items=vec![
                    Todo { done: true, label: "Subscribe to a product".into(), href: "#".into(), why: None },
                    Todo { done: false, label: "Add a second owner".into(), href: "#".into(), why: Some("So that nobody is locked out".into()) },
                ] />
            </Card>
        </div>
    }
    .into_any()
}
