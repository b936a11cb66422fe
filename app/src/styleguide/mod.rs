//! Every component in every state, for authors and for tests. The server offers `/styleguide…`
//! only where it is allowed. Its values are made up.

pub mod basics;
pub mod data;
pub mod forms;
pub mod messages;
pub mod shells;

use leptos::prelude::*;

pub use self::shells::{AdminExample, AuthExample, TenantExample};
use crate::{components::prelude::*, routes::area};

/// Addresses of the guide begin with this.
pub const ROOT: &str = "/styleguide";

area!(StyleguideRoutes:
    "/styleguide" => Styleguide,
    "/styleguide/tenant" => TenantExample,
    "/styleguide/admin" => AdminExample,
    "/styleguide/auth" => AuthExample,
);

#[component]
pub fn Styleguide() -> impl IntoView {
    view! {
        <SiteShell title="Style guide">
            <div class="stack stack-l">
                <PageHeader title="Style guide" lede="Every component in every state. The frames have pages of their own."
                    actions=view! {
                        <LinkButton href="/styleguide/tenant" label="Tenant shell" />
                        <LinkButton href="/styleguide/admin" label="Admin shell" />
                        <LinkButton href="/styleguide/auth" label="Auth shell" />
                    } />
                <basics::Basics />
                <data::Data />
                <forms::Forms />
                <messages::Messages />
            </div>
        </SiteShell>
    }
    .into_any()
}
