//! What handlers ask for: who is calling and what they may do, ids of the path, queries. All of it
//! is settled before a body is read, so that nobody is told what is wrong with their input about
//! something they may not touch.

use std::net::IpAddr;

use axum::{
    RequestPartsExt as _,
    extract::{FromRequestParts, RawPathParams},
    http::{header, request::Parts},
};
use mintreu_control::{Actor, Control, Error, Operator, Permitted, access::Right};
use mintreu_gateway::ConnInfo;
use mintreu_model::{id::TenantId, list::ListQuery};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::{read, refusal::Refusal};

/// Where the client is, when a proxy in front has said so; put into the request by a layer.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// Where the request comes from, as far as known.
pub(crate) struct Address(pub(crate) Option<IpAddr>);

pub(crate) fn address(parts: &Parts) -> Option<IpAddr> {
    let told = parts.extensions.get::<ClientAddress>().map(|address| address.0);
    told.or_else(|| parts.extensions.get::<ConnInfo>().map(|connection| connection.peer.ip()))
}

impl FromRequestParts<Control> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Control) -> Result<Self, Self::Rejection> {
        Ok(Self(address(parts)))
    }
}

/// Somebody with a token.
pub(crate) struct Caller(pub(crate) Actor);

/// The actor behind the request's token. Kept in the request, so that it is looked up once.
pub(crate) async fn authenticate(parts: &mut Parts, control: &Control) -> Result<Actor, Refusal> {
    if let Some(actor) = parts.extensions.get::<Actor>() {
        return Ok(actor.clone());
    }
    let mut given = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(Error::Unauthenticated("Send a token once: Authorization: Bearer mtp_…").into());
    };
    let token = value.to_str().ok().and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, token)) = token else {
        return Err(Error::Unauthenticated("Send a token: Authorization: Bearer mtp_…").into());
    };
    let actor = control.authenticate_token(token.trim(), address(parts)).await?;
    parts.extensions.insert(actor.clone());
    Ok(actor)
}

impl FromRequestParts<Control> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Refusal> {
        authenticate(parts, control).await.map(Self)
    }
}

/// Somebody who has the right `R` in the tenant `{t}` of the path.
pub(crate) struct Member<R: Right>(pub(crate) Permitted<R>);

impl<R: Right> FromRequestParts<Control> for Member<R> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Refusal> {
        let actor = authenticate(parts, control).await?;
        let params = parts.extract::<RawPathParams>().await.map_err(|_| Refusal::not_found("tenant"))?;
        let tenant = params.iter().find(|(name, _)| *name == "t").and_then(|(_, id)| id.parse::<TenantId>().ok());
        let tenant = tenant.ok_or_else(|| Refusal::not_found("tenant"))?;
        Ok(Self(control.permit(&actor, tenant).await?))
    }
}

/// A super admin.
pub(crate) struct Admin(pub(crate) Operator);

impl FromRequestParts<Control> for Admin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, Refusal> {
        let actor = authenticate(parts, control).await?;
        Ok(Self(control.operate(&actor)?))
    }
}

/// Values of the path in its order; 404 for what cannot be one.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Refusal))]
pub(crate) struct Path<T>(pub(crate) T);

/// A name in the path: slug, code or key of a setting.
pub(crate) struct Name(pub(crate) String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known =
            (1..=100).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b));
        if known { Ok(Self(name)) } else { Err(serde::de::Error::custom("not a name")) }
    }
}

/// The query, read strictly.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Control> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Control) -> Result<Self, Refusal> {
        read::query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Which part of a list.
pub(crate) struct Listing(pub(crate) ListQuery);

impl FromRequestParts<Control> for Listing {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Control) -> Result<Self, Refusal> {
        let query: ListQuery = read::query(parts.uri.query().unwrap_or_default())?;
        if query.limit == Some(0) {
            return Err(Refusal::field("limit", "out_of_range", "Choose a number from 1 to 100"));
        }
        if query.page == Some(0) {
            return Err(Refusal::field("page", "out_of_range", "Count pages from 1"));
        }
        Ok(Self(query))
    }
}
