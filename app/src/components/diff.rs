//! What a change changed: the fields that differ, before and after, folded away until asked for.

use leptos::prelude::*;
use serde_json::Value;

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub field: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// The fields of two states that differ, in the order of their names. What is no object is one
/// field, called “value”.
#[must_use]
pub fn differences(before: Option<&Value>, after: Option<&Value>) -> Vec<Difference> {
    let mut fields: Vec<&str> =
        [before, after].into_iter().flatten().filter_map(Value::as_object).flat_map(|map| map.keys().map(String::as_str)).collect();
    fields.sort_unstable();
    fields.dedup();
    let of = |state: Option<&Value>, field: &str| state.and_then(|state| state.get(field)).and_then(said);
    let mut found: Vec<Difference> = fields
        .into_iter()
        .map(|field| Difference { field: field.to_owned(), before: of(before, field), after: of(after, field) })
        .collect();
    let plain = |state: Option<&Value>| state.filter(|state| !state.is_object()).and_then(said);
    found.push(Difference { field: "value".to_owned(), before: plain(before), after: plain(after) });
    found.retain(|difference| difference.before != difference.after);
    found
}

/// A value as text; none for null.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[component]
pub fn Differences(before: Option<Value>, after: Option<Value>) -> impl IntoView {
    let found = differences(before.as_ref(), after.as_ref());
    if found.is_empty() {
        return ().into_any();
    }
    let label = if found.len() == 1 { "1 field".to_owned() } else { format!("{} fields", found.len()) };
    let lines = found
        .into_iter()
        .map(|difference| {
            let before = difference.before.map(|text| view! { <del><span class="vh">"Before: "</span>{text}</del>" " });
            let after = difference.after.map(|text| view! { <ins><span class="vh">"After: "</span>{text}</ins> });
            view! { <dt>{difference.field.replace('_', " ")}</dt><dd>{before}{after}</dd> }
        })
        .collect_view();
    view! { <details class="diff"><summary>{label}</summary><dl class="facts">{lines}</dl></details> }.into_any()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let (before, after) = (json!({"name": "A", "status": "active"}), json!({"name": "B", "status": "active", "limit": 3}));
        let found = differences(Some(&before), Some(&after));
        let told: Vec<_> = found.iter().map(|one| (one.field.as_str(), one.before.as_deref(), one.after.as_deref())).collect();
        assert_eq!(told, [("limit", None, Some("3")), ("name", Some("A"), Some("B"))]);
    }

    #[test]
    fn a_plain_value_is_one_field_and_nothing_is_none() {
        let (before, after) = (json!("viewer"), json!("owner"));
        assert_eq!(differences(Some(&before), Some(&after)).len(), 1);
        assert_eq!(differences(None, None), []);
    }
}
