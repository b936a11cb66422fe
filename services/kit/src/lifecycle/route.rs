//! The lifecycle calls as HTTP: who calls is proven, and that the body is the one that was signed,
//! before anything in it is looked at.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Delete, Lifecycle, Operation, Provision, Provisioned, Removed, Update, Updated};
use crate::body::{Path, Query, parse, read};
use crate::database::Database;
use crate::identity::{Claims, Identity, Platform, database_url, sha256_hex};
use crate::problem::Problem;

struct Desk<L> {
    platform: Platform,
    lifecycle: L,
}

type Shared<L> = State<Arc<Desk<L>>>;

pub(crate) fn router<L: Lifecycle>(platform: Platform, lifecycle: L) -> Router {
    Router::new()
        .route("/.mintreu/v1/applications/{application}", put(provision::<L>).patch(update::<L>).delete(delete::<L>))
        .route("/.mintreu/v1/applications/{application}/operation", get(operation::<L>))
        .with_state(Arc::new(Desk { platform, lifecycle }))
}

/// A lifecycle call whose identity, body and database are proven.
struct Proven {
    claims: Claims,
    body: axum::body::Bytes,
    url: Option<String>,
}

impl Proven {
    async fn admit(platform: &Platform, application: &str, request: Request) -> Result<Self, Problem> {
        let headers: HeaderMap = request.headers().clone();
        let claims = platform.verify(&headers).await?;
        if claims.sub != application {
            return Err(Problem::identity_invalid("meant for another application"));
        }
        let url = database_url(&headers, &claims)?;
        let body = read(request).await?;
        if claims.digest.as_deref() != Some(sha256_hex(&body).as_str()) {
            return Err(Problem::identity_invalid("the body is not the signed one"));
        }
        Ok(Self { claims, body, url })
    }

    fn identity(self) -> Identity {
        self.claims.into_identity()
    }
}

#[derive(Deserialize)]
struct ProvisionBody {
    plan: String,
    #[serde(default)]
    config: Value,
    database: Option<DatabaseBody>,
}

#[derive(Deserialize)]
struct DatabaseBody {
    url: String,
}

async fn provision<L: Lifecycle>(State(desk): Shared<L>, Path(application): Path<String>, request: Request) -> Result<Response, Problem> {
    let call = Proven::admit(&desk.platform, &application, request).await?;
    let body: ProvisionBody = parse(&call.body)?;
    let database = match body.database {
        Some(DatabaseBody { url }) => {
            // The body is signed; a claim about the database must still be about this one.
            let signed = call.claims.db.as_deref();
            if signed.is_some_and(|hash| hash != sha256_hex(url.as_bytes())) {
                return Err(Problem::identity_invalid("the database URL is not the signed one"));
            }
            Some(desk.platform.pools().create(&url).await?)
        }
        None => None,
    };
    let call = Provision { identity: call.identity(), plan: body.plan, config: body.config, database };
    Ok(match desk.lifecycle.provision(call).await? {
        Provisioned::Created => (StatusCode::CREATED, Json(json!({}))).into_response(),
        Provisioned::Existing => Json(json!({})).into_response(),
        Provisioned::Working { operation } => working(&operation),
    })
}

#[derive(Deserialize)]
struct UpdateBody {
    plan: Option<String>,
    config: Option<Value>,
    #[serde(default)]
    previous_values: Value,
}

async fn update<L: Lifecycle>(State(desk): Shared<L>, Path(application): Path<String>, request: Request) -> Result<Response, Problem> {
    let call = Proven::admit(&desk.platform, &application, request).await?;
    let UpdateBody { plan, config, previous_values } = parse(&call.body)?;
    let database = held(&desk.platform, call.url.as_deref())?;
    let call = Update { identity: call.identity(), plan, config, previous_values, database };
    Ok(match desk.lifecycle.update(call).await? {
        Updated::Done => Json(json!({})).into_response(),
        Updated::Working { operation } => working(&operation),
    })
}

async fn delete<L: Lifecycle>(State(desk): Shared<L>, Path(application): Path<String>, request: Request) -> Result<Response, Problem> {
    let call = Proven::admit(&desk.platform, &application, request).await?;
    let url = call.url.clone();
    let database = held(&desk.platform, url.as_deref())?;
    let outcome = desk.lifecycle.delete(Delete { identity: call.identity(), database }).await;
    if let Some(url) = url {
        desk.platform.pools().close(&url).await;
    }
    Ok(match outcome? {
        Removed::Done => Json(json!({})).into_response(),
        Removed::Gone => Problem::new(StatusCode::GONE, "application_gone", "There is no such application here.").into_response(),
        Removed::Working { operation } => working(&operation),
    })
}

#[derive(Deserialize)]
struct OperationQuery {
    operation: String,
}

async fn operation<L: Lifecycle>(
    State(desk): Shared<L>,
    Path(application): Path<String>,
    query: Result<Query<OperationQuery>, Problem>,
    request: Request,
) -> Result<Response, Problem> {
    let call = Proven::admit(&desk.platform, &application, request).await?;
    let Query(OperationQuery { operation }) = query?;
    let state = desk.lifecycle.operation(call.identity(), operation).await?;
    Ok(match state {
        Operation::InProgress { .. } => ([(header::RETRY_AFTER, "2")], Json(state)).into_response(),
        Operation::Succeeded { .. } | Operation::Failed { .. } => Json(state).into_response(),
    })
}

fn held(platform: &Platform, url: Option<&str>) -> Result<Option<Database>, Problem> {
    Ok(url.map(|url| platform.pools().get(url)).transpose()?)
}

fn working(operation: &str) -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "operation": operation }))).into_response()
}
