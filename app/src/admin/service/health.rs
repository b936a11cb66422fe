//! Health as words: of one address, and of a whole service.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::{status::AddressState, view::HealthView};

use crate::components::prelude::*;

const fn words(state: AddressState) -> (Tone, &'static str) {
    match state {
        AddressState::Unknown => (Tone::Neutral, "Not known yet"),
        AddressState::Healthy => (Tone::Good, "Healthy"),
        AddressState::Unhealthy => (Tone::Bad, "Unhealthy"),
        AddressState::Ejected => (Tone::Warning, "Left alone"),
        AddressState::Open => (Tone::Bad, "Circuit open"),
        AddressState::HalfOpen => (Tone::Busy, "Trying again"),
    }
}

/// “Healthy”, “2 of 3 healthy”, “Down”.
#[component]
pub fn HealthBadge(found: Vec<HealthView>) -> impl IntoView {
    let count = |state: AddressState| found.iter().filter(|one| one.state == state).count();
    let (unknown, all) = (count(AddressState::Unknown), found.len());
    let (tone, label) = match count(AddressState::Healthy) {
        _ if unknown == all => (Tone::Neutral, "Not known yet".to_owned()),
        well if well + unknown == all => (Tone::Good, "Healthy".to_owned()),
        0 if unknown == 0 => (Tone::Bad, "Down".to_owned()),
        well => (Tone::Warning, format!("{well} of {all} healthy")),
    };
    view! { <Badge tone=tone label=label /> }.into_any()
}

fn latency(micros: i64) -> String {
    if micros < 1_000 { format!("{micros} µs") } else { format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100) }
}

/// A text, and when it was so.
fn noted(text: Option<String>, at: Option<DateTime<Utc>>, now: DateTime<Utc>, none: &'static str) -> AnyView {
    match (text, at) {
        (Some(text), Some(at)) => view! { {text}<span class="sub"><When at=at now=now /></span> }.into_any(),
        _ => view! { <span class="muted">{none}</span> }.into_any(),
    }
}

/// What is known of each address.
#[component]
pub fn HealthTable(found: Vec<HealthView>, now: DateTime<Utc>) -> impl IntoView {
    let columns = vec![
        Column::new("Base URL"),
        Column::new("State"),
        Column::new("Under way").num(),
        Column::new("First byte").num(),
        Column::new("Last check"),
        Column::new("Last error"),
    ];
    let rows = found
        .into_iter()
        .map(|one| {
            let (tone, label) = words(one.state);
            Row::new(cells![
                view! { <code>{one.base_url}</code> },
                view! { <Badge tone=tone label=label /> },
                one.in_flight.to_string(),
                one.latency_us.map_or_else(|| "–".to_owned(), latency),
                noted(one.last_check, one.checked_at, now, "Not yet"),
                noted(one.last_error, one.last_error_at, now, "None"),
            ])
        })
        .collect();
    view! { <Table caption="Addresses of the service and their health" columns=columns rows=rows dense=true /> }.into_any()
}
