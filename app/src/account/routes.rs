//! Addresses of the pages of accounts.

use super::{
    home::Dashboard,
    invitation::Invitation,
    login::LogIn,
    password::{Forgot, ForgotSent, Reset},
    profile::Profile,
    register::{Registered, Registration},
    sessions::Sessions,
    tenants::{CreateTenant, Tenants},
    tokens::{RevokeToken, Tokens},
    verify::Verify,
};
use crate::{routes::area, search::page::AccountSearch};

area!(AccountRoutes:
    "/login" => LogIn,
    "/register" => Registration,
    "/register/sent" => Registered,
    "/verify" => Verify,
    "/forgot" => Forgot,
    "/forgot/sent" => ForgotSent,
    "/reset" => Reset,
    "/invitation" => Invitation,
    "/dashboard" => Dashboard,
    "/account" => Profile,
    "/account/sessions" => Sessions,
    "/account/tokens" => Tokens,
    "/account/tokens/:token/revoke" => RevokeToken,
    "/search" => AccountSearch,
    "/tenants" => Tenants,
    "/tenants/new" => CreateTenant,
);
