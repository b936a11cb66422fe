//! States of the things that have a life of their own. Text forms are those of the REST API and
//! of the database.

use serde::{Deserialize, Serialize};

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|state| state.as_str() == name)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(name: String) -> Result<Self, String> {
                Self::from_name(&name).ok_or_else(|| format!(concat!("unknown ", stringify!($name), " {}"), name))
            }
        }
    )*};
}

states! {
    TenantStatus { Active = "active", Suspended = "suspended", Deleting = "deleting" }

    /// How the gateway sees one address of a service.
    AddressState {
        /// Nothing is known yet; calls go to it.
        Unknown = "unknown",
        Healthy = "healthy",
        /// Its health checks fail.
        Unhealthy = "unhealthy",
        /// It failed calls, and is left alone for a while.
        Ejected = "ejected",
        /// Its circuit is open: it did not answer, and gets one call a second.
        Open = "circuit_open",
        /// That one call is under way.
        HalfOpen = "half_open",
    }

    ProductKind { Api = "api", License = "license", Application = "application" }

    ProductStatus { Draft = "draft", Published = "published", Archived = "archived" }

    PlanInterval { Month = "month", Year = "year" }

    /// Names and meaning follow Stripe's.
    SubscriptionStatus {
        Incomplete = "incomplete",
        IncompleteExpired = "incomplete_expired",
        Trialing = "trialing",
        Active = "active",
        PastDue = "past_due",
        Paused = "paused",
        Unpaid = "unpaid",
        Canceled = "canceled",
    }

    ApplicationStatus {
        Provisioning = "provisioning",
        Active = "active",
        Failed = "failed",
        Suspended = "suspended",
        Deleting = "deleting",
        Deleted = "deleted",
    }

    /// One step of the timeline that a person watches while an application is made.
    StepStatus { Pending = "pending", Running = "running", Done = "done", Failed = "failed" }

    JobStatus { Queued = "queued", Running = "running", Done = "done", Dead = "dead" }

    KeyStatus { Active = "active", Expiring = "expiring", Expired = "expired", Revoked = "revoked" }

    InvitationStatus { Pending = "pending", Accepted = "accepted", Expired = "expired", Revoked = "revoked" }

    /// Which database a service wants for each of its applications.
    DatabaseMode { None = "none", Dedicated = "dedicated" }

    MailStatus { Queued = "queued", Kept = "kept", Sent = "sent", Failed = "failed" }

    UsageStep { Minute = "minute", Hour = "hour", Day = "day" }

    UsageBy { Route = "route", Key = "key", Status = "status" }

    UsageOf { Tenant = "tenant", Product = "product", Status = "status" }
}

impl SubscriptionStatus {
    /// Whether the gateway serves calls in this state.
    #[must_use]
    pub const fn is_served(self) -> bool {
        matches!(self, Self::Trialing | Self::Active | Self::PastDue)
    }

    /// Whether it stands in the way of another subscription to the same product.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Trialing | Self::Active | Self::PastDue | Self::Paused | Self::Unpaid)
    }
}
