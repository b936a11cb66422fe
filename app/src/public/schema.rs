//! The properties of a product's configuration, read from its JSON Schema, as rows for people.

use serde_json::Value;

/// One property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    pub name: String,
    /// “text”, “whole number”, “one of EUR, NOK”.
    pub kind: String,
    pub required: bool,
    pub default: Option<String>,
    pub description: Option<String>,
}

/// Properties of an object schema in the order in which they are written.
#[must_use]
pub fn properties(schema: &Value) -> Vec<Property> {
    let required: Vec<&str> = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let Some(all) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    all.iter()
        .map(|(name, property)| Property {
            name: name.clone(),
            kind: kind(property),
            required: required.contains(&name.as_str()),
            default: property.get("default").map(said),
            description: ["description", "title"].into_iter().find_map(|key| property.get(key)?.as_str()).map(str::to_owned),
        })
        .collect()
}

fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn kind(property: &Value) -> String {
    if let Some(choices) = property.get("enum").and_then(Value::as_array) {
        return format!("one of {}", choices.iter().map(said).collect::<Vec<_>>().join(", "));
    }
    match property.get("type").and_then(Value::as_str) {
        Some("integer") => "whole number",
        Some("number") => "number",
        Some("boolean") => "yes or no",
        _ => "text",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_are_told_with_kind_default_and_need() {
        let schema = json!({"type": "object", "required": ["currency"], "properties": {
            "currency": {"type": "string", "enum": ["EUR", "NOK"], "default": "EUR", "title": "Currency"},
            "limit": {"type": "integer"},
        }});
        let found = properties(&schema);
        let (currency, limit) = (&found[0], &found[1]);
        assert_eq!((currency.kind.as_str(), currency.default.as_deref(), currency.required), ("one of EUR, NOK", Some("EUR"), true));
        assert_eq!((limit.kind.as_str(), limit.required), ("whole number", false));
        assert!(properties(&json!(true)).is_empty());
    }
}
