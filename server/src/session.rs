//! tower-sessions over the platform's own table. The published SQL store keeps the id in clear,
//! knows no user and brings revoked sessions back; this one hashes the id, names user and device
//! in columns, and saves only what is still there.

use std::{collections::HashMap, net::IpAddr};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use mintreu_app::{
    assets::Assets,
    context::{DeviceInfo, SESSION_ADDRESS, SESSION_DEVICE, SESSION_USER},
};
use mintreu_control::{Actor, Control, account::session::Device};
use mintreu_gateway::ConnInfo;
use mintreu_model::id::{SessionId, UserId};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower_sessions::{
    Expiry, Session, SessionManagerLayer, SessionStore,
    cookie::time::{Duration, OffsetDateTime},
    cookie::{Cookie, SameSite},
    session::{Id, Record},
    session_store,
};

use crate::{config::Config, forms, rest::ClientAddress, web};

/// Where `load` tells the row's id, for the list of sessions.
const ROW_ID: &str = "row_id";
/// Where `load` tells for how many seconds the session was just prolonged, so that the cookie is.
const PROLONGED: &str = "prolonged";
/// However much it is used, a session ends after this long.
const LONGEST: TimeDelta = TimeDelta::days(90);
const IDLE: Duration = Duration::hours(12);

#[derive(Debug, Clone)]
pub(crate) struct Sessions(Control);

fn hash(id: Id) -> Vec<u8> {
    Sha256::digest(id.0.to_be_bytes()).to_vec()
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn backend(error: mintreu_control::Error) -> session_store::Error {
    session_store::Error::Backend(mintreu_control::chain(&error))
}

impl Sessions {
    /// The record's end on the clock that sessions live on.
    fn expires_at(&self, record: &Record) -> DateTime<Utc> {
        let left = record.expiry_date - OffsetDateTime::now_utc();
        self.0.clock.system_now() + TimeDelta::seconds(left.whole_seconds())
    }
}

fn text(data: &HashMap<String, Value>, key: &str) -> Option<String> {
    data.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn user(data: &HashMap<String, Value>) -> Option<UserId> {
    text(data, SESSION_USER)?.parse().ok()
}

fn json(data: &HashMap<String, Value>) -> Result<String, session_store::Error> {
    let kept: HashMap<_, _> = data.iter().filter(|(key, _)| ![ROW_ID, PROLONGED].contains(&key.as_str())).collect();
    serde_json::to_string(&kept).map_err(|error| session_store::Error::Encode(error.to_string()))
}

#[async_trait::async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        loop {
            let device =
                Device { name: text(&record.data, SESSION_DEVICE).unwrap_or_default(), address: text(&record.data, SESSION_ADDRESS) };
            let data = json(&record.data)?;
            let made = self
                .0
                .session_create(&hash(record.id), user(&record.data), &data, &device, self.expires_at(record))
                .await
                .map_err(backend)?;
            if made {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let data = json(&record.data)?;
        self.0.session_save(&hash(record.id), user(&record.data), &data, self.expires_at(record)).await.map_err(backend).map(drop)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some(stored) = self.0.session_load(&hash(*id)).await.map_err(backend)? else { return Ok(None) };
        let (now, last) = (self.0.clock.system_now(), stored.created_at + LONGEST);
        if now > last {
            return Ok(None);
        }
        let prolonged = self.0.session_seen(&stored).await;
        let mut data: HashMap<String, Value> =
            serde_json::from_str(&stored.data).map_err(|error| session_store::Error::Decode(error.to_string()))?;
        data.insert(ROW_ID.to_owned(), Value::String(stored.id.to_string()));
        if let Some(until) = prolonged {
            data.insert(PROLONGED.to_owned(), (until.min(last) - now).num_seconds().into());
        }
        let expiry_date = OffsetDateTime::from_unix_timestamp(stored.expires_at.timestamp())
            .map_err(|error| session_store::Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.0.session_delete(&hash(*id)).await.map_err(backend)
    }
}

const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-session" } else { "session" }
}

/// The cookie once more, for the rest of a session that was prolonged. Other changes of a session
/// send it anyway.
async fn prolonged(session: &Session, secure: bool) -> Option<HeaderValue> {
    let seconds = session.get::<i64>(PROLONGED).await.ok().flatten().filter(|_| !session.is_modified())?;
    let cookie = Cookie::build((cookie_name(secure), session.id()?.to_string()))
        .path("/")
        .secure(secure)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(seconds));
    HeaderValue::from_str(&cookie.to_string()).ok()
}

/// The layer that gives every request its session.
pub(crate) fn layer(control: &Control, config: &Config) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions(control.clone()))
        .with_name(cookie_name(config.is_secure()))
        .with_secure(config.is_secure())
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(IDLE))
}

/// What the layer below needs.
#[derive(Clone)]
pub(crate) struct Identify {
    pub(crate) control: Control,
    pub(crate) trusted_proxies: std::sync::Arc<[ipnet::IpNet]>,
    pub(crate) assets: Assets,
    pub(crate) secure: bool,
}

/// Notes who is asking and from where in the request's extensions: `Option<Actor>`, `DeviceInfo`.
pub(crate) async fn identify(State(state): State<Identify>, session: Session, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnInfo>().map(|connection| connection.peer.ip());
    let address = peer.map(|peer| client_address(peer, request.headers(), &state.trusted_proxies));
    let name = device_name(request.headers());
    request.extensions_mut().insert(DeviceInfo { name, address });
    let actor = match actor(&state.control, &session, address).await {
        Ok(actor) => actor,
        Err(error) => {
            tracing::error!(error = %crate::Failure::new("the session could not be read", &error), "a request could not be identified");
            let problem = error.problem();
            if !forms::is_form(&request) {
                let page = web::page_request(request.uri(), request.headers());
                return forms::problem_page(&problem, &state.assets, &page);
            }
            // The form layer answers it, and keeps what was typed.
            request.extensions_mut().insert(forms::Unidentified(problem));
            None
        }
    };
    request.extensions_mut().insert(actor);
    let mut response = next.run(request).await;
    if let Some(cookie) = prolonged(&session, state.secure).await {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The session layer answers a session that could not be saved by a bare 500; people get a page.
pub(crate) async fn unsaved(State(assets): State<Assets>, request: Request, next: Next) -> Response {
    let page = web::page_request(request.uri(), request.headers());
    let response = next.run(request).await;
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR && !response.headers().contains_key(header::CONTENT_TYPE) {
        return forms::problem_page(&mintreu_app::Error::session_unavailable().0, &assets, &page);
    }
    response
}

async fn actor(control: &Control, session: &Session, address: Option<IpAddr>) -> Result<Option<Actor>, mintreu_control::Error> {
    let away = |error: tower_sessions::session::Error| mintreu_control::Error::Unavailable(error.into());
    let Some(user) = session.get::<UserId>(SESSION_USER).await.map_err(away)? else { return Ok(None) };
    let row = session.get::<SessionId>(ROW_ID).await.map_err(away)?;
    match row {
        Some(row) => control.authenticate_session(user, row, address).await,
        None => Ok(None),
    }
}

/// Notes where the client of the REST API is in the request's extensions: `ClientAddress`.
pub(crate) async fn locate(State(trusted): State<std::sync::Arc<[ipnet::IpNet]>>, mut request: Request, next: Next) -> Response {
    if let Some(peer) = request.extensions().get::<ConnInfo>().map(|connection| connection.peer.ip()) {
        let address = client_address(peer, request.headers(), &trusted);
        request.extensions_mut().insert(ClientAddress(address));
    }
    next.run(request).await
}

/// The peer, or what trusted proxies say: from the right, the first address of `X-Forwarded-For`
/// that is not itself a trusted proxy. What cannot be read ends the search, since whoever wrote it
/// cannot be told from the client.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[ipnet::IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let told: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).collect();
    let mut known = peer;
    for part in told.into_iter().rev() {
        if !is_trusted(&known) {
            break;
        }
        let Some(address) = address_of(part.trim()) else { break };
        known = address;
    }
    known
}

/// An address with or without a port.
fn address_of(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip()))
}

/// Browser and system as people say them, from the User-Agent.
fn device_name(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("HeadlessChrome/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown device".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed_about_the_client() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "6.6.6.6, 203.0.113.9, 10.0.0.2".parse().unwrap());
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let peer = "10.0.0.1".parse().unwrap();
        assert_eq!(client_address(peer, &headers, &trusted), "203.0.113.9".parse::<IpAddr>().unwrap());
        assert_eq!(client_address(peer, &headers, &[]), peer);
        headers.insert("x-forwarded-for", "6.6.6.6, 203.0.113.9:4711".parse().unwrap());
        assert_eq!(client_address(peer, &headers, &trusted), "203.0.113.9".parse::<IpAddr>().unwrap());
        headers.insert("x-forwarded-for", "6.6.6.6, nonsense".parse().unwrap());
        assert_eq!(client_address(peer, &headers, &trusted), peer);
    }

    #[test]
    fn a_device_is_named_as_people_say_it() {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".parse().unwrap());
        assert_eq!(device_name(&headers), "Firefox on Linux");
    }
}
