//! Users, their sessions and tokens.

use chrono::{DateTime, Utc};

use super::{TenantView, views};
use crate::{
    id::{SessionId, TokenId, UserId},
    role::{Permission, Role},
};

views! {
    UserView {
        id: UserId,
        email: String,
        name: String,
        email_verified: bool,
        super_admin: bool,
        disabled: bool,
        created_at: DateTime<Utc>,
    }

    MembershipView { tenant: TenantView, role: Role, permissions: Vec<Permission> }

    Me { user: UserView, memberships: Vec<MembershipView> }

    SessionView {
        id: SessionId,
        /// Browser and system, as far as the User-Agent tells.
        device: String,
        address: Option<String>,
        created_at: DateTime<Utc>,
        last_seen_at: DateTime<Utc>,
        current: bool,
    }

    TokenView {
        id: TokenId,
        name: String,
        last_four: String,
        expires_at: Option<DateTime<Utc>>,
        last_used_at: Option<DateTime<Utc>>,
        created_at: DateTime<Utc>,
    }

    TokenCreated {
        id: TokenId,
        /// Shown this once.
        token: String,
    }
}
