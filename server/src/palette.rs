//! The options of the palette: what somebody may go to, rendered by its component.

use axum::{
    Extension, Router,
    extract::{RawQuery, State},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use http::{HeaderValue, header};
use mintreu_app::{
    Error,
    components::{palette::palette_html, query::Query},
    search::{Place, find},
};
use mintreu_control::{Actor, Control};

pub(crate) fn router(control: Control) -> Router {
    Router::new().route("/palette", get(options)).with_state(control)
}

async fn options(State(control): State<Control>, Extension(actor): Extension<Option<Actor>>, RawQuery(query): RawQuery) -> Response {
    let query = Query::parse(&query.unwrap_or_default());
    let found = match actor {
        Some(actor) => find(&control, &actor, &Place::of(&query), query.get("q").unwrap_or_default()).await,
        None => Err(Error::unauthenticated()),
    };
    match found {
        Ok(groups) => ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Html(palette_html(groups))).into_response(),
        Err(Error(problem)) => crate::forms::problem_json(&problem),
    }
}
