//! Tenants, members, invitations.

use chrono::{DateTime, Utc};

use super::views;
use crate::{
    id::{InvitationId, TenantId, UserId},
    role::Role,
    status::{InvitationStatus, TenantStatus},
};

views! {
    TenantView {
        id: TenantId,
        slug: String,
        name: String,
        status: TenantStatus,
        /// Why it is suspended.
        status_reason: Option<String>,
        /// When a deletion that was asked for becomes final.
        delete_after: Option<DateTime<Utc>>,
        created_at: DateTime<Utc>,
    }

    /// A tenant in the super admins' list.
    TenantRow { tenant: TenantView, owner_email: Option<String>, members: i64, applications: i64, subscriptions: i64, requests_30_days: i64 }

    MemberView { user_id: UserId, name: String, email: String, role: Role, joined_at: DateTime<Utc> }

    InvitationView {
        id: InvitationId,
        email: String,
        role: Role,
        status: InvitationStatus,
        invited_by: Option<String>,
        expires_at: DateTime<Utc>,
        created_at: DateTime<Utc>,
    }

    /// What somebody sees who opens the link of an invitation.
    InvitationOffer { tenant_name: String, email: String, role: Role, invited_by: Option<String> }
}
