//! Who calls, told to the service: header fields prepared in the grant, and a signed token that a
//! service can check without trusting its network. Everything the client said under these names
//! is gone by now (`header.rs`).

use std::{
    hash::BuildHasher as _,
    net::IpAddr,
    ops::Range,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use foldhash::quality::RandomState;
use http::HeaderName;
use mintreu_model::route::Scope;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    catalogue::Service,
    credential::Caller,
    grant::Entry,
    message::Fields,
    peer::Origin,
    policy::{DatabaseUrl, Grant},
    problem::REQUEST_ID,
    state::Core,
    token::{Kind, Verified, unix_now},
    trace::{RequestTag, TRACEPARENT, TRACESTATE, Trace},
};

const LIFETIME_SECONDS: u64 = 120;
/// What a service gets is good for half a minute at least.
const REUSED_FOR: Duration = Duration::from_secs(LIFETIME_SECONDS - 30);

const DATABASE_URL: HeaderName = HeaderName::from_static("mintreu-database-url");
const IDENTITY: HeaderName = HeaderName::from_static("mintreu-identity");
/// Enough for most.
const FORWARDED_ROOM: usize = 128;
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Most tokens are shorter.
const USUAL: usize = 704;

/// A signed identity and what it was signed for.
pub(crate) struct Identity {
    token: Token,
    service: Arc<str>,
    /// What it says of the grant: its slot outlives the grants of its keys.
    claims: u64,
    signed: Instant,
}

/// The usual token lies with the rest of its identity, where nobody has to look first how long it is:
/// it is not one more piece of memory to wait for.
struct Token {
    usual: [u8; USUAL],
    length: usize,
    /// All of a longer one.
    longer: Box<[u8]>,
}

impl Token {
    fn new(text: &[u8]) -> Self {
        let mut usual = [0; USUAL];
        let longer = match usual.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text);
                Box::default()
            }
            None => text.into(),
        };
        Self { usual, length: text.len(), longer }
    }

    fn bytes(&self) -> &[u8] {
        self.usual.get(..self.length).unwrap_or(&self.longer)
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: String,
    tenant: String,
    product: &'a str,
    plan: &'a str,
    scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    db: Option<String>,
    iat: u64,
    exp: u64,
}

/// Whose call it is, for the fields of the service contract.
#[derive(Clone, Copy)]
pub(crate) struct Injected<'a> {
    pub(crate) core: &'a Core,
    pub(crate) caller: &'a Caller,
    pub(crate) service: &'a Service,
    pub(crate) tag: &'a RequestTag,
    pub(crate) origin: &'a Origin,
    pub(crate) at: Instant,
}

impl Injected<'_> {
    /// The fields that the service gets beside those that are the same for each call of the key: ours,
    /// and `given`, which holds nothing under their names.
    pub(crate) fn fields(self, given: &Fields, field: &mut impl FnMut(&HeaderName, &[u8])) {
        let Caller { entry, token } = self.caller;
        field(&REQUEST_ID, self.tag.text().as_bytes());
        if let Some(url) = entry.fields.database_url.as_ref().filter(|_| self.service.wants_database) {
            field(&DATABASE_URL, url.as_bytes());
        }
        self.identity(token.as_deref(), |token| field(&IDENTITY, token));
        let trace = Trace::continued(given);
        field(&TRACEPARENT, &trace.parent);
        for (name, value) in given.iter() {
            if *name != TRACEPARENT && (trace.goes_on || *name != TRACESTATE) {
                field(name, value.as_bytes());
            }
        }
        let Origin { ip, proto, host, .. } = self.origin;
        let mut text = String::with_capacity(FORWARDED_ROOM);
        let address = write_forwarded(&mut text, *ip, host.to_str().unwrap_or_default(), proto);
        field(&FORWARDED, text.as_bytes());
        field(&FORWARDED_FOR, text.get(address).unwrap_or_default().as_bytes());
        field(&FORWARDED_PROTO, proto.as_bytes());
        field(&FORWARDED_HOST, host.as_bytes());
    }

    /// Signed once for what it says, then reused.
    fn identity(self, token: Option<&Verified>, tell: impl FnOnce(&[u8])) {
        let Self { core, caller: Caller { entry, .. }, service, at, .. } = self;
        let narrowed = token.and_then(|token| token.scopes.as_ref().map(|scopes| (token, scopes)));
        let slot = narrowed.map_or(&entry.identity, |(token, _)| &token.identity);
        let is_good = |known: &Identity| {
            let is_young = at.saturating_duration_since(known.signed) < REUSED_FOR;
            is_young && known.claims == entry.claims && known.service == service.slug
        };
        if let Some(known) = slot.load().as_ref()
            && is_good(known)
        {
            return tell(known.token.bytes());
        }
        let common = Some(&entry.application.identity).filter(|_| narrowed.is_none() && entry.grant.scopes.is_empty());
        let known = common.and_then(ArcSwapOption::load_full).filter(|known| is_good(known));
        let identity = known.unwrap_or_else(|| {
            let scopes = narrowed.map_or(&entry.grant.scopes, |(_, scopes)| scopes);
            let token = Token::new(sign(core, entry, scopes, service).as_bytes());
            Arc::new(Identity { token, service: Arc::clone(&service.slug), claims: entry.claims, signed: at })
        });
        tell(identity.token.bytes());
        if let Some(common) = common {
            common.store(Some(Arc::clone(&identity)));
        }
        slot.store(Some(identity));
    }
}

/// A number that stands for all that a token says of the grant. Nobody outside can know which grants
/// have the same.
pub(crate) fn claims(grant: &Grant) -> u64 {
    static NUMBERS: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    let Grant { application_id, tenant_id, product_slug, plan_code, scopes, database_url, .. } = grant;
    NUMBERS.hash_one((application_id, tenant_id, product_slug, plan_code, scopes, database_url.as_ref().map(DatabaseUrl::expose)))
}

/// What must not be kept by those who compress fields.
pub(crate) fn is_secret(name: &HeaderName) -> bool {
    *name == IDENTITY || *name == DATABASE_URL
}

/// Tells where the address lies in the text.
fn write_forwarded(text: &mut String, ip: IpAddr, host: &str, proto: &str) -> Range<usize> {
    let (open, close) = if ip.is_ipv4() { ("for=", ";host=\"") } else { ("for=\"[", "]\";host=\"") };
    text.push_str(open);
    let begin = text.len();
    write_address(text, ip);
    let end = text.len();
    for part in [close, host, "\";proto=", proto] {
        text.push_str(part);
    }
    begin..end
}

fn write_address(text: &mut String, ip: IpAddr) {
    let IpAddr::V4(ip) = ip else { return text.push_str(&ip.to_string()) };
    for (place, number) in ip.octets().into_iter().enumerate() {
        if place > 0 {
            text.push('.');
        }
        text.push_str(itoa::Buffer::new().format(number));
    }
}

fn sign(core: &Core, entry: &Entry, scopes: &[Scope], service: &Service) -> String {
    let grant = &entry.grant;
    let now = unix_now();
    let everything = || vec![Scope::everything().to_string()];
    let claims = Claims {
        iss: &core.settings.issuer,
        aud: &service.slug,
        sub: grant.application_id.to_string(),
        tenant: grant.tenant_id.to_string(),
        product: &grant.product_slug,
        plan: &grant.plan_code,
        scopes: if scopes.is_empty() { everything() } else { scopes.iter().map(Scope::to_string).collect() },
        db: grant.database_url.as_ref().filter(|_| service.wants_database).map(|url| hex::encode(Sha256::digest(url.expose()))),
        iat: now,
        exp: now + LIFETIME_SECONDS,
    };
    core.signer.sign(Kind::Identity, &claims)
}
