//! Pages load first and render then: `load` waits for the data and turns a failure into the right
//! page with the right status. A page is `load(async move { let x = …await?; Ok(view! { … }) })`.

use std::future::Future;

use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use crate::{components::error_page::ErrorPage, error::Error, request::PageRequest};

/// Renders what the future gives. 401 goes to the log-in and comes back; other failures show the
/// error page for their status, which is also the status of the answer.
pub fn load<V>(page: impl Future<Output = Result<V, Error>> + Send + 'static) -> impl IntoView
where
    V: IntoView + 'static,
{
    Suspend::new(async move {
        match page.await {
            Ok(view) => view.into_any(),
            Err(error) if error.status() == 401 => {
                leptos_axum::redirect(&log_in_address(&PageRequest::current().target()));
                ().into_any()
            }
            Err(Error(problem)) => view! { <ErrorPage problem=problem /> }.into_any(),
        }
    })
}

/// Status of the answer to the page at hand.
pub fn set_status(status: u16) {
    if let (Some(options), Ok(status)) = (use_context::<ResponseOptions>(), http::StatusCode::from_u16(status)) {
        options.set_status(status);
    }
}

/// `/login?next=…`, with the target encoded.
#[must_use]
pub fn log_in_address(target: &str) -> String {
    format!("/login?next={}", crate::components::query::encode(target))
}
