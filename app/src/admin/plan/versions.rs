//! The versions that a plan has had, newest first.

use leptos::prelude::*;
use mintreu_model::view::PlanView;

use crate::{
    components::prelude::*,
    tenant::words::{beyond, body_limit, price},
};

#[component]
pub fn Versions(versions: Vec<PlanView>) -> impl IntoView {
    let columns = vec![
        Column::new("Version"),
        Column::new("Name"),
        Column::new("Price"),
        Column::new("Trial, days").num(),
        Column::new("Requests a month").num(),
        Column::new("Beyond"),
        Column::new("A second / burst").num(),
        Column::new("Applications").num(),
        Column::new("Largest request").num(),
        Column::new("Largest answer").num(),
    ];
    let rows = versions
        .into_iter()
        .enumerate()
        .map(|(index, plan)| {
            let now = (index == 0 && !plan.archived).then(|| view! { " "<Tag label="Offered" accent=true /> });
            Row::new(cells![
                view! { {plan.version}{now} },
                plan.name.clone(),
                price(&plan),
                plan.trial_days.to_string(),
                thousands(plan.included_requests),
                beyond(&plan),
                format!("{} / {}", thousands(plan.rate_per_second), thousands(plan.burst)),
                thousands(plan.max_applications),
                body_limit(plan.max_request_bytes),
                body_limit(plan.max_response_bytes),
            ])
        })
        .collect();
    view! {
        <Card title="Versions" note="Newest first" flush=true>
            <Table caption="Versions of the plan, newest first" columns=columns rows=rows dense=true />
        </Card>
    }
    .into_any()
}
