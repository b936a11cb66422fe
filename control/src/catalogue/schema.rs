//! The JSON Schema of a product's configuration: an object of flat properties, so that a form can
//! be drawn from it, and the check of a configuration against it. To allow another keyword or
//! format, add it to the lists here, to `message`, and to `mintreu_model::form::config`.

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use mintreu_model::{
    form::{Check, config, is_hostile},
    problem::FieldError,
};
use serde_json::{Map, Value};

use crate::{Error, Result};

const TOP: &[&str] = &["$schema", "$comment", "type", "title", "description", "properties", "required", "additionalProperties"];
const PROPERTY: &[&str] = &[
    "type",
    "title",
    "description",
    "default",
    "enum",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "examples",
    "x-order",
];
const TYPES: &[&str] = &["string", "number", "integer", "boolean"];
const FORMATS: &[&str] = &["uri", "image", "color", "email", "date"];
const MOST_PROPERTIES: usize = 50;
/// Bytes of a whole configuration as JSON.
const LARGEST: usize = 64 * 1024;

fn wrong(message: impl Into<String>) -> Error {
    Error::field("config_schema", "invalid", message)
}

/// Whether forms and services can work with the schema; the message says what is in the way.
pub(super) fn check(schema: &Value) -> Result<()> {
    let object = schema.as_object().ok_or_else(|| wrong("The schema must be a JSON object"))?;
    if let Some(keyword) = object.keys().find(|key| !TOP.contains(&key.as_str())) {
        return Err(wrong(format!("The keyword {keyword} is not supported. Use {}", TOP.join(", "))));
    }
    if object.get("type").is_some_and(|kind| kind != "object") {
        return Err(wrong("The schema must have the type object"));
    }
    if object.get("additionalProperties").is_some_and(|more| !more.is_boolean()) {
        return Err(wrong("additionalProperties must be true or false"));
    }
    let none = Map::new();
    let properties = match object.get("properties") {
        None => &none,
        Some(properties) => properties.as_object().ok_or_else(|| wrong("properties must be an object"))?,
    };
    if properties.len() > MOST_PROPERTIES {
        return Err(wrong(format!("Use at most {MOST_PROPERTIES} properties")));
    }
    properties.iter().try_for_each(|(name, property)| check_property(name, property))?;
    let required = object.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !properties.contains_key(name) {
            return Err(wrong(format!("{name} is required, but is not among the properties")));
        }
    }
    let validator = compile(schema)?;
    let defaults = Value::Object(with_defaults(schema, Map::new()));
    match validator.iter_errors(&defaults).find(|error| !matches!(error.kind, ValidationErrorKind::Required { .. })) {
        Some(error) => Err(wrong(format!("The default of {} does not fit: {}", property_of(&error), message(schema, &error)))),
        None => Ok(()),
    }
}

fn check_property(name: &str, property: &Value) -> Result<()> {
    let fine = !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if !fine {
        return Err(wrong(format!("The property {name:?} must be named with letters, digits, dashes and underscores, at most 64")));
    }
    let object = property.as_object().ok_or_else(|| wrong(format!("The property {name} must be an object")))?;
    if let Some(keyword) = object.keys().find(|key| !PROPERTY.contains(&key.as_str())) {
        return Err(wrong(format!(
            "The property {name} uses {keyword}, which is not supported: properties are flat. Use {}",
            PROPERTY.join(", ")
        )));
    }
    match object.get("type") {
        Some(Value::String(kind)) if TYPES.contains(&kind.as_str()) => {}
        None if object.contains_key("enum") => {}
        _ => return Err(wrong(format!("The property {name} needs one of the types {}", TYPES.join(", ")))),
    }
    let format = object.get("format");
    if format.is_some_and(|format| !format.as_str().is_some_and(|format| FORMATS.contains(&format))) {
        return Err(wrong(format!("The property {name} has a format that is not supported. Use {}", FORMATS.join(", "))));
    }
    if let Some(options) = object.get("enum") {
        let flat = options
            .as_array()
            .is_some_and(|options| !options.is_empty() && options.iter().all(|one| !one.is_array() && !one.is_object() && !one.is_null()));
        if !flat {
            return Err(wrong(format!("The enum of {name} must be a list of texts, numbers or booleans")));
        }
    }
    Ok(())
}

fn compile(schema: &Value) -> Result<Validator> {
    jsonschema::options()
        .should_validate_formats(true)
        .with_format("uri", is_address)
        .with_format("image", is_address)
        .with_format("color", is_colour)
        .build(schema)
        .map_err(|error| wrong(format!("The schema is not valid at {}: {error}", error.instance_path.as_str())))
}

fn is_address(text: &str) -> bool {
    Check::new().url("uri", text).done().is_ok()
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The configuration with the schema's defaults, or every wrong property as `config.<name>`.
pub(crate) fn validate_config(schema: Option<&Value>, given: &Map<String, Value>) -> Result<Map<String, Value>> {
    let complete = schema.map_or_else(|| given.clone(), |schema| with_defaults(schema, given.clone()));
    let value = Value::Object(complete);
    if value.to_string().len() > LARGEST {
        return Err(Error::field("config", "too_long", format!("Use at most {} kB", LARGEST / 1024)));
    }
    let mut errors = hostile(&value);
    if let Some(schema) = schema {
        let validator = compile(schema)?;
        for error in validator.iter_errors(&value) {
            for field in fields_of(&error) {
                if !errors.iter().any(|known| known.field == field) {
                    errors.push(FieldError::new(field, code(&error.kind), message(schema, &error)));
                }
            }
        }
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    match value {
        Value::Object(complete) => Ok(complete),
        _ => Ok(Map::new()),
    }
}

/// Properties with characters that are no text: a service would show them, and PostgreSQL keeps no
/// null character.
fn hostile(config: &Value) -> Vec<FieldError> {
    let properties = config.as_object().into_iter().flatten();
    properties
        .filter(|(name, value)| has_hostile(name) || any_hostile(value))
        .map(|(name, _)| {
            let name: String = name.chars().filter(|character| !is_hostile(*character)).collect();
            FieldError::new(format!("config.{name}"), "invalid", "Leave out control characters and direction marks")
        })
        .collect()
}

fn has_hostile(text: &str) -> bool {
    text.chars().any(|character| is_hostile(character) && !matches!(character, '\n' | '\r' | '\t'))
}

fn any_hostile(value: &Value) -> bool {
    match value {
        Value::String(text) => has_hostile(text),
        Value::Array(values) => values.iter().any(any_hostile),
        Value::Object(properties) => properties.iter().any(|(name, value)| has_hostile(name) || any_hostile(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn with_defaults(schema: &Value, mut config: Map<String, Value>) -> Map<String, Value> {
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if let (false, Some(default)) = (config.contains_key(name), property.get("default")) {
            config.insert(name.clone(), default.clone());
        }
    }
    config
}

fn property_of(error: &ValidationError<'_>) -> String {
    error.instance_path.as_str().trim_start_matches('/').split('/').next().unwrap_or_default().to_owned()
}

fn fields_of(error: &ValidationError<'_>) -> Vec<String> {
    match &error.kind {
        ValidationErrorKind::Required { property } => vec![format!("config.{}", property.as_str().unwrap_or_default())],
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected.iter().map(|name| format!("config.{name}")).collect(),
        _ => match property_of(error) {
            name if name.is_empty() => vec!["config".to_owned()],
            name => vec![format!("config.{name}")],
        },
    }
}

fn code(kind: &ValidationErrorKind) -> &'static str {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::Required { .. } => "required",
        Kind::AdditionalProperties { .. } => "unknown",
        Kind::MaxLength { .. } => "too_long",
        Kind::MinLength { .. } => "too_short",
        Kind::Minimum { .. } | Kind::Maximum { .. } | Kind::ExclusiveMinimum { .. } | Kind::ExclusiveMaximum { .. } => "out_of_range",
        _ => "invalid",
    }
}

fn message(schema: &Value, error: &ValidationError<'_>) -> String {
    use ValidationErrorKind as Kind;
    match &error.kind {
        Kind::Required { .. } | Kind::MinLength { limit: 1 } => "Fill this in".to_owned(),
        Kind::AdditionalProperties { .. } => "The product has no such setting. Leave it out".to_owned(),
        Kind::Enum { options } => {
            let options: Vec<String> = options.as_array().into_iter().flatten().map(config::text).collect();
            format!("Choose one of {}", options.join(", "))
        }
        Kind::Type { .. } => {
            let kind = schema.get("properties").and_then(|all| all.get(property_of(error))).and_then(|property| property.get("type"));
            match kind.and_then(Value::as_str) {
                Some("integer") => "Enter a whole number",
                Some("number") => "Enter a number",
                Some("boolean") => "Choose true or false",
                _ => "Enter a text",
            }
            .to_owned()
        }
        Kind::Minimum { limit } => format!("Choose {limit} or more"),
        Kind::Maximum { limit } => format!("Choose {limit} or less"),
        Kind::ExclusiveMinimum { limit } => format!("Choose more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("Choose less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("Choose a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("Use at least {limit} characters"),
        Kind::MaxLength { limit } => format!("Use at most {limit} characters"),
        Kind::Pattern { pattern } => format!("This does not fit the pattern {pattern}"),
        Kind::Format { format } => match format.as_str() {
            "color" => "Enter a colour as in #0f766e",
            "email" => "Enter the whole address, as in name@company.example",
            "date" => "Enter a date as in 2026-03-31",
            _ => "Enter a whole address that begins with https:// or http://",
        }
        .to_owned(),
        _ => "This does not fit the product's schema".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shop() -> Value {
        json!({
            "type": "object",
            "required": ["currency"],
            "additionalProperties": false,
            "properties": {
                "currency": {"type": "string", "enum": ["EUR", "USD"], "title": "Currency"},
                "theme": {"type": "string", "format": "color", "default": "#0f766e"},
                "logo": {"type": "string", "format": "image"},
                "page_size": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
                "name": {"type": "string", "minLength": 2, "maxLength": 5}
            }
        })
    }

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn refusal(schema: &Value) -> String {
        check(schema).unwrap_err().problem().detail
    }

    #[test]
    fn defaults_are_filled_in_and_what_was_given_stays() {
        let config = validate_config(Some(&shop()), &object(&json!({"currency": "EUR", "page_size": 5}))).unwrap();
        assert_eq!(Value::Object(config), json!({"currency": "EUR", "page_size": 5, "theme": "#0f766e"}));
    }

    #[test]
    fn every_wrong_property_is_named_with_what_to_do() {
        let given = json!({"theme": "red", "logo": "javascript:alert(1)", "page_size": "many", "name": "x", "extra": 1});
        let Err(Error::Invalid(mut errors)) = validate_config(Some(&shop()), &object(&given)) else { panic!("it passed") };
        errors.sort_by(|a, b| a.field.cmp(&b.field));
        let found: Vec<_> = errors.iter().map(|error| (error.field.as_str(), error.code.as_str(), error.message.as_str())).collect();
        assert_eq!(
            found,
            [
                ("config.currency", "required", "Fill this in"),
                ("config.extra", "unknown", "The product has no such setting. Leave it out"),
                ("config.logo", "invalid", "Enter a whole address that begins with https:// or http://"),
                ("config.name", "too_short", "Use at least 2 characters"),
                ("config.page_size", "invalid", "Enter a whole number"),
                ("config.theme", "invalid", "Enter a colour as in #0f766e"),
            ]
        );
    }

    #[test]
    fn characters_that_are_no_text_are_refused_where_they_are() {
        for (given, field) in [
            (json!({"currency": "EUR", "name": "a\u{0}b"}), "config.name"),
            (json!({"currency": "EUR", "name": "a\u{202e}b"}), "config.name"),
            (json!({"currency": "EUR", "name": "a\u{1b}b"}), "config.name"),
        ] {
            let Err(Error::Invalid(errors)) = validate_config(Some(&shop()), &object(&given)) else { panic!("{given} passed") };
            assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), [field]);
        }
        validate_config(Some(&shop()), &object(&json!({"currency": "EUR", "name": "a\n\tb"}))).unwrap();
        for given in [json!({"deep": [{"down": "\u{0}"}]}), json!({"deep": {"\u{0}": 1}})] {
            let Err(Error::Invalid(errors)) = validate_config(None, &object(&given)) else { panic!("{given} passed") };
            assert_eq!(errors[0].field, "config.deep");
        }
    }

    #[test]
    fn a_product_without_a_schema_takes_any_small_configuration() {
        assert!(validate_config(None, &object(&json!({"anything": [1, 2]}))).is_ok());
        assert!(validate_config(None, &object(&json!({"huge": "x".repeat(LARGEST)}))).is_err());
    }

    #[test]
    fn what_no_form_can_show_is_refused_by_name() {
        check(&shop()).unwrap();
        let property = |property: Value| json!({"type": "object", "properties": {"a": property}});
        for (schema, part) in [
            (json!([]), "must be a JSON object"),
            (json!({"type": "array"}), "type object"),
            (json!({"type": "object", "oneOf": []}), "oneOf"),
            (json!({"type": "object", "required": ["b"], "properties": {}}), "b is required"),
            (property(json!({"type": "object"})), "one of the types"),
            (property(json!({"type": "string", "$ref": "http://169.254.169.254/"})), "$ref"),
            (property(json!({"type": "string", "format": "phone"})), "format"),
            (property(json!({"type": "integer", "maximum": "ten"})), "not valid at"),
            (property(json!({"type": "string", "pattern": "("})), "not valid at"),
            (property(json!({"type": "integer", "minimum": 5, "default": 3})), "default of a does not fit: Choose 5 or more"),
            (property(json!({"enum": []})), "enum of a"),
        ] {
            let message = refusal(&schema);
            assert!(message.contains(part), "{schema}: {message}");
        }
    }
}
