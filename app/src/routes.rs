//! Every page and its address, on one screen. A page that needs data uses `load`; all are rendered
//! in one piece (`SsrMode::Async`), so that status and title are known before the first byte.

use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    components::error_page::NotFound,
    public::landing::Landing,
    styleguide::{AdminExample, AuthExample, Styleguide, TenantExample},
};

#[component]
pub fn Pages() -> impl IntoView {
    view! {
        <Router>
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/") view=Landing ssr=SsrMode::Async />
                <Route path=path!("/styleguide") view=Styleguide ssr=SsrMode::Async />
                <Route path=path!("/styleguide/tenant") view=TenantExample ssr=SsrMode::Async />
                <Route path=path!("/styleguide/admin") view=AdminExample ssr=SsrMode::Async />
                <Route path=path!("/styleguide/auth") view=AuthExample ssr=SsrMode::Async />
            </FlatRoutes>
        </Router>
    }
}
