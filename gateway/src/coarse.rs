//! The time of day as of the system's last tick, a few milliseconds ago: enough to name and date things
//! by, and much cheaper than the time itself.

use std::time::Duration;

/// Since 1970.
#[cfg(target_os = "linux")]
pub(crate) fn about_now() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn about_now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}
