//! Pages for what went wrong, with the right status. `load` shows them; a page rarely has to.

use leptos::prelude::*;
use mintreu_model::problem::Problem;

use super::{empty::EmptyState, shell::site::SiteShell};
use crate::{error::Error, load::set_status, request::PageRequest};

/// The page for a problem; sets the status of the answer.
#[component]
pub fn ErrorPage(problem: Problem) -> impl IntoView {
    set_status(problem.status);
    view! { <SiteShell title=problem.title.clone()>{problem_state(problem)}</SiteShell> }.into_any()
}

/// What went wrong and how to go on, for the middle of a page.
pub(crate) fn problem_state(problem: Problem) -> impl IntoView {
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
    let again = (broken && !path.is_empty()).then(|| view! { <a class="btn" href=path>"Try again"</a> });
    let home = if again.is_some() { "btn btn-quiet" } else { "btn" };
    let actions = view! { {again}<a class=home href="/">"Home"</a> }.into_any();
    view! {
        <h1 class="vh">{problem.title.clone()}</h1>
        <EmptyState icon=icon title=problem.title.clone() broken=broken problem=trace actions=actions>
            {problem.detail}
        </EmptyState>
    }
    .into_any()
}

/// No page has this address.
#[component]
pub fn NotFound() -> impl IntoView {
    view! { <ErrorPage problem=Error::not_found().0 /> }.into_any()
}
