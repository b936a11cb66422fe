//! A call to a product, in the order it meets things: framing, path, route, credential, grant,
//! rate, quota, strip, inject, service, answer. Each step refuses with a [`Problem`]; nothing of
//! the body is read before the quota has given its unit.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use http::{HeaderValue, StatusCode, Uri, header};
use http_body::Body as _;
use mintreu_model::route::check_path;

use crate::{
    admission::{self, Asked},
    body::{Body, RequestBody},
    browser,
    cache::{self, Asking, Hit, Outcome, Question, Visit},
    call::Call,
    cors::{self, Sharing},
    credential::{self, Credential},
    framing,
    header::{Direction, has_token, strip_with},
    identity::Injected,
    journal::NotWritten,
    message::{Fields, Request, Response},
    peer::Origin,
    problem::{Code, Problem, REQUEST_ID},
    relay::{Deadlines, Relay},
    state::Worker,
    trace::RequestTag,
    tunnel::{self, Wanted},
    upload::{Broken, Upload},
    upstream::{self, Answer, Exchange, Failure, Outgoing},
};

pub(crate) const PREFIX: &str = "/products/";

pub(crate) async fn serve(
    worker: &Worker,
    (request, body): (&mut Request, RequestBody),
    peer: SocketAddr,
    tag: &RequestTag,
    sharing: &mut Sharing,
) -> Result<Response, Problem> {
    let core = &worker.core;
    let (now, began) = ((core.clock)(), Instant::now());
    let settings = &core.settings;

    let mut decoded = credential::buffer();
    // What is wrong with it is said in its turn: it is read now so that the grant is there by then.
    let credential = Credential::read(core, &request.fields, &mut decoded);
    let host = framing::check(request)?;
    browser::check(settings, &request.fields)?;
    // `%2F` is the route's to decide; the rest is refused anywhere, the product's slug included.
    check_path(request.uri.path().as_bytes(), true).map_err(|refused| Problem::malformed(refused.to_string()))?;
    let uri = std::mem::take(&mut request.uri);
    let call = Target::new(&uri).ok_or(Code::ProductUnknown)?;
    if let Ok(credential) = &credential {
        credential.bring(core);
    }

    let (product, service, origins, caches) = {
        let catalogue = core.catalogue.load();
        let product = catalogue.products.get(call.slug).ok_or(Code::ProductUnknown)?;
        (product.id, Arc::clone(&product.service), product.origins.clone(), product.caches)
    };
    if let Some(origins) = &origins {
        if let Some(answer) = cors::preflight(origins, &service, call.path, request, tag) {
            return Ok(answer);
        }
        *sharing = Sharing::before(origins, &request.fields)?;
    }
    let route = service.route(&request.method, call.path)?;

    let origin = Origin::new(settings, &request.fields, peer, host);
    let caller = credential?.identify(core, (now, began)).await?;
    sharing.hold_to(&caller.entry.grant, &request.fields)?;
    let limit = caller.entry.grant.max_request_bytes.unwrap_or(u64::MAX).min(settings.max_body_bytes);
    let asked = Asked { product, method: &request.method, path: call.path, ip: origin.ip, body: body.size_hint().lower(), limit };
    let unit = match admission::admit(core, &caller, &asked, now).await {
        Ok(unit) => unit,
        Err(problem) => {
            core.refusals.add(caller.entry.grant.application_id, problem.code);
            return Err(problem);
        }
    };

    let upload = Upload::new(body, limit, settings.upload_idle);
    let entry = Arc::clone(&caller.entry);
    let mut account = Call::begin(worker, entry, route, tag.id(), (now, began), unit, upload.progress());

    let wanted = tunnel::wanted(request);
    let wants_trailers = has_token(&request.fields, &header::TE, "trailers");
    let given = &mut request.fields;
    strip_with(given, Direction::ToService, |name| {
        *name == header::AUTHORIZATION || *name == header::EXPECT || (settings.shared_host && *name == header::COOKIE)
    });
    if let Some(wanted) = &wanted {
        wanted.ask(given);
    } else if wants_trailers {
        given.insert(header::TE, HeaderValue::from_static("trailers"));
    }

    let asking = if caches && wanted.is_none() {
        let (grant, has_body) = (&caller.entry.grant, upload.progress().is_some());
        let question = Question { grant, service: service.id, method: &request.method, target: &call.forwarded, has_body };
        match cache::visit(&core.cache, &core.metrics, &question, given) {
            Ok(Visit::Ask(asking)) => Some(asking),
            Ok(Visit::Hit(hit)) => return from_store(worker, hit, account, tag).await,
            Err(problem) => {
                account.failed(problem.code.status().as_u16());
                return Err(problem);
            }
        }
    } else {
        None
    };

    let injected = Some(Injected { core, caller: &caller, service: &service, tag, origin: &origin, at: began });
    let outgoing = Outgoing { method: request.method.clone(), target: &call.forwarded, given, injected, upload, upgrade: wanted.is_some() };
    let until = service.policy.total_timeout.map(|total| tokio::time::Instant::from_std(began) + total);
    match upstream::send(worker, &service, outgoing, until).await {
        Ok((answer, exchange)) => {
            let deadlines = Deadlines { idle: service.policy.idle_timeout, until };
            let expected = Expected { wanted, deadlines, asking };
            respond(worker, answer, exchange, account, tag, expected).await
        }
        Err(failure) => {
            let problem = explain(failure, limit);
            if failure != Failure::Upload(Broken::Client) {
                account.failed(problem.code.status().as_u16());
            }
            Err(problem)
        }
    }
}

/// The parts of `/products/{slug}{path}?{query}`.
struct Target<'a> {
    slug: &'a str,
    path: &'a str,
    /// Path and query, byte for byte.
    forwarded: std::borrow::Cow<'a, str>,
}

impl<'a> Target<'a> {
    fn new(uri: &'a Uri) -> Option<Self> {
        let tail = uri.path_and_query()?.as_str().strip_prefix(PREFIX)?;
        let (slug, forwarded) = tail.split_at(tail.find(['/', '?']).unwrap_or(tail.len()));
        let forwarded = if forwarded.starts_with('/') { forwarded.into() } else { format!("/{forwarded}").into() };
        let path = uri.path().strip_prefix(PREFIX)?.get(slug.len()..)?;
        Some(Self { slug, path: if path.is_empty() { "/" } else { path }, forwarded })
    }
}

fn explain(failure: Failure, limit: u64) -> Problem {
    match failure {
        Failure::Unreachable => Code::ServiceUnreachable.into(),
        Failure::Timeout => Code::ServiceTimeout.into(),
        Failure::Held { seconds } => {
            Problem::new(Code::ServiceUnavailable, "The service does not answer and is given a pause.").with_retry_after(seconds)
        }
        Failure::Full => {
            Problem::new(Code::ServiceUnavailable, "The service has as many calls as it may have at once.").with_retry_after(1)
        }
        Failure::Upload(Broken::TooLarge) => admission::body_too_large(limit),
        Failure::Upload(Broken::Stalled) => Problem::from(Code::RequestTimeout).closing(),
        Failure::Upload(Broken::Client) => Problem::malformed("The body of the request broke off.").closing(),
    }
}

/// What goes no further than here. Where chunks decided the length, what else the service says of it must
/// not frame our answer.
fn frame(fields: &mut Fields) {
    let chunked = fields.contains_key(header::TRANSFER_ENCODING);
    strip_with(fields, Direction::ToClient, |name| chunked && *name == header::CONTENT_LENGTH);
}

fn is_event_stream(fields: &Fields) -> bool {
    fields.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// What is known of an answer before it comes.
struct Expected {
    wanted: Option<Wanted>,
    deadlines: Deadlines,
    /// For products whose answers are kept.
    asking: Option<Box<Asking>>,
}

/// Holds the answer to the plan and writes the call down, before the client hears of it.
async fn record(account: &mut Call, status: StatusCode, at: Instant, length: u64, in_hand: u64) -> Result<(), Problem> {
    if let Some(limit) = account.entry().grant.max_response_bytes
        && length > limit
    {
        account.failed(Code::AnswerTooLarge.status().as_u16());
        let detail = format!("The answer of the service is larger than {limit} bytes, the limit of the plan.");
        return Err(Problem::new(Code::AnswerTooLarge, detail));
    }
    if let Err(NotWritten) = account.answered(status.as_u16(), at, in_hand).await {
        let problem = Problem::from(Code::ServiceUnavailable).with_retry_after(5);
        account.withhold(problem.code.status().as_u16());
        return Err(problem);
    }
    Ok(())
}

/// The service is not asked, or said that what is stored still holds.
async fn from_store(worker: &Worker, hit: Hit, mut account: Call, tag: &RequestTag) -> Result<Response, Problem> {
    let status = hit.status();
    let mut response = hit.into_response();
    let length = response.body.size_hint().lower();
    record(&mut account, status, Instant::now(), length, length).await?;
    response.fields.insert(REQUEST_ID, tag.header());
    admission::tell_limits(&worker.core, account.entry(), account.now(), &mut response.fields);
    Ok(response)
}

async fn respond(
    worker: &Worker,
    mut answer: Response<Answer>,
    exchange: Exchange,
    mut account: Call,
    tag: &RequestTag,
    expected: Expected,
) -> Result<Response, Problem> {
    let core = &worker.core;
    let Expected { wanted, mut deadlines, asking } = expected;
    let switching = answer.status == StatusCode::SWITCHING_PROTOCOLS;
    if switching && wanted.is_none() {
        account.failed(Code::ServiceUnreachable.status().as_u16());
        return Err(Code::ServiceUnreachable.into());
    }
    let mut keeping = None;
    if let Some(asking) = asking {
        frame(&mut answer.fields);
        match asking.answered(answer.status, &mut answer.fields) {
            Outcome::Holds(hit) => {
                exchange.ended();
                answer.body.give_back();
                return from_store(worker, hit, account, tag).await;
            }
            Outcome::Relay(kept) => keeping = kept,
        }
    }
    let length = answer.body.size_hint().lower();
    record(&mut account, answer.status, exchange.answered_at(), length, answer.body.in_hand()).await?;
    let limit = account.entry().grant.max_response_bytes;
    let (entry, now) = (Arc::clone(account.entry()), account.now());
    let mut response = match wanted {
        Some(wanted) if switching => tunnel::open(wanted, answer, exchange, account),
        _ => {
            if is_event_stream(&answer.fields) {
                deadlines.until = None;
            }
            let Response { status, mut fields, body } = answer;
            frame(&mut fields);
            Response { status, fields, body: Body::relay(Relay::new(body, exchange, account, deadlines, limit, keeping)) }
        }
    };
    response.fields.insert(REQUEST_ID, tag.header());
    admission::tell_limits(core, &entry, now, &mut response.fields);
    Ok(response)
}
