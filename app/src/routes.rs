//! Every page, by area: the addresses of each are in its folder's `routes.rs`, as lines of
//! `area!`. A page that needs data uses `load`; all are rendered in one piece (`SsrMode::Async`),
//! so that status and title are known before the first byte. Within an area the first line that
//! fits is taken: write `/t/:tenant/keys/new` before `/t/:tenant/keys/:key`.

use leptos::prelude::*;
use leptos_router::{
    ChooseView, NestedRoute, PossibleRouteMatch, SsrMode,
    any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute as _},
    components::{FlatRoutes, Router},
};

use crate::{
    account::routes::AccountRoutes, admin::routes::AdminRoutes, components::error_page::NotFound, public::routes::PublicRoutes,
    styleguide::StyleguideRoutes, tenant::routes::TenantRoutes,
};

#[component]
pub fn Pages() -> impl IntoView {
    view! {
        <Router>
            <FlatRoutes fallback=NotFound>
                <PublicRoutes />
                <AccountRoutes />
                <TenantRoutes />
                <AdminRoutes />
                <StyleguideRoutes />
            </FlatRoutes>
        </Router>
    }
}

/// One page at its address, of a type that does not grow with the number of pages.
pub(crate) fn page<S, V>(path: S, view: V) -> AnyNestedRoute
where
    S: PossibleRouteMatch + Clone + Send + Sync + 'static,
    V: ChooseView + Clone + Sync + 'static,
{
    NestedRoute::new(path, view).ssr_mode(SsrMode::Async).into_any_nested_route()
}

/// The pages of an area as a component for `Pages`:
/// `area!(PublicRoutes: "/" => Landing, "/catalog" => Catalogue)`.
macro_rules! area {
    ($name:ident: $($path:tt => $page:path),* $(,)?) => {
        #[::leptos::component(transparent)]
        pub fn $name() -> ::leptos_router::any_nested_route::AnyNestedRoute {
            use ::leptos_router::any_nested_route::IntoAnyNestedRoute as _;
            let pages: ::std::vec::Vec<::leptos_router::any_nested_route::AnyNestedRoute> =
                ::std::vec![$($crate::routes::page(::leptos_router::path!($path), $page)),*];
            ::leptos::tachys::view::iterators::StaticVec::from(pages).into_any_nested_route()
        }
    };
}
pub(crate) use area;
