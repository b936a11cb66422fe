//! Logs: readable on a terminal, JSON elsewhere. Secrets never reach them; what holds one has a
//! `Debug` that shows nothing.

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::config::LogFormat;

/// `RUST_LOG` chooses what is logged; warnings of libraries and our own information otherwise.
pub fn init(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,mintreu=info,mintreu_control=info,mintreu_gateway=info,mintreu_app=info"));
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        LogFormat::Pretty => registry.with(fmt::layer().compact().with_target(false).with_writer(std::io::stderr)).init(),
        LogFormat::Json => registry.with(fmt::layer().json().with_writer(std::io::stderr)).init(),
    }
}
