//! `/status`: whether the platform works, asked at this moment.

use leptos::prelude::*;

use crate::{
    components::{pagination::thousands, prelude::*},
    context::control,
    load::load,
};

#[component]
pub fn StatusPage() -> impl IntoView {
    load(async move {
        let control = control()?;
        let asked = control.list_products().await;
        let works = asked.is_ok();
        let published = asked.map(|products| products.len()).ok();
        let now = control.clock.system_now();
        let line = |good: bool| {
            if good {
                view! { <Badge tone=Tone::Good label="Works" /> }.into_any()
            } else {
                view! { <Badge tone=Tone::Bad label="Away" /> }.into_any()
            }
        };
        let headline = if works { "Everything works" } else { "The database is away" };
        let products = published.map_or_else(|| "Unknown".to_owned(), |count| thousands(i64::try_from(count).unwrap_or(0)));
        let facts = vec![
            ("Pages and REST API", line(true).into()),
            ("Platform database", line(works).into()),
            ("Published products", products.into()),
            ("Asked", view! { <time datetime=machine(now)>{moment(now)}</time> }.into()),
        ];
        if !works {
            crate::load::set_status(503);
        }
        Ok(view! {
            <SiteShell title="Status">
                <PageHeader title=headline lede="As of this moment. Programs ask /healthz and /readyz." />
                <Card title="Parts"><DefinitionList facts=facts /></Card>
            </SiteShell>
        })
    })
}
