//! What a tenant's members are told.

use chrono::{DateTime, Utc};

use super::views;
use crate::id::NotificationId;

views! {
    NotificationView {
        id: NotificationId,
        /// `quota.80`, `quota.100`, `subscription`, `application`.
        kind: String,
        subject: String,
        text: String,
        /// Path in the dashboard of what it is about.
        link: Option<String>,
        created_at: DateTime<Utc>,
        /// When whoever asks read it.
        read_at: Option<DateTime<Utc>>,
    }

    /// How many of a tenant's notifications the caller has not read.
    Unread { unread: i64 }
}
