//! Reading what is sent, strictly: bounded, of the right content type, and with the field named
//! that is of the wrong type, unknown or missing.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use mintreu_control::Control;
use mintreu_model::problem::{FieldError, Problem};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::refusal::Refusal;

/// Bytes of a body at most.
pub(crate) const BODY_MOST: usize = 1024 * 1024;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

/// A JSON body that may be left out.
pub(crate) struct OptionalBody<T>(pub(crate) Option<T>);

impl<T: DeserializeOwned> FromRequest<Control> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &Control) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let bytes = bytes(&parts.headers, body).await?;
        check_content_type(&parts.headers)?;
        json(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<Control> for OptionalBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &Control) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let bytes = bytes(&parts.headers, body).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        check_content_type(&parts.headers)?;
        json(&bytes).map(Some).map(Self)
    }
}

/// The whole body, within its bound.
pub(crate) async fn bytes(headers: &HeaderMap, body: axum::body::Body) -> Result<Bytes, Refusal> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()).and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > BODY_MOST as u64) {
        return Err(too_large());
    }
    match Limited::new(body, BODY_MOST).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => Err(too_large()),
        Err(_) => {
            Err(Problem::new(400, "body_incomplete", "The body did not arrive", "The connection broke off. Send the request again.").into())
        }
    }
}

fn too_large() -> Refusal {
    Problem::new(413, "body_too_large", "The body is too large", "A body may have 1 MB at most.").into()
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json")) {
        Ok(())
    } else {
        Err(Problem::new(415, "content_type", "The body is not JSON", "Send the header Content-Type: application/json.").into())
    }
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    check_text(bytes)?;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() { Refusal::from(vec![wrong(&path, &inner.to_string())]) } else { malformed(&inner) }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Refusal {
    let detail = format!("The body cannot be read as JSON: {error}.");
    Problem::new(400, "json_malformed", "The body is not JSON", detail).into()
}

/// Refuses the null character, which no database keeps, wherever it is.
fn check_text(bytes: &[u8]) -> Result<(), Refusal> {
    let escaped = bytes.windows(6).any(|window| window == br"\u0000");
    let Some(value) = escaped.then(|| serde_json::from_slice::<Value>(bytes).ok()).flatten() else { return Ok(()) };
    match null_character(&value, "") {
        Some(field) => Err(Refusal::field(&field, "invalid", "Leave out the null character")),
        None => Ok(()),
    }
}

/// Path of the first text with a null character.
fn null_character(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(|| path.to_owned()),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| null_character(item, &format!("{path}[{index}]"))),
        Value::Object(fields) => fields.iter().find_map(|(name, item)| {
            let path = join(path, &name.replace('\0', "\u{fffd}"));
            if name.contains('\0') { Some(path) } else { null_character(item, &path) }
        }),
        _ => None,
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() || path == "." { name.to_owned() } else { format!("{path}.{name}") }
}

/// A query string.
pub(crate) fn query<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    let pairs = form_urlencoded::parse(text.as_bytes());
    for (name, value) in pairs {
        if value.chars().any(char::is_control) {
            return Err(Refusal::field(&name, "invalid", "Leave out control characters"));
        }
    }
    let deserializer = serde_urlencoded::Deserializer::new(pairs);
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        vec![wrong(&path, &error.into_inner().to_string())].into()
    })
}

/// The field that serde could not read.
fn wrong(path: &str, message: &str) -> FieldError {
    let message = message.split(" at line ").next().unwrap_or(message);
    let named = |start: &str| message.strip_prefix(start).and_then(|rest| rest.split('`').next());
    let within = |name: &str| if path == name || path.ends_with(&format!(".{name}")) { path.to_owned() } else { join(path, name) };
    if let Some(name) = named("unknown field `") {
        FieldError::new(within(name), "unknown", "There is no such field")
    } else if let Some(name) = named("missing field `") {
        FieldError::new(within(name), "required", "Fill this in")
    } else if let Some(name) = named("duplicate field `") {
        FieldError::new(within(name), "invalid", "Send this field once")
    } else {
        let field = if path == "." { "body" } else { path };
        let message = message.replace("expected i64", "expected a whole number").replace("expected u32", "expected a whole number");
        FieldError::new(field, "invalid", message)
    }
}
