//! Pages for what went wrong, with the right status. `load` shows them; a page rarely has to.

use leptos::prelude::*;
use mintreu_model::problem::Problem;

use super::{empty::EmptyState, shell::site::SiteShell};
use crate::{error::Error, load::set_status, request::PageRequest};

/// The page for a problem; sets the status of the answer.
#[component]
pub fn ErrorPage(problem: Problem) -> impl IntoView {
    set_status(problem.status);
    let path = PageRequest::current().target();
    let (icon, broken) = match problem.status {
        404 => ("search", false),
        401 | 403 => ("key", false),
        429 => ("clock", false),
        _ => ("alert", problem.status >= 500),
    };
    let trace = match (&problem.request_id, problem.status) {
        (_, 404) => format!("404 · {path}"),
        (Some(request), status) => format!("{status} · {request}"),
        (None, status) => format!("{status} · {}", problem.code),
    };
    let actions = if broken {
        view! { <a class="btn" href=path>"Try again"</a><a class="btn btn-quiet" href="/">"Home"</a> }.into_any()
    } else {
        view! { <a class="btn" href="/">"Home"</a> }.into_any()
    };
    view! {
        <SiteShell title=problem.title.clone()>
            <h1 class="vh">{problem.title.clone()}</h1>
            <EmptyState icon=icon title=problem.title.clone() broken=broken problem=trace actions=actions>
                {problem.detail}
            </EmptyState>
        </SiteShell>
    }
    .into_any()
}

/// No page has this address.
#[component]
pub fn NotFound() -> impl IntoView {
    view! { <ErrorPage problem=Error::not_found().0 /> }.into_any()
}
