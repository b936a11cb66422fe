//! Buttons, badges, cards, tabs, code.

use leptos::prelude::*;

use crate::components::prelude::*;

#[component]
pub fn Basics() -> impl IntoView {
    view! {
        <Card title="Buttons">
            <div class="row">
                <Button label="Plain" />
                <Button label="Primary" look=Look::Primary icon="plus" />
                <Button label="Quiet" look=Look::Quiet />
                <Button label="Danger" look=Look::Danger icon="trash" />
                <Button label="Delete" look=Look::DangerSolid />
                <LinkButton href="#" label="Link" icon="external" />
                <Button label="Small" small=true about="of this row" />
                <Menu label="More"><a href="#">"Download"</a><hr /><a href="#" class="danger">"Delete…"</a></Menu>
            </div>
            <Button label="As wide as its container" wide=true />
        </Card>
        <Card title="States">
            <div class="row">
                <Badge label="Draft" />
                <Badge tone=Tone::Good label="Active" />
                <Badge tone=Tone::Busy label="Provisioning" />
                <Badge tone=Tone::Warning label="Near the limit" />
                <Badge tone=Tone::Bad label="Failed" />
                <Status name="past_due" />
                <Tag label="API" />
                <Tag label="Recommended" accent=true />
            </div>
        </Card>
        <Tabs label="Example" current="keys" tabs=vec![
            Tab::new("overview", "Overview", "#"),
            Tab::new("keys", "Keys", "#").count(3),
            Tab::new("usage", "Usage", "#"),
        ] />
        <div class="row"><SegmentedRange current=Query::current().get("range").unwrap_or("30d").to_owned() /></div>
        <div class="cols cols-2">
            <Card title="Code" note="Copied where scripts run">
                <CopyLine text="https://api.mintreu.example/products/ecommerce" what="the endpoint" />
                <Snippet call=Call {
                    method: "POST".into(),
                    url: "https://api.mintreu.example/products/ecommerce/v1/orders".into(),
                    client_id: "mci_7k2m9qwd4x".into(),
                    json: Some(r#"{"currency":"EUR","items":[{"sku":"FJ-204","quantity":2}]}"#.into()),
                } />
                <Code label="Example answer" code="{\n  \"number\": \"OUT-2026-1\",\n  \"state\": \"open\"\n}" />
            </Card>
            <Card title="Definitions">
                <DefinitionList facts=vec![
                    ("Application ID", view! { <code>"app_01m7t3drj0etff59tdwh9edd1r"</code> }.into()),
                    ("Plan", "Pro, 50 requests a second, burst 100".into()),
                    ("Database", "PostgreSQL 15 on pg-eu-1".into()),
                ] />
                <hr />
                <Sums
                    lines=vec![("Pro, November".into(), "€49.00".into()), ("Overage, 220,000 requests".into(), "€88.00".into())]
                    total=("Expected".into(), "€137.00".into()) />
                <hr />
                <Prose text="Orders with **totals** and states.\n\n- stock is reserved at checkout\n- `POST /v1/orders` makes one\n\n<script>never</script>" />
            </Card>
        </div>
        <Secret values=vec![
            ("Client ID".into(), "mci_7k2m9qwd4x".into()),
            ("Client Secret".into(), "mcs_5v0c8tq2nz7hk4wr1xg9bmy3dje6fs_a7q2".into()),
        ]>
            "We keep only a fingerprint of it, so it cannot be shown again. If it is lost, rotate the key."
        </Secret>
    }
    .into_any()
}
