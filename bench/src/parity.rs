//! Whether two servers that carry the policy decide alike: without that, comparing their speed
//! means nothing.

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    http::{field, head},
    keys::{Key, Kind, authorization},
    load::Bench,
    server::Server,
};

struct Case {
    what: &'static str,
    request: String,
    status: u16,
}

/// Calls every case on the server.
pub(crate) fn check(server: &Server, bench: &mut Bench) -> Result<()> {
    for case in cases() {
        let answer = bench.ask(server.address, case.request.as_bytes())?;
        let status = std::str::from_utf8(answer.get(9..12).unwrap_or_default())?;
        if status != case.status.to_string() {
            bail!("{} answers {status}, not {}, to {}", server.kind.name(), case.status, case.what);
        }
    }
    forged(server, bench)
}

fn request(method: &str, path: &str, authorization: &str, more: &str) -> String {
    let length = if method == "GET" { "" } else { "Content-Length: 0\r\n" };
    format!(
        "{method} /products/bench{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {authorization}\r\n{length}{more}Connection: close\r\n\r\n"
    )
}

fn cases() -> Vec<Case> {
    let (good, other) = (Key::wide(0), Key::wide(1));
    let stranger = Key::wide(u64::MAX >> 20);
    let get = |authorization: &str| request("GET", "/v1/orders", authorization, "");
    let of = |kind: Kind| get(&Key::special(kind).authorization());
    let case = |what, request, status| Case { what, request, status };
    vec![
        case("a good call", get(&good.authorization()), 200),
        case("a call to a route with a placeholder", request("GET", "/v1/orders/7", &good.authorization(), ""), 200),
        case("another's secret", get(&authorization(&good.client_id(), &other.secret())), 401),
        case("an unknown id", get(&stranger.authorization()), 401),
        case("junk for a credential", get("Basic ????"), 401),
        case("an unknown route", request("GET", "/v1/secrets", &good.authorization(), ""), 404),
        case("a route with something behind it", request("GET", "/v1/orders/7/lines", &good.authorization(), ""), 404),
        case("a method that the route does not allow", request("DELETE", "/v1/orders", &good.authorization(), ""), 405),
        case("a subscription that is not active", of(Kind::Inactive), 403),
        case("the first call within the rate", of(Kind::Slow), 200),
        case("a call beyond the rate", of(Kind::Slow), 429),
        case("the only call of a quota", of(Kind::Small), 200),
        case("a call beyond the quota", of(Kind::Small), 429),
    ]
}

/// A client cannot speak as the platform, and the service learns who calls.
fn forged(server: &Server, bench: &mut Bench) -> Result<()> {
    let key = Key::wide(0);
    let forged = "Mintreu-Tenant: forged\r\nmintreu-Anything: forged\r\nX-Request-Id: forged\r\nX-Forwarded-For: 6.6.6.6\r\n";
    let answer = bench.ask(server.address, request("GET", "/v1/orders", &key.authorization(), forged).as_bytes())?;
    let answered = head(&answer).context("no answer")?;
    let seen = std::mem::take(&mut bench.seen);
    let name = server.kind.name();
    for wanted in ["x-request-id", "ratelimit", "ratelimit-policy"] {
        ensure!(field(answered, wanted).is_some(), "{name} answers without {wanted}");
    }
    for (wanted, value) in [
        ("mintreu-tenant", mintreu_model::id::TenantId(key.tenant_id()).to_string()),
        ("mintreu-application", mintreu_model::id::ApplicationId(key.application_id()).to_string()),
        ("mintreu-key", mintreu_model::id::ApiKeyId(key.key_id()).to_string()),
        ("mintreu-product", "bench".to_owned()),
        ("mintreu-plan", "wide".to_owned()),
        ("x-forwarded-for", "127.0.0.1".to_owned()),
    ] {
        ensure!(field(&seen, wanted) == Some(&value), "{name} tells the service the {wanted} {:?}", field(&seen, wanted));
    }
    for wanted in ["mintreu-identity", "x-request-id"] {
        ensure!(field(&seen, wanted).is_some(), "{name} does not tell the service the {wanted}");
    }
    for unwanted in ["forged", "authorization", "mcs_", "6.6.6.6"] {
        let text = String::from_utf8_lossy(&seen).to_lowercase();
        ensure!(!text.contains(unwanted), "{name} lets {unwanted} through to the service");
    }
    Ok(())
}
