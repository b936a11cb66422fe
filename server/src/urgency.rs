//! Who goes first when the cores are full: calls, before a page is rendered or a password is hashed.
//! Decision 15.

use rustix::process::{getpriority_process, setpriority_process};

/// How much less urgent the control plane is than the gateway, whose threads the first thread starts.
const NICER: i32 = 10;
/// Nanoseconds that a gateway thread runs before others have their turn, where it competes at all: who
/// asks for less than the usual millisecond or three gets a core at once when a call comes.
#[cfg(target_os = "linux")]
const SLICE: u64 = 100_000;

/// The priority of control threads, as seen by the first thread.
#[must_use]
pub fn of_control() -> i32 {
    getpriority_process(None).unwrap_or(0) + NICER
}

/// Linux keeps this for each thread. One that is started by another begins with what that one has,
/// hence no addition here.
pub fn give_way(nice: i32) {
    if let Err(error) = setpriority_process(None, nice) {
        tracing::warn!(%error, "pages and passwords are as urgent as calls");
    }
}

/// Makes this thread one that does not wait for others to finish their slice. From Linux 6.12 on;
/// earlier ones take the wish and do nothing.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no crate offers this call")]
pub(crate) fn go_first() {
    let attributes = libc::sched_attr {
        size: u32::try_from(size_of::<libc::sched_attr>()).unwrap_or(0),
        sched_policy: 0,
        sched_flags: 0,
        sched_nice: getpriority_process(None).unwrap_or(0),
        sched_priority: 0,
        sched_runtime: SLICE,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the kernel reads `size` bytes of a value that lives until the call returns, for this
    // thread, and writes nothing.
    let outcome = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    if outcome != 0 {
        tracing::debug!(error = %std::io::Error::last_os_error(), "calls wait for others to finish their slice");
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn go_first() {}
