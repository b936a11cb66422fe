//! The form of a service, new or not.

use leptos::prelude::*;
use mintreu_model::{form::page::ServicePage, status::DatabaseMode};

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
                    <Field name="timeout_ms" label="Deadline, milliseconds" value=page.timeout_ms inputmode="numeric"
                        hint="For the first byte. Then the caller gets 504." />
                </div>
                <Checkbox name="http2" label="Speaks HTTP/2 at http:// addresses" checked=page.http2
                    hint="Calls then share few connections. At https:// addresses this is agreed on by itself." />
            </Card>
            <Card title="Routes">
                <Field name="routes" label="Exposed routes, one a line" kind=Kind::Lines(8) mono=true value=page.routes hint=routes_hint
                    placeholder="GET,POST /v1/orders\nGET,PATCH,DELETE /v1/orders/{id}\n* /v1/files/{*rest}" />
            </Card>
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
