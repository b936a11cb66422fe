//! The token endpoint (RFC 6749 §4.4) and the key set that verifies what it hands out. Clients
//! authenticate by HTTP Basic or in the form, never both.

use std::{net::SocketAddr, time::Instant};

use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use mintreu_model::route::Scope;

use crate::{
    body::{Body, RequestBody},
    credential, framing,
    grant::Entry,
    header::single,
    message::{Fields, Request, Response},
    peer::{Origin, is_allowed},
    problem::{Code, Problem, REQUEST_ID},
    state::Core,
    token::{LIFETIME_SECONDS, issue},
    trace::RequestTag,
};

pub(crate) const TOKEN_PATH: &str = "/oauth/token";
pub(crate) const JWKS_PATH: &str = "/.well-known/jwks.json";
const LARGEST_FORM: usize = 16 * 1024;

/// An error of RFC 6749 §5.2.
struct Refused(StatusCode, &'static str, &'static str);

const INVALID_CLIENT: Refused = Refused(StatusCode::UNAUTHORIZED, "invalid_client", "The client is not known or not active.");

fn bad(error: &'static str, description: &'static str) -> Refused {
    Refused(StatusCode::BAD_REQUEST, error, description)
}

fn json(status: StatusCode, text: String, tag: &RequestTag) -> Response {
    let mut response = Response::new(status, Body::full(text));
    let fields = &mut response.fields;
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    fields.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    fields.insert(REQUEST_ID, tag.header());
    response
}

pub(crate) fn jwks(core: &Core, method: &Method, tag: &RequestTag) -> Result<Response, Problem> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let allow = HeaderValue::from_static("GET, HEAD");
        return Err(Problem::from(Code::MethodNotAllowed).with(header::ALLOW, allow));
    }
    let mut response = json(StatusCode::OK, core.signer.jwks(), tag);
    let cache = HeaderValue::from_static("public, max-age=300");
    response.fields.insert(header::CACHE_CONTROL, cache);
    Ok(response)
}

pub(crate) async fn token(
    core: &Core,
    (request, body): (&Request, RequestBody),
    peer: SocketAddr,
    tag: &RequestTag,
) -> Result<Response, Problem> {
    let host = framing::check(request)?;
    if request.method != Method::POST {
        let allow = HeaderValue::from_static("POST");
        return Err(Problem::from(Code::MethodNotAllowed).with(header::ALLOW, allow));
    }
    let origin = Origin::new(&core.settings, &request.fields, peer, host);
    let collecting = Limited::new(body, LARGEST_FORM).collect();
    let form = match tokio::time::timeout(core.settings.upload_idle, collecting).await {
        Ok(Ok(form)) => form.to_bytes(),
        Ok(Err(_)) => return Err(Problem::from(Code::BodyTooLarge).closing()),
        Err(_) => return Err(Problem::from(Code::RequestTimeout).closing()),
    };
    let mut response = match grant(core, request, &form, &origin, tag).await {
        Ok(text) => json(StatusCode::OK, text, tag),
        Err(Failed::Platform(problem)) => return Err(problem),
        Err(Failed::Client(Refused(status, error, description))) => {
            let text = serde_json::json!({ "error": error, "error_description": description });
            let mut response = json(status, text.to_string(), tag);
            if status == StatusCode::UNAUTHORIZED {
                let challenge = HeaderValue::from_static(r#"Basic realm="mintreu", charset="UTF-8""#);
                response.fields.insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
    };
    response.fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

enum Failed {
    Client(Refused),
    Platform(Problem),
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Client(refused)
    }
}

async fn grant(core: &Core, request: &Request, form: &[u8], origin: &Origin, tag: &RequestTag) -> Result<String, Failed> {
    let form = Form::read(&request.fields, form)?;
    match form.grant_type.as_deref() {
        Some("client_credentials") => {}
        Some(_) => return Err(bad("unsupported_grant_type", "Use client_credentials.").into()),
        None => return Err(bad("invalid_request", "grant_type is missing.").into()),
    }
    let mut buffer = credential::buffer();
    let basic =
        single(&request.fields, &header::AUTHORIZATION).map_err(|()| bad("invalid_request", "Authorization stands more than once."))?;
    let (id, secret) = match (basic, &form.client_id, &form.client_secret) {
        (Some(_), _, Some(_)) => {
            return Err(bad("invalid_request", "Authenticate in one way only.").into());
        }
        (Some(line), _, None) => line
            .to_str()
            .ok()
            .and_then(|line| line.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
            .and_then(|(_, value)| credential::basic(value, &mut buffer))
            .ok_or(INVALID_CLIENT)?,
        (None, Some(id), Some(secret)) => (id.as_str(), secret.as_str()),
        (None, ..) => return Err(INVALID_CLIENT.into()),
    };
    if form.client_id.as_ref().is_some_and(|named| named != id) {
        return Err(INVALID_CLIENT.into());
    }
    let now = ((core.clock)(), Instant::now());
    let entry = credential::by_secret(core, core.grants.want(id), secret, now).await.map_err(|problem| match problem.code {
        Code::ServiceUnavailable => Failed::Platform(problem),
        _ => INVALID_CLIENT.into(),
    })?;
    if entry.check_standing().is_err() || !is_allowed(&entry.grant.allowed_ips, origin.ip) {
        return Err(INVALID_CLIENT.into());
    }
    let scope = form.scope.as_deref().filter(|text| !text.trim().is_empty());
    let narrowed = scope.map(|text| narrow(&entry, text)).transpose()?;
    let token = issue(&core.signer, &core.settings.issuer, id, entry.grant.application_id.to_string(), narrowed.clone(), tag.text());
    let granted = narrowed.unwrap_or_else(|| {
        if entry.grant.scopes.is_empty() {
            return "*".to_owned();
        }
        entry.grant.scopes.iter().map(Scope::to_token).collect::<Vec<_>>().join(" ")
    });
    Ok(serde_json::json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
        "scope": granted,
    })
    .to_string())
}

/// The scopes asked for, if the key has them all.
fn narrow(entry: &Entry, text: &str) -> Result<String, Refused> {
    let refused = || bad("invalid_scope", "The key does not have every scope asked for.");
    let asked: Vec<Scope> = text
        .split_ascii_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| bad("invalid_scope", "A scope is * or METHOD:/pattern."))?;
    let has = |asked: &Scope| entry.grant.scopes.is_empty() || entry.grant.scopes.iter().any(|had| had.covers(asked));
    if !asked.iter().all(has) {
        return Err(refused());
    }
    Ok(asked.iter().map(Scope::to_token).collect::<Vec<_>>().join(" "))
}

#[derive(Default)]
struct Form {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    scope: Option<String>,
}

impl Form {
    fn read(fields: &Fields, bytes: &[u8]) -> Result<Self, Refused> {
        let urlencoded = fields
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if !urlencoded {
            return Err(bad("invalid_request", "Send application/x-www-form-urlencoded."));
        }
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(bytes) {
            let field = match &*name {
                "grant_type" => &mut form.grant_type,
                "client_id" => &mut form.client_id,
                "client_secret" => &mut form.client_secret,
                "scope" => &mut form.scope,
                _ => continue,
            };
            if field.replace(value.into_owned()).is_some() {
                return Err(bad("invalid_request", "A parameter stands more than once."));
            }
        }
        Ok(form)
    }
}
