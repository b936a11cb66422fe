//! Everything that the gateway must know to answer for one key, read in one query. The value is
//! plain data; `server` turns it into the gateway's own. To tell the gateway more, add a column.

use std::fmt;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use mintreu_model::{
    id::{ApiKeyId, ApplicationId, ProductId, SubscriptionId, TenantId},
    route::Scope,
    status::{ApplicationStatus, ProductStatus, SubscriptionStatus, TenantStatus},
};
use sqlx::{FromRow, types::Json};

use crate::{Control, Error, Result, provision, store::read};

/// A connection string with a password in it: it prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for DatabaseUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

#[derive(Debug, Clone)]
pub struct Grant {
    pub key_id: ApiKeyId,
    pub application_id: ApplicationId,
    pub tenant_id: TenantId,
    pub subscription_id: SubscriptionId,
    pub product_id: ProductId,
    pub client_id: String,
    pub secret_sha256: [u8; 32],
    pub key_expires_at: Option<DateTime<Utc>>,
    pub key_revoked: bool,
    /// Empty: every exposed route.
    pub scopes: Vec<Scope>,
    /// Empty: from anywhere.
    pub allowed_ips: Vec<IpNet>,
    /// Whose pages may call it; empty: browsers are told nothing.
    pub allowed_origins: Vec<String>,
    pub product_slug: String,
    pub product_status: ProductStatus,
    pub plan_code: String,
    pub application_status: ApplicationStatus,
    pub tenant_status: TenantStatus,
    pub subscription_status: SubscriptionStatus,
    pub rate_per_second: i64,
    pub burst: i64,
    /// Bodies of calls; none: no limit of the plan.
    pub max_request_bytes: Option<i64>,
    pub max_response_bytes: Option<i64>,
    pub quota_period_start: DateTime<Utc>,
    pub quota_period_end: DateTime<Utc>,
    pub included_requests: i64,
    /// Calls beyond what is included are refused; else they are overage.
    pub hard_stop: bool,
    /// Counted so far in the quota period.
    pub used: i64,
    /// `None`: the application has no database of its own, or not yet.
    pub database_url: Option<DatabaseUrl>,
}

#[derive(FromRow)]
struct Row {
    key_id: ApiKeyId,
    application_id: ApplicationId,
    tenant_id: TenantId,
    subscription_id: SubscriptionId,
    product_id: ProductId,
    client_id: String,
    secret_hash: Vec<u8>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    scopes: Json<Vec<Scope>>,
    allowed_ips: Json<Vec<IpNet>>,
    allowed_origins: Json<Vec<String>>,
    product_slug: String,
    #[sqlx(try_from = "String")]
    product_status: ProductStatus,
    plan_code: String,
    #[sqlx(try_from = "String")]
    application_status: ApplicationStatus,
    #[sqlx(try_from = "String")]
    tenant_status: TenantStatus,
    #[sqlx(try_from = "String")]
    subscription_status: SubscriptionStatus,
    rate_per_second: i64,
    burst: i64,
    max_request_bytes: Option<i64>,
    max_response_bytes: Option<i64>,
    quota_period_start: DateTime<Utc>,
    quota_period_end: DateTime<Utc>,
    included_requests: i64,
    overage_minor_per_1000: Option<i64>,
    used: i64,
    url_sealed: Option<Vec<u8>>,
}

const GRANT: &str =
    "SELECT k.id AS key_id, a.id AS application_id, a.tenant_id, a.subscription_id, a.product_id, k.client_id, k.secret_hash,
        k.expires_at, k.revoked_at, k.scopes, k.allowed_ips, a.allowed_origins, p.slug AS product_slug, p.status AS product_status, n.code AS plan_code,
        a.status AS application_status, t.status AS tenant_status, s.status AS subscription_status, v.rate_per_second, v.burst,
        v.max_request_bytes, v.max_response_bytes, s.quota_period_start, s.quota_period_end, v.included_requests, v.overage_minor_per_1000,
        COALESCE(q.used, 0) AS used, d.url_sealed
    FROM api_keys k
    JOIN applications a ON a.id = k.application_id
    JOIN tenants t ON t.id = a.tenant_id
    JOIN subscriptions s ON s.id = a.subscription_id
    JOIN plan_versions v ON v.id = s.plan_version_id
    JOIN plans n ON n.id = v.plan_id
    JOIN products p ON p.id = a.product_id
    LEFT JOIN application_databases d ON d.application_id = a.id AND d.ready_at IS NOT NULL
    LEFT JOIN quota_usage q ON q.subscription_id = s.id AND q.period_start = s.quota_period_start
    WHERE k.client_id = $1";

impl Control {
    /// What the gateway answers for a key with; none when there is no such key.
    pub async fn gateway_grant(&self, client_id: &str) -> Result<Option<Grant>> {
        let row: Option<Row> = read!(self.db, c => sqlx::query_as(GRANT).bind(client_id).fetch_optional(c))?;
        let Some(row) = row else { return Ok(None) };
        // The hash of a key whose application is gone was emptied.
        let Ok(secret_sha256) = <[u8; 32]>::try_from(row.secret_hash) else { return Ok(None) };
        let open = |sealed: Vec<u8>| {
            let plain = self.keyring.open(provision::URL_PURPOSE, &sealed)?;
            String::from_utf8(plain).map(DatabaseUrl).map_err(|cause| Error::internal("a database address is damaged", cause))
        };
        Ok(Some(Grant {
            key_id: row.key_id,
            application_id: row.application_id,
            tenant_id: row.tenant_id,
            subscription_id: row.subscription_id,
            product_id: row.product_id,
            client_id: row.client_id,
            secret_sha256,
            key_expires_at: row.expires_at,
            key_revoked: row.revoked_at.is_some(),
            scopes: row.scopes.0,
            allowed_ips: row.allowed_ips.0,
            allowed_origins: row.allowed_origins.0,
            product_slug: row.product_slug,
            product_status: row.product_status,
            plan_code: row.plan_code,
            application_status: row.application_status,
            tenant_status: row.tenant_status,
            subscription_status: row.subscription_status,
            rate_per_second: row.rate_per_second,
            burst: row.burst,
            max_request_bytes: row.max_request_bytes,
            max_response_bytes: row.max_response_bytes,
            quota_period_start: row.quota_period_start,
            quota_period_end: row.quota_period_end,
            included_requests: row.included_requests,
            hard_stop: row.overage_minor_per_1000.is_none(),
            used: row.used,
            database_url: row.url_sealed.map(open).transpose()?,
        }))
    }
}
