//! Every answer that is the gateway's own: one enum of stable codes, one way to write them
//! (RFC 9457). A new refusal is a line in `codes!`; its name is part of the contract.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::{
    body::Body,
    message::{Fields, Response},
    trace::RequestTag,
};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const ERROR_SOURCE: HeaderName = HeaderName::from_static("mintreu-error-source");

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Client,
    Platform,
    Service,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $status:ident, $source:ident, $detail:literal;)*) => {
        /// The stable codes of the contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code { $($name),* }

        impl Code {
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),* }
            }

            pub(crate) fn source(self) -> Source {
                match self { $(Self::$name => Source::$source),* }
            }

            fn detail(self) -> &'static str {
                match self { $(Self::$name => $detail),* }
            }
        }
    };
}

codes! {
    RequestMalformed = "request_malformed", BAD_REQUEST, Client, "The request cannot be forwarded safely.";
    CredentialsMissing = "credentials_missing", UNAUTHORIZED, Client, "Send the Client ID and Client Secret with HTTP Basic, or a bearer token.";
    CredentialsInvalid = "credentials_invalid", UNAUTHORIZED, Client, "The credentials are not valid.";
    CredentialsExpired = "credentials_expired", UNAUTHORIZED, Client, "The key or token has expired.";
    SubscriptionInactive = "subscription_inactive", FORBIDDEN, Client, "The subscription of this application is not active.";
    ApplicationSuspended = "application_suspended", FORBIDDEN, Client, "The application is suspended.";
    ApplicationNotActive = "application_not_active", FORBIDDEN, Client, "The application is not active.";
    TenantSuspended = "tenant_suspended", FORBIDDEN, Client, "The tenant is suspended.";
    ProductMismatch = "product_mismatch", FORBIDDEN, Client, "The key belongs to an application of another product.";
    ScopeInsufficient = "scope_insufficient", FORBIDDEN, Client, "The scopes of the key do not include this call.";
    IpNotAllowed = "ip_not_allowed", FORBIDDEN, Client, "The key may not be used from this address.";
    OriginNotAllowed = "origin_not_allowed", FORBIDDEN, Client, "The application does not allow calls from pages of this origin.";
    ProductUnknown = "product_unknown", NOT_FOUND, Client, "There is no such product.";
    RouteUnknown = "route_unknown", NOT_FOUND, Client, "The product has no such route.";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, Client, "The route does not take this method.";
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, Client, "The body of the request did not arrive in time.";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, Client, "The body of the request is too large.";
    UriTooLong = "uri_too_long", URI_TOO_LONG, Client, "The address is too long.";
    HeadersTooLarge = "headers_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE, Client, "The header fields are too large.";
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, Client, "The application calls faster than its plan allows.";
    QuotaExhausted = "quota_exhausted", TOO_MANY_REQUESTS, Client, "The calls that the plan includes are used up until the next period.";
    AnswerTooLarge = "answer_too_large", BAD_GATEWAY, Client, "The answer of the service is larger than the plan allows.";
    ServiceUnreachable = "service_unreachable", BAD_GATEWAY, Service, "The service could not be reached.";
    ServiceUnavailable = "service_unavailable", SERVICE_UNAVAILABLE, Platform, "The call cannot be served right now.";
    NotCached = "not_cached", GATEWAY_TIMEOUT, Client, "The request asks for a stored answer only, and there is none that is fresh.";
    ServiceTimeout = "service_timeout", GATEWAY_TIMEOUT, Service, "The service did not answer in time.";
}

/// A refusal on its way to the client.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    detail: Cow<'static, str>,
    /// `Allow`, `Retry-After`, `RateLimit` fields; most refusals have none.
    fields: Option<Box<Fields>>,
    close: bool,
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self { code, detail: Cow::Borrowed(code.detail()), fields: None, close: false }
    }
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: detail.into(), ..Self::from(code) }
    }

    /// 400 for `detail`.
    pub(crate) fn malformed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::RequestMalformed, detail)
    }

    /// The connection cannot be trusted to be in step any more.
    pub(crate) fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.fields.get_or_insert_default().append(name, value);
        self
    }

    pub(crate) fn with_retry_after(self, seconds: u64) -> Self {
        self.with(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    pub(crate) fn into_response(self, tag: &RequestTag) -> Response {
        let status = self.code.status();
        let text = serde_json::json!({
            "type": format!("/docs/errors#{}", self.code.as_str()),
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "code": self.code.as_str(),
            "detail": self.detail,
            "request_id": tag.text(),
        });
        let mut response = Response::new(status, Body::full(text.to_string()));
        let fields = &mut response.fields;
        if let Some(extra) = self.fields {
            *fields = *extra;
        }
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        fields.insert(REQUEST_ID, tag.header());
        let source = match self.code.source() {
            Source::Client => "client",
            Source::Platform => "platform",
            Source::Service => "service",
        };
        fields.insert(ERROR_SOURCE, HeaderValue::from_static(source));
        if status == StatusCode::UNAUTHORIZED {
            for challenge in [r#"Basic realm="mintreu", charset="UTF-8""#, r#"Bearer realm="mintreu""#] {
                fields.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
        }
        if self.close {
            fields.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
