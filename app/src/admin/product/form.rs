//! The form of a product, new or not. “Preview” sends it to the preview instead, which comes back
//! to this page with what was typed and saves nothing.

use leptos::prelude::*;
use mintreu_model::{form::page::ProductPage, view::ServiceView};

use crate::components::prelude::*;

/// A schema that shows what can be said.
const EXAMPLE: &str = r#"{
  "type": "object",
  "required": ["currency"],
  "properties": {
    "currency": { "type": "string", "enum": ["EUR", "USD"], "default": "EUR", "description": "Prices are shown in it." },
    "page_size": { "type": "integer", "minimum": 1, "maximum": 100, "default": 20 },
    "theme_color": { "type": "string", "format": "color", "title": "Colour of buttons" },
    "guest_checkout": { "type": "boolean", "default": true }
  }
}"#;

fn services(all: &[ServiceView]) -> Kind {
    let choose = (String::new(), "Choose a service".to_owned());
    Kind::Select(std::iter::once(choose).chain(all.iter().map(|one| (one.slug.clone(), one.name.clone()))).collect())
}

#[component]
pub fn ProductForm(
    page: ProductPage,
    /// Services to choose from.
    services: Vec<ServiceView>,
    /// The slug can still be chosen.
    #[prop(optional)]
    new: bool,
) -> impl IntoView {
    let (action, submit) = if new { ("/_fn/product/create", "Create draft") } else { ("/_fn/product/update", "Save") };
    let here = if new { "/admin/products/new".to_owned() } else { format!("/admin/products/{}", page.slug) };
    let slug_hint = if new { "In the address of every call. Fixed for good." } else { "Fixed: it is in the address of every call." };
    let schema_hint = view! {
        "JSON Schema of one object with flat properties: "<code>"string"</code>" (with "<code>"enum"</code>" or a "<code>"format"</code>
        ": uri, image, color, email, date), "<code>"number"</code>", "<code>"integer"</code>", "<code>"boolean"</code>
        ". Empty means that there is nothing to configure."
    };
    let kind = self::services(&services);
    view! {
        <Form action=action guard=true>
            <Card title="Product">
                <div class="form-grid">
                    <Field name="name" label="Name" value=page.name hint="As tenants read it." />
                    <Field name="slug" label="Slug" value=page.slug mono=true readonly={!new} hint=slug_hint placeholder="orders" />
                </div>
                <Field name="service" label="Service" kind=kind value=page.service hint="The program that answers its calls."
                    aside=view! { <a class="small" href="/admin/services/new">"New service"</a> } />
                <Field name="summary" label="Summary" value=page.summary hint="One sentence, shown in the catalogue." />
                <Field name="description" label="Description" kind=Kind::Lines(12) value=page.description optional=true
                    hint="Markdown: headings, lists, tables, code, links. HTML and pictures are left out." />
            </Card>
            <Card title="Configuration">
                <p class="muted">"What a tenant chooses for each application. The platform draws a form of it and holds every answer to it."</p>
                <Field name="config_schema" label="Schema" kind=Kind::Lines(14) mono=true value=page.config_schema optional=true hint=schema_hint />
                <details class="as-table"><summary><Icon name="right" small=true />"An example"</summary><div><Code label="Example schema" code=EXAMPLE /></div></details>
            </Card>
            <Card title="Answers">
                <Checkbox name="cache_responses" label="Keep answers at the gateway" checked=page.cache_responses
                    hint="As long as the service says (Cache-Control, Expires), and only for the application that got them. Kept answers count like any other." />
            </Card>
            <div class="form-actions">
                <Button label=submit look=Look::Primary />
                <button class=button_class(Look::Plain, false, false) formaction="/_fn/product/preview" name="to" value=here>"Preview"</button>
                <a class="btn btn-quiet" href="/admin/products">"Cancel"</a>
            </div>
        </Form>
    }
    .into_any()
}
