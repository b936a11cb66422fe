//! The form of a service, new or not.

use leptos::prelude::*;
use mintreu_model::{
    form::{
        page::ServicePage,
        upstream::{Upstream, UpstreamPage},
    },
    status::DatabaseMode,
};

use crate::components::prelude::*;

/// What a new service begins with.
#[must_use]
pub fn fresh() -> ServicePage {
    ServicePage {
        slug: String::new(),
        name: String::new(),
        base_urls: String::new(),
        routes: String::new(),
        database: DatabaseMode::None,
        lifecycle: false,
        health_path: "/healthz".into(),
        timeout_ms: "30000".into(),
        http2: false,
        upstream: Some(Upstream::default().into()),
    }
}

fn databases() -> Kind {
    Kind::Radio(vec![
        (DatabaseMode::None.as_str().into(), "No database".into()),
        (DatabaseMode::Dedicated.as_str().into(), "A database of its own".into()),
    ])
}

#[component]
pub fn ServiceForm(
    page: ServicePage,
    /// The slug can still be chosen.
    #[prop(optional)]
    new: bool,
) -> impl IntoView {
    let (action, submit) = if new { ("/_fn/service/create", "Register service") } else { ("/_fn/service/update", "Save") };
    let note = (!new).then(|| Slot::from("Takes effect at once, for all calls."));
    let slug_hint =
        if new { "Lower case, digits, hyphens. Fixed once it is there." } else { "Fixed: it is the audience of identity tokens." };
    let routes_hint = view! {
        "One a line: the methods, a space, the path. "<code>"{id}"</code>" stands for one segment, "<code>"{*rest}"</code>
        " for all that follows, "<code>"*"</code>" for every method. Whatever is not listed is refused. Add "<code>"%2F"</code>
        " after a path in which encoded slashes may stand."
    };
    view! {
        <Form action=action submit=submit cancel="/admin/services" guard=true nostrip:note=note>
            <Card title="Service">
                <div class="form-grid">
                    <Field name="name" label="Name" value=page.name hint="As operators know it." />
                    <Field name="slug" label="Slug" value=page.slug mono=true readonly={!new} hint=slug_hint placeholder="orders" />
                </div>
                <Field name="base_urls" label="Base URLs, one a line" kind=Kind::Lines(3) mono=true value=page.base_urls
                    placeholder="http://10.0.4.11:8080" hint="Calls are spread over them. Health is asked at each." />
                <div class="form-grid">
                    <Field name="health_path" label="Health path" value=page.health_path mono=true optional=true placeholder="/healthz"
                        hint="Answers 2xx while well. Empty: any answer will do." />
                </div>
                <Checkbox name="http2" label="Speaks HTTP/2 at http:// addresses" checked=page.http2
                    hint="Calls then share few connections. At https:// addresses this is agreed on by itself." />
            </Card>
            <Card title="Routes">
                <Field name="routes" label="Exposed routes, one a line" kind=Kind::Lines(8) mono=true value=page.routes hint=routes_hint
                    placeholder="GET,POST /v1/orders\nGET,PATCH,DELETE /v1/orders/{id}\n* /v1/files/{*rest}" />
            </Card>
            <Deadlines timeout_ms=page.timeout_ms numbers=page.upstream.unwrap_or_else(|| Upstream::default().into()) />
            <Card title="What each application gets">
                <Field name="database" label="Database" kind=databases() value=page.database.as_str()
                    hint="Its address comes with every call, in Mintreu-Database-Url. It can change until the first application exists." />
                <Checkbox name="lifecycle" label="Call the service when an application is made, changed and deleted" checked=page.lifecycle
                    hint="The service answers PUT, PATCH and DELETE under /.mintreu/v1/applications. The guide for service authors describes them." />
            </Card>
        </Form>
    }
    .into_any()
}

/// How long it is waited for, and when it is left alone.
#[component]
fn Deadlines(timeout_ms: String, numbers: UpstreamPage) -> impl IntoView {
    let field = |name: &'static str, label: &'static str, value: String, hint: &'static str| {
        let name = if name == "timeout_ms" { name.to_owned() } else { format!("upstream.{name}") };
        view! { <Field name=name label=label value=value inputmode="numeric" hint=hint /> }
    };
    view! {
        <Card title="Deadlines" note="In milliseconds.">
            <div class="form-grid">
                {field("connect_timeout_ms", "Connection", numbers.connect_timeout_ms, "100 to 60,000. Then another address is tried.")}
                {field("timeout_ms", "First byte", timeout_ms, "100 to 600,000. Then the caller gets 504.")}
                {field("idle_timeout_ms", "Pause within an answer", numbers.idle_timeout_ms, "1,000 to 86,400,000, event streams included. Then the answer breaks off.")}
                {field("total_timeout_ms", "Whole call", numbers.total_timeout_ms, "Up to 86,400,000; 0 for none. Event streams and WebSockets are exempt.")}
            </div>
        </Card>
        <Card title="Health and overload">
            <div class="form-grid">
                {field("health_interval_ms", "Check every, milliseconds", numbers.health_interval_ms, "1,000 to 3,600,000. Only with a health path.")}
                {field("unhealthy_after", "Unhealthy after failed checks", numbers.unhealthy_after, "1 to 20 in a row. Then other addresses get the calls.")}
                {field("healthy_after", "Healthy after passed checks", numbers.healthy_after, "1 to 20 in a row.")}
                {field("max_in_flight", "Calls at once", numbers.max_in_flight, "For each gateway; 0 for no limit. Beyond it callers get 503.")}
                {field("circuit_failures", "Circuit opens after unanswered calls", numbers.circuit_failures, "In a row, for each address; 0 for never. Then one call a second is let through.")}
                {field("circuit_server_errors", "Circuit opens after 5xx answers", numbers.circuit_server_errors, "In a row; 0 for never.")}
            </div>
        </Card>
    }
    .into_any()
}
