//! A product's configuration as a form: the fields that its JSON Schema describes, and the way
//! back from what HTML sends, where everything is text. Pure, so that pages and the control plane
//! use the same. The schema was checked when the product was written (`control::catalogue`).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Which control shows a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigKind {
    Text,
    /// An http or https address.
    Url,
    /// The address of a picture.
    Image,
    Color,
    Email,
    Date,
    Number,
    Integer,
    Switch,
    /// One of `options`.
    Choice,
}

/// A property of a configuration, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigField {
    pub name: String,
    pub title: String,
    pub hint: String,
    pub kind: ConfigKind,
    pub options: Vec<String>,
    /// As text; empty for none.
    pub default: String,
    pub required: bool,
    pub minimum: Option<String>,
    pub maximum: Option<String>,
    pub max_length: Option<u64>,
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn is_required(schema: &Value, name: &str) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|required| required.iter().any(|one| one == name))
}

/// A value as a form shows it.
#[must_use]
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn kind(property: &Value) -> ConfigKind {
    let word = |key: &str| property.get(key).and_then(Value::as_str).unwrap_or_default();
    if property.get("enum").is_some() {
        return ConfigKind::Choice;
    }
    match (word("type"), word("format")) {
        ("number", _) => ConfigKind::Number,
        ("integer", _) => ConfigKind::Integer,
        ("boolean", _) => ConfigKind::Switch,
        (_, "uri") => ConfigKind::Url,
        (_, "image") => ConfigKind::Image,
        (_, "color") => ConfigKind::Color,
        (_, "email") => ConfigKind::Email,
        (_, "date") => ConfigKind::Date,
        _ => ConfigKind::Text,
    }
}

/// `theme_color` as people read it: `Theme color`.
fn readable(name: &str) -> String {
    let spaced = name.replace(['_', '-'], " ");
    let mut characters = spaced.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// The fields of a schema: by `x-order`, then required ones first, then by name.
#[must_use]
pub fn fields(schema: &Value) -> Vec<ConfigField> {
    let mut fields: Vec<(i64, ConfigField)> = properties(schema)
        .map(|(name, property)| {
            let written = |key: &str| property.get(key).and_then(Value::as_str).map(str::to_owned);
            let limit = |key: &str| property.get(key).map(text);
            let field = ConfigField {
                title: written("title").unwrap_or_else(|| readable(name)),
                hint: written("description").unwrap_or_default(),
                kind: kind(property),
                options: property.get("enum").and_then(Value::as_array).into_iter().flatten().map(text).collect(),
                default: property.get("default").map(text).unwrap_or_default(),
                required: is_required(schema, name),
                minimum: limit("minimum"),
                maximum: limit("maximum"),
                max_length: property.get("maxLength").and_then(Value::as_u64),
                name: name.clone(),
            };
            (property.get("x-order").and_then(Value::as_i64).unwrap_or(i64::MAX), field)
        })
        .collect();
    fields
        .sort_by(|(order, field), (other, against)| (order, !field.required, &field.name).cmp(&(other, !against.required, &against.name)));
    fields.into_iter().map(|(_, field)| field).collect()
}

/// Turns the texts of a page's form into what the schema asks for. An empty field counts as not
/// given, an unticked box as false. What cannot be read stays text, for validation to complain of.
#[must_use]
pub fn coerce_config(schema: &Value, form: Map<String, Value>) -> Map<String, Value> {
    let mut config = form;
    for (name, property) in properties(schema) {
        let kind = kind(property);
        match config.get(name) {
            None if kind == ConfigKind::Switch => {
                config.insert(name.clone(), Value::Bool(false));
            }
            Some(Value::String(typed)) => match coerce(kind, property, typed.trim()) {
                Some(value) => {
                    config.insert(name.clone(), value);
                }
                None => {
                    config.remove(name);
                }
            },
            _ => {}
        }
    }
    config
}

fn coerce(kind: ConfigKind, property: &Value, typed: &str) -> Option<Value> {
    let read = match kind {
        ConfigKind::Switch => match typed {
            "" | "off" | "false" | "0" => Some(Value::Bool(false)),
            "on" | "true" | "1" => Some(Value::Bool(true)),
            _ => None,
        },
        ConfigKind::Integer => typed.parse::<i64>().ok().map(Value::from),
        ConfigKind::Number => typed.parse::<i64>().ok().map(Value::from).or_else(|| typed.parse::<f64>().ok().map(Value::from)),
        ConfigKind::Choice => {
            property.get("enum").and_then(Value::as_array).into_iter().flatten().find(|option| text(option) == typed).cloned()
        }
        _ => None,
    };
    read.or_else(|| (!typed.is_empty()).then(|| Value::String(typed.to_owned())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({
            "type": "object",
            "required": ["currency"],
            "properties": {
                "currency": {"type": "string", "enum": ["EUR", "USD"], "default": "EUR"},
                "page_size": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20, "description": "Rows of a list"},
                "theme_color": {"type": "string", "format": "color"},
                "rate": {"type": "number"},
                "size": {"enum": [1, 2]},
                "live": {"type": "boolean", "title": "Live", "x-order": 1}
            }
        })
    }

    #[test]
    fn a_schema_becomes_fields_in_an_order_that_people_expect() {
        let fields = fields(&schema());
        let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["live", "currency", "page_size", "rate", "size", "theme_color"]);
        let size = &fields[2];
        assert_eq!((size.kind, size.default.as_str(), size.minimum.as_deref()), (ConfigKind::Integer, "20", Some("1")));
        assert_eq!((size.title.as_str(), size.hint.as_str()), ("Page size", "Rows of a list"));
        assert_eq!((fields[1].kind, fields[1].options.len(), fields[1].required), (ConfigKind::Choice, 2, true));
    }

    #[test]
    fn texts_of_a_form_become_what_the_schema_asks_for() {
        let form =
            json!({"currency": "USD", "page_size": " 5 ", "theme_color": "", "rate": "1.5", "size": "2", "live": "on", "other": "x"});
        let config = coerce_config(&schema(), form.as_object().unwrap().clone());
        assert_eq!(Value::Object(config), json!({"currency": "USD", "page_size": 5, "rate": 1.5, "size": 2, "live": true, "other": "x"}));
    }

    #[test]
    fn what_cannot_be_read_stays_for_validation_and_an_unticked_box_is_false() {
        let form = json!({"page_size": "many"});
        let config = coerce_config(&schema(), form.as_object().unwrap().clone());
        assert_eq!(Value::Object(config), json!({"page_size": "many", "live": false}));
    }
}
