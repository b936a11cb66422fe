//! Health as words: of one address, and of a whole service.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::view::HealthView;

use crate::components::prelude::*;

/// “Well”, “2 of 3 well”, “Down”.
#[component]
pub fn HealthBadge(found: Vec<HealthView>) -> impl IntoView {
    let (well, all) = (found.iter().filter(|one| one.healthy).count(), found.len());
    let (tone, label) = match well {
        0 => (Tone::Bad, "Down".to_owned()),
        well if well == all => (Tone::Good, "Well".to_owned()),
        well => (Tone::Warning, format!("{well} of {all} well")),
    };
    view! { <Badge tone=tone label=label /> }.into_any()
}

/// What each address answered.
#[component]
pub fn HealthTable(found: Vec<HealthView>, now: DateTime<Utc>) -> impl IntoView {
    let columns =
        vec![Column::new("Base URL"), Column::new("State"), Column::new("Answer"), Column::new("Took").num(), Column::new("Asked")];
    let rows = found
        .into_iter()
        .map(|one| {
            let (tone, label) = if one.healthy { (Tone::Good, "Well") } else { (Tone::Bad, "Down") };
            Row::new(cells![
                view! { <code>{one.base_url}</code> },
                view! { <Badge tone=tone label=label /> },
                one.detail,
                format!("{} ms", one.latency_ms),
                view! { <When at=one.checked_at now=now /> },
            ])
        })
        .collect();
    view! { <Table caption="Addresses of the service and their health" columns=columns rows=rows dense=true /> }.into_any()
}
