//! Addresses of a tenant's dashboard.

use super::{
    activity::Activity,
    application::{
        ApplicationUsage, Applications, ConfigPage, DeletePage, KeyCreatedPage, KeyPage, KeysPage, NewApplicationPage, NewKeyPage,
        OverviewPage, RevokePage, RotatePage, SettingsPage, SuspendPage,
    },
    home::Home,
    inbox::Inbox,
    settings::Settings,
    subscription::{SubscribePage, SubscriptionPage, Subscriptions},
    team::{Invite, Leave, Member, Team},
    usage::TenantUsage,
};
use crate::{routes::area, search::page::TenantSearch};

area!(TenantRoutes:
    "/t/:tenant" => Home,
    "/t/:tenant/search" => TenantSearch,
    "/t/:tenant/usage" => TenantUsage,
    "/t/:tenant/catalogue" => SubscribePage,
    "/t/:tenant/subscribe" => SubscribePage,
    "/t/:tenant/subscriptions" => Subscriptions,
    "/t/:tenant/subscriptions/:subscription" => SubscriptionPage,
    "/t/:tenant/applications" => Applications,
    "/t/:tenant/applications/new" => NewApplicationPage,
    "/t/:tenant/applications/:application" => OverviewPage,
    "/t/:tenant/applications/:application/config" => ConfigPage,
    "/t/:tenant/applications/:application/keys" => KeysPage,
    "/t/:tenant/applications/:application/keys/new" => NewKeyPage,
    "/t/:tenant/applications/:application/keys/:key" => KeyPage,
    "/t/:tenant/applications/:application/keys/:key/created" => KeyCreatedPage,
    "/t/:tenant/applications/:application/keys/:key/rotate" => RotatePage,
    "/t/:tenant/applications/:application/keys/:key/revoke" => RevokePage,
    "/t/:tenant/applications/:application/usage" => ApplicationUsage,
    "/t/:tenant/applications/:application/settings" => SettingsPage,
    "/t/:tenant/applications/:application/suspend" => SuspendPage,
    "/t/:tenant/applications/:application/delete" => DeletePage,
    "/t/:tenant/team" => Team,
    "/t/:tenant/team/invite" => Invite,
    "/t/:tenant/team/leave" => Leave,
    "/t/:tenant/team/:user" => Member,
    "/t/:tenant/settings" => Settings,
    "/t/:tenant/inbox" => Inbox,
    "/t/:tenant/activity" => Activity,
);
