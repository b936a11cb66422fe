//! The configuration of an application as fields, from its product's JSON Schema. Which control a
//! property gets is decided in `mintreu_model::form::config`.

use leptos::prelude::*;
use mintreu_control::{Control, Permitted, access::ViewTenant};
use mintreu_model::form::config::{ConfigField, ConfigKind, fields, text};
use serde_json::{Map, Value};

use crate::{Error, components::prelude::*};

/// The schema of a product that the tenant may have; `None` when there is nothing to configure.
pub async fn schema(control: &Control, who: &Permitted<ViewTenant>, product: &str) -> Result<Option<Value>, Error> {
    Ok(control.get_own_product(who, product).await?.config_schema)
}

/// Fields for the schema with the values at hand, or the defaults.
#[component]
pub fn ConfigFields(
    schema: Value,
    /// Values at hand; `None` for something new.
    #[prop(optional_no_strip)]
    values: Option<Map<String, Value>>,
) -> impl IntoView {
    fields(&schema)
        .into_iter()
        .map(|field| {
            let value = match &values {
                Some(values) => values.get(&field.name).map(text).unwrap_or_default(),
                None => field.default.clone(),
            };
            config_field(field, value)
        })
        .collect_view()
}

fn config_field(field: ConfigField, value: String) -> AnyView {
    let name = format!("config.{}", field.name);
    let hint = (!field.hint.is_empty()).then(|| Slot::from(field.hint.clone()));
    if field.kind == ConfigKind::Switch {
        let checked = value == "true";
        return match hint {
            Some(hint) => view! { <Checkbox name=name label=field.title checked=checked hint=hint.view() /> }.into_any(),
            None => view! { <Checkbox name=name label=field.title checked=checked /> }.into_any(),
        };
    }
    let kind = match field.kind {
        ConfigKind::Url | ConfigKind::Image => Kind::Url,
        ConfigKind::Color => Kind::Colour,
        ConfigKind::Email => Kind::Email,
        ConfigKind::Date => Kind::Date,
        ConfigKind::Number | ConfigKind::Integer => Kind::Number,
        ConfigKind::Choice => Kind::Select(choices(&field)),
        ConfigKind::Text if field.max_length.is_some_and(|length| length > 200) => Kind::Lines(4),
        ConfigKind::Text | ConfigKind::Switch => Kind::Text,
    };
    let step = if field.kind == ConfigKind::Integer { "1" } else { "any" };
    let placeholder = match field.kind {
        ConfigKind::Url | ConfigKind::Image => "https://",
        _ => "",
    };
    // A colour input cannot be empty, so it must not claim a value that nobody chose silently.
    let value = if field.kind == ConfigKind::Color && value.is_empty() { "#2f55d4".to_owned() } else { value };
    let hint = hint.unwrap_or_else(|| Slot::from(()));
    let has_hint = !field.hint.is_empty();
    let (minimum, maximum) = (field.minimum.unwrap_or_default(), field.maximum.unwrap_or_default());
    if has_hint {
        view! {
            <Field name=name label=field.title kind=kind value=value hint=hint.view() optional=!field.required placeholder=placeholder
                min=minimum max=maximum step=step />
        }
        .into_any()
    } else {
        view! {
            <Field name=name label=field.title kind=kind value=value optional=!field.required placeholder=placeholder
                min=minimum max=maximum step=step />
        }
        .into_any()
    }
}

fn choices(field: &ConfigField) -> Vec<(String, String)> {
    let none = (!field.required && field.default.is_empty()).then(|| (String::new(), "None".to_owned()));
    none.into_iter().chain(field.options.iter().map(|option| (option.clone(), option.clone()))).collect()
}

/// A value of a configuration as people read it.
#[must_use]
pub fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "not set".into(),
        Some(Value::Bool(true)) => "yes".into(),
        Some(Value::Bool(false)) => "no".into(),
        Some(value) => match text(value) {
            empty if empty.is_empty() => "empty".into(),
            text => text,
        },
    }
}

/// One property that differs: its title, before, after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub title: String,
    pub before: String,
    pub after: String,
}

/// What differs between two configurations, in the order of the form.
#[must_use]
pub fn changes(schema: Option<&Value>, before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Changed> {
    let mut named: Vec<(String, String)> =
        schema.map(fields).unwrap_or_default().into_iter().map(|field| (field.name, field.title)).collect();
    for name in before.keys().chain(after.keys()) {
        if !named.iter().any(|(known, _)| known == name) {
            named.push((name.clone(), name.clone()));
        }
    }
    named
        .into_iter()
        .filter(|(name, _)| before.get(name) != after.get(name))
        .map(|(name, title)| Changed { title, before: shown(before.get(&name)), after: shown(after.get(&name)) })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn what_differs_is_said_by_title_and_what_the_schema_forgot_is_not_lost() {
        let schema = json!({"type": "object", "properties": {"tax": {"type": "number", "title": "Tax rate"}, "open": {"type": "boolean"}}});
        let said = changes(Some(&schema), &map(json!({"tax": 19, "open": true, "old": "x"})), &map(json!({"tax": 7, "open": true})));
        assert_eq!(
            said,
            [
                Changed { title: "Tax rate".into(), before: "19".into(), after: "7".into() },
                Changed { title: "old".into(), before: "x".into(), after: "not set".into() }
            ]
        );
    }
}
