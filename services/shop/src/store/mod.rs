//! The shop's settings: one row, written by the lifecycle, shown to clients.

use axum::Json;
use chrono::{DateTime, Utc};
use mintreu_kit::{Database, Identity, Problem, Tx, read, within};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The shop as its owner set it up.
#[derive(Debug, Serialize, ToSchema)]
struct Store {
    name: String,
    /// The currency of all prices.
    currency: String,
    /// `#rrggbb`
    accent: String,
    /// The code of the plan that the application is on.
    plan: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The row behind it.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Record {
    pub(crate) application: String,
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) currency: String,
    pub(crate) accent: String,
    pub(crate) sample_products: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

const FIND: &str = "SELECT application, tenant, name, currency, accent, sample_products, created_at, updated_at \
                    FROM store WHERE id = 1";

pub(crate) async fn find(tx: &mut Tx) -> Result<Option<Record>, sqlx::Error> {
    within!(tx, c => sqlx::query_as(FIND).fetch_optional(c).await)
}

/// The currency of all prices.
pub(crate) async fn currency(tx: &mut Tx) -> Result<String, sqlx::Error> {
    within!(tx, c => sqlx::query_scalar("SELECT currency FROM store WHERE id = 1").fetch_one(c).await)
}

/// The shop's settings.
#[utoipa::path(get, path = "/v1/store", tag = "Store", responses((status = 200, body = Store)))]
async fn show(identity: Identity, database: Database) -> Result<Json<Store>, Problem> {
    let record: Record = read!(&database, c => sqlx::query_as(FIND).fetch_one(c).await)?;
    let Record { name, currency, accent, created_at, updated_at, .. } = record;
    Ok(Json(Store { name, currency, accent, plan: identity.plan, created_at, updated_at }))
}

pub(crate) fn routes() -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(show))
}
