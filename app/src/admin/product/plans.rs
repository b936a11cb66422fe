//! `/admin/products/{slug}/plans`

use leptos::prelude::*;
use mintreu_model::view::PlanView;

use super::head::{ProductHead, up};
use crate::{
    admin::frame::frame,
    components::prelude::*,
    load::load,
    tenant::{
        frame::param,
        words::{beyond, count, price},
    },
};

fn row(product: &str, plan: &PlanView) -> Row {
    let state = if plan.archived { "archived" } else { "active" };
    let label = if plan.archived { "Archived" } else { "Offered" };
    let trial = if plan.trial_days == 0 { "None".to_owned() } else { count(plan.trial_days, "day", "days") };
    Row::new(cells![
        view! {
            <a href=format!("/admin/products/{product}/plans/{}", plan.code)>{plan.name.clone()}</a>
            <span class="sub mono">{plan.code.clone()}</span>
        },
        view! { <Badge tone=Tone::of(state) label=label /> },
        price(plan),
        trial,
        thousands(plan.included_requests),
        beyond(plan),
        format!("{} / {}", thousands(plan.rate_per_second), thousands(plan.burst)),
        thousands(plan.max_applications),
        plan.version.to_string(),
    ])
}

#[component]
pub fn ProductPlans() -> impl IntoView {
    let slug = param("slug");
    load(async move {
        let (control, who, frame) = frame().await?;
        let product = control.get_any_product(&who, &slug).await?;
        let new =
            || view! { <LinkButton href=format!("/admin/products/{slug}/plans/new") label="New plan" look=Look::Primary icon="plus" /> };
        let columns = vec![
            Column::new("Plan"),
            Column::new("State"),
            Column::new("Price"),
            Column::new("Trial"),
            Column::new("Requests a month").num(),
            Column::new("Beyond"),
            Column::new("A second / burst").num(),
            Column::new("Applications").num(),
            Column::new("Version").num(),
        ];
        let rows: Vec<Row> = product.plans.iter().map(|plan| row(&slug, plan)).collect();
        let body = if rows.is_empty() {
            view! {
                <EmptyState card=true icon="card" title="No plans yet" actions=new()>
                    "A plan says what is included and what it costs. The product can be published once it has one."
                </EmptyState>
            }
            .into_any()
        } else {
            view! {
                <Card title="Plans" note="In the order in which they are offered" flush=true>
                    <Table caption="Plans of the product" columns=columns rows=rows dense=true />
                </Card>
            }
            .into_any()
        };
        Ok(view! {
            <AdminShell frame=frame title="Plans" current="products" parents=up(&product) action=new()>
                <ProductHead product=product tab="plans" />
                {body}
            </AdminShell>
        })
    })
}
