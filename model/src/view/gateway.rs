//! How the gateway is doing.

use chrono::{DateTime, Utc};

use super::{HealthView, views};

views! {
    /// Calls that were refused for one reason.
    RefusalCount {
        /// The stable code that clients were told.
        code: String,
        calls: i64,
    }

    JournalView {
        /// `process` or `strict`.
        durability: String,
        /// Records that are not counted yet.
        backlog: i64,
        /// At most so long has the oldest of them waited.
        oldest_seconds: i64,
        segments: i64,
        /// Where the journal lies; absent when it cannot be told.
        free_bytes: Option<i64>,
        nearly_full: bool,
        /// Billable calls are refused: there is no room.
        full: bool,
        /// Billable calls are refused: what an earlier process left is not counted yet.
        recovering: bool,
        /// Records that could not be read, since the start.
        damaged: i64,
        /// Ends of calls, bytes and latency, that a full disk cost since the start.
        lost: i64,
    }

    /// The gateway of the process that answers.
    GatewayFigures {
        replica: String,
        /// When it started, which is when its counters began.
        since: DateTime<Utc>,
        in_flight: i64,
        connections: i64,
        /// Closed at once, because their address had too many.
        connections_refused: i64,
        /// Calls whose client left before the answer began.
        client_left: i64,
        cached_grants: i64,
        /// By code, most first.
        refusals: Vec<RefusalCount>,
        journal: JournalView,
    }

    /// A gateway that shares the database.
    ReplicaView {
        id: String,
        /// Its last heartbeat.
        seen_at: DateTime<Utc>,
        lives: bool,
        /// The one that answers.
        here: bool,
    }

    ServiceHealthView { slug: String, name: String, addresses: Vec<HealthView> }

    GatewayView {
        /// Absent when the process that answers has no gateway.
        here: Option<GatewayFigures>,
        /// Only gateways that share a database say that they live.
        replicas: Vec<ReplicaView>,
        services: Vec<ServiceHealthView>,
    }
}
