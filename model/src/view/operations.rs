//! What operators look at: audit entries, jobs, mail, settings, the overview.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{UsagePoint, views};
use crate::{
    id::{AuditId, JobId, MailId},
    status::{JobStatus, MailStatus},
};

views! {
    AuditView {
        id: AuditId,
        at: DateTime<Utc>,
        /// Who, by e-mail address; `platform` for work that nobody asked for.
        actor: String,
        /// `application.create`, `key.revoke`, …
        action: String,
        /// What it was done to: kind, id and name as of then.
        target_kind: String,
        target_id: String,
        target_name: String,
        tenant_name: Option<String>,
        #[cfg_attr(feature = "utoipa", schema(value_type = Option<Object>))]
        before: Option<Value>,
        #[cfg_attr(feature = "utoipa", schema(value_type = Option<Object>))]
        after: Option<Value>,
        address: Option<String>,
    }

    JobView {
        id: JobId,
        kind: String,
        /// Id of what it works on.
        target: String,
        status: JobStatus,
        attempts: i64,
        last_error: Option<String>,
        run_at: DateTime<Utc>,
        created_at: DateTime<Utc>,
        finished_at: Option<DateTime<Utc>>,
    }

    MailView {
        id: MailId,
        to: String,
        subject: String,
        text: String,
        status: MailStatus,
        error: Option<String>,
        created_at: DateTime<Utc>,
        sent_at: Option<DateTime<Utc>>,
    }

    SettingView { key: String, title: String, hint: String, value: i64, default: i64, minimum: i64, maximum: i64, unit: String }

    /// Figures of the operator's first page.
    Overview {
        tenants: i64,
        users: i64,
        /// Live subscriptions.
        subscriptions: i64,
        applications: i64,
        /// Monthly worth of live paid subscriptions, by currency, in minor units.
        monthly_recurring: Vec<crate::money::Money>,
        failed_applications: i64,
        dead_jobs: i64,
        queued_jobs: i64,
        /// By day, the last thirty days, over all tenants.
        requests: Vec<UsagePoint>,
        recent: Vec<AuditView>,
    }
}
