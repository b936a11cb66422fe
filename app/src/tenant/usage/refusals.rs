//! Refused calls by reason.

use leptos::prelude::*;
use mintreu_model::view::RefusalCount;

use crate::{cells, components::prelude::*};

#[component]
pub fn Refusals(refusals: Vec<RefusalCount>) -> impl IntoView {
    if refusals.is_empty() {
        return view! { <EmptyState icon="check" title="Nothing was refused">"Refused calls are never billed."</EmptyState> }.into_any();
    }
    let most = refusals.iter().map(|one| one.calls).max().unwrap_or(0);
    let rows = refusals
        .into_iter()
        .map(|one| {
            let href = format!("/docs/errors#{}", one.code);
            Row::new(cells![
                view! { <a href=href><code>{one.code}</code></a> },
                view! { <Share part=one.calls whole=most /> },
                thousands(one.calls),
            ])
        })
        .collect();
    let columns = vec![Column::new("Reason"), Column::new("Share").hide_card(), Column::new("Calls").num()];
    view! { <Table caption="Refused calls by reason" columns=columns rows=rows dense=true /> }.into_any()
}
