//! Addresses of a tenant's dashboard.

use super::{
    activity::Activity,
    settings::Settings,
    team::{Invite, Leave, Member, Team},
};
use crate::routes::area;

area!(TenantRoutes:
    "/t/:tenant/team" => Team,
    "/t/:tenant/team/invite" => Invite,
    "/t/:tenant/team/leave" => Leave,
    "/t/:tenant/team/:user" => Member,
    "/t/:tenant/settings" => Settings,
    "/t/:tenant/activity" => Activity,
);
