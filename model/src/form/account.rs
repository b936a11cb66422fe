//! Accounts: register, verify, log in, passwords, tokens.

use serde::{Deserialize, Serialize};

use super::{Check, Validate, lenient};
use crate::problem::FieldError;

macro_rules! form {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
        pub struct $name { $($(#[$fdoc])* pub $field: $type),* }
    )*};
}
pub(crate) use form;

form! {
    Register { name: String, email: String, password: String }

    /// A token from an e-mail: verification of an address, or its change.
    UseToken { token: String }

    Login {
        email: String,
        password: String,
        /// Thirty days instead of the browser session.
        #[serde(default, deserialize_with = "lenient::switch")]
        remember: bool,
        /// Where to go afterwards; a path of ours, anything else is ignored.
        #[serde(default)]
        next: Option<String>,
    }

    ForgotPassword { email: String }

    ResetPassword { token: String, password: String }

    ChangePassword { current_password: String, password: String }

    ChangeEmail { email: String, current_password: String }

    ChangeName { name: String }

    /// A personal access token, made with the account's password.
    CreateToken {
        email: String,
        password: String,
        name: String,
        /// Seconds; none lives until it is revoked.
        #[serde(default, deserialize_with = "lenient::optional_number")]
        expires_in: Option<i64>,
    }

    /// The same for somebody who is logged in.
    CreateOwnToken {
        name: String,
        current_password: String,
        #[serde(default, deserialize_with = "lenient::optional_number")]
        expires_in: Option<i64>,
    }
}

const YEAR_SECONDS: i64 = 366 * 86_400;

impl Validate for Register {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new().line("name", &self.name, 1..=100).email("email", &self.email).password("password", &self.password).done()
    }
}

impl Validate for UseToken {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new().line("token", &self.token, 1..=200).done()
    }
}

impl Validate for Login {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new()
            .email("email", &self.email)
            .ensure(!self.password.is_empty(), "password", "required", "Enter your password")
            .ensure(self.password.len() <= 1000, "password", "too_long", "Use at most 200 characters")
            .done()
    }
}

impl Validate for ForgotPassword {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new().email("email", &self.email).done()
    }
}

impl Validate for ResetPassword {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new().line("token", &self.token, 1..=200).password("password", &self.password).done()
    }
}

impl Validate for ChangePassword {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new()
            .ensure(!self.current_password.is_empty(), "current_password", "required", "Enter your present password")
            .password("password", &self.password)
            .done()
    }
}

impl Validate for ChangeEmail {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new()
            .email("email", &self.email)
            .ensure(!self.current_password.is_empty(), "current_password", "required", "Enter your present password")
            .done()
    }
}

impl Validate for ChangeName {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new().line("name", &self.name, 1..=100).done()
    }
}

impl Validate for CreateToken {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new()
            .email("email", &self.email)
            .ensure(!self.password.is_empty(), "password", "required", "Enter your password")
            .ensure(self.password.len() <= 1000, "password", "too_long", "Use at most 200 characters")
            .line("name", &self.name, 1..=100)
            .range("expires_in", self.expires_in.unwrap_or(60), 60..=YEAR_SECONDS)
            .done()
    }
}

impl Validate for CreateOwnToken {
    fn validate(&self) -> Result<(), Vec<FieldError>> {
        Check::new()
            .line("name", &self.name, 1..=100)
            .ensure(!self.current_password.is_empty(), "current_password", "required", "Enter your present password")
            .range("expires_in", self.expires_in.unwrap_or(60), 60..=YEAR_SECONDS)
            .done()
    }
}
