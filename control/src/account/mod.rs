//! Accounts: people, their passwords, sessions and tokens. Nothing here tells whether an address
//! has an account, by answer or by time.

mod email;
mod flash;
mod login;
mod password;
mod register;
pub mod session;
pub(crate) mod store;
mod throttle;
mod token;
mod user;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
pub use password::Passwords;
pub use throttle::Throttle;

use crate::Control;

/// Lowercased and trimmed: how addresses are kept and compared.
pub(crate) fn normalise(email: &str) -> String {
    email.trim().to_lowercase()
}

impl Control {
    /// A secret of 256 random bits, for links and tokens.
    pub(crate) fn secret(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.random.bytes::<32>())
    }
}
