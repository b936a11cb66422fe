//! Applications, the timeline of their making, their keys.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde_json::{Map, Value};

use super::views;
use crate::{
    id::{ApiKeyId, ApplicationId, StepId, SubscriptionId, TenantId},
    route::Scope,
    status::{ApplicationStatus, KeyStatus, StepStatus},
};

views! {
    ApplicationView {
        id: ApplicationId,
        slug: String,
        name: String,
        tenant: TenantId,
        tenant_name: String,
        tenant_slug: String,
        subscription: SubscriptionId,
        /// Slug.
        product: String,
        product_name: String,
        /// Code.
        plan: String,
        plan_name: String,
        status: ApplicationStatus,
        /// Why it is failed or suspended, for the tenant's eyes.
        status_reason: Option<String>,
        #[cfg_attr(feature = "utoipa", schema(value_type = Object))]
        config: Map<String, Value>,
        config_version: i64,
        /// Whose pages may call it from a browser.
        allowed_origins: Vec<String>,
        /// Where calls go, without the path.
        endpoint: String,
        /// Engine of its own database, when it has one: `sqlite` or `postgres`.
        database: Option<String>,
        delete_after: Option<DateTime<Utc>>,
        created_by: Option<String>,
        created_at: DateTime<Utc>,
        updated_at: DateTime<Utc>,
    }

    ApplicationCreated { id: ApplicationId, status: ApplicationStatus, key: KeyCreated }

    StepView {
        id: StepId,
        /// Stable name: `plan database service keys ready`, or of later work.
        step: String,
        title: String,
        status: StepStatus,
        /// What happened, or why it failed.
        detail: Option<String>,
        started_at: Option<DateTime<Utc>>,
        finished_at: Option<DateTime<Utc>>,
    }

    TimelineView { status: ApplicationStatus, status_reason: Option<String>, steps: Vec<StepView> }

    ConfigVersionView {
        version: i64,
        #[cfg_attr(feature = "utoipa", schema(value_type = Object))]
        config: Map<String, Value>,
        changed_by: Option<String>,
        created_at: DateTime<Utc>,
    }

    KeyView {
        id: ApiKeyId,
        name: String,
        client_id: String,
        secret_last_four: String,
        #[cfg_attr(feature = "utoipa", schema(value_type = Vec<String>))]
        scopes: Vec<Scope>,
        #[cfg_attr(feature = "utoipa", schema(value_type = Vec<String>))]
        allowed_ips: Vec<IpNet>,
        status: KeyStatus,
        expires_at: Option<DateTime<Utc>>,
        last_used_at: Option<DateTime<Utc>>,
        created_by: Option<String>,
        created_at: DateTime<Utc>,
    }

    KeyCreated {
        id: ApiKeyId,
        client_id: String,
        /// Shown this once.
        client_secret: String,
    }
}
