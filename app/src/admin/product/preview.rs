//! What tenants will see of a product: its card, its description, the form of its configuration.

use leptos::{context::Provider, prelude::*};
use mintreu_model::form::{
    config::{ConfigField, ConfigKind, fields},
    page::ProductPage,
};

use crate::{
    components::{form::FormScope, prelude::*},
    flash::PageFlash,
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
        Ok(Some(schema)) => config(fields(&schema)),
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

fn config(fields: Vec<ConfigField>) -> AnyView {
    if fields.is_empty() {
        return view! { <p class="muted">"The schema has no properties, so there is nothing to choose."</p> }.into_any();
    }
    let scope = FormScope { failed: None, id: "preview".into() };
    view! {
        <Provider value=scope>
            <fieldset class="stack" disabled><legend class="vh">"Configuration"</legend>{fields.into_iter().map(control).collect_view()}</fieldset>
        </Provider>
    }
    .into_any()
}

fn control(field: ConfigField) -> AnyView {
    let name = format!("config.{}", field.name);
    let hint = Some(field.hint).filter(|hint| !hint.is_empty()).map(Slot::from);
    if field.kind == ConfigKind::Switch {
        return view! { <Checkbox name=name label=field.title nostrip:hint=hint checked={field.default == "true"} /> }.into_any();
    }
    let kind = match field.kind {
        ConfigKind::Url | ConfigKind::Image => Kind::Url,
        ConfigKind::Color => Kind::Colour,
        ConfigKind::Email => Kind::Email,
        ConfigKind::Date => Kind::Date,
        ConfigKind::Number | ConfigKind::Integer => Kind::Number,
        ConfigKind::Choice => Kind::Select(field.options.into_iter().map(|option| (option.clone(), option)).collect()),
        ConfigKind::Text | ConfigKind::Switch => Kind::Text,
    };
    view! { <Field name=name label=field.title kind=kind value=field.default nostrip:hint=hint optional={!field.required} /> }.into_any()
}
