//! What tenants will see of a product: its card, its description, the form of its configuration.

use leptos::{context::Provider, prelude::*};
use mintreu_model::form::{config::fields, page::ProductPage};
use serde_json::Value;

use crate::{
    components::{form::FormScope, prelude::*},
    flash::PageFlash,
    tenant::config_form::ConfigFields,
};

/// The form as it is being written, if it is: after “Preview”, or after saving failed. Else what
/// is saved. Says whether it is a preview.
#[must_use]
pub fn draft(saved: ProductPage, action: &str) -> (ProductPage, bool) {
    let flash = PageFlash::current();
    let shown = flash.once();
    let failed = flash.failure().filter(|failure| failure.action == action);
    let typed = |name: &str| match &failed {
        Some(failure) => failure.values.iter().find(|(input, _)| *input == input_name(name)).map(|(_, value)| value.clone()),
        None => shown.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone()),
    };
    let draft = ProductPage {
        slug: typed("slug").unwrap_or(saved.slug),
        name: typed("name").unwrap_or(saved.name),
        service: typed("service").unwrap_or(saved.service),
        summary: typed("summary").unwrap_or(saved.summary),
        description: typed("description").unwrap_or(saved.description),
        config_schema: typed("config_schema").unwrap_or(saved.config_schema),
        cache_responses: if failed.is_some() || !shown.is_empty() { typed("cache_responses").is_some() } else { saved.cache_responses },
    };
    (draft, !shown.is_empty())
}

#[component]
pub fn Preview(
    page: ProductPage,
    /// Nothing of it is saved yet.
    unsaved: bool,
) -> impl IntoView {
    let note = if unsaved { "Not saved yet" } else { "As tenants see it" };
    let config = match page.schema() {
        Ok(Some(schema)) => config(schema),
        Ok(None) => view! { <p class="muted">"Nothing to configure."</p> }.into_any(),
        Err(errors) => {
            let reason = errors.into_iter().next().map(|error| error.message).unwrap_or_default();
            view! { <Banner tone=Tone::Bad>{reason}</Banner> }.into_any()
        }
    };
    let name = if page.name.trim().is_empty() { "Without a name yet".to_owned() } else { page.name };
    let description = if page.description.trim().is_empty() {
        view! { <p class="muted">"No description yet."</p> }.into_any()
    } else {
        view! { <Prose text=page.description /> }.into_any()
    };
    view! {
        <div class="stack">
            <Card title="Preview" note=note>
                <div><b>{name}</b><p class="muted">{page.summary}</p></div>
                <hr />
                {description}
            </Card>
            <Card title="Configuration form" note=note>{config}</Card>
        </div>
    }
    .into_any()
}

/// The fields that tenants fill in, without effect.
fn config(schema: Value) -> AnyView {
    if fields(&schema).is_empty() {
        return view! { <p class="muted">"The schema has no properties, so there is nothing to choose."</p> }.into_any();
    }
    let scope = FormScope { failed: None, id: "preview".into() };
    view! {
        <Provider value=scope>
            <fieldset class="stack" disabled><legend class="vh">"Configuration"</legend><ConfigFields schema=schema values=None /></fieldset>
        </Provider>
    }
    .into_any()
}
