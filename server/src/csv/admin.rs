//! The lists of the back office as files, all pages of them, with the filter, sort and columns of the
//! page. They are read and sent a page at a time, so that a long one takes no memory.

use std::future::Future;

use axum::{
    Extension, Router,
    body::Body,
    extract::{FromRequestParts, RawQuery, State},
    response::Response,
    routing::get,
};
use futures_util::{StreamExt as _, stream};
use mintreu_app::{
    admin::{
        application, audit, job,
        sheet::{Chosen, Sheet},
        subscription, tenant, user,
    },
    components::query::Query,
};
use mintreu_control::{Actor, Control, Error, Operator, Result, chain};
use mintreu_model::list::{List, ListQuery};

/// Rows that are read at once: the most that a list gives.
const PAGE: u32 = 100;

pub(super) fn router() -> Router<Control> {
    Router::new()
        .route("/admin/tenants.csv", get(tenants))
        .route("/admin/users.csv", get(users))
        .route("/admin/subscriptions.csv", get(subscriptions))
        .route("/admin/applications.csv", get(applications))
        .route("/admin/usage.csv", get(super::platform))
        .route("/admin/jobs.csv", get(jobs))
        .route("/admin/audit.csv", get(entries))
}

async fn tenants(asked: Asked) -> Response {
    asked.answer(&tenant::SHEET, |control, who, query| async move { control.list_any_tenants(&who, &query).await }).await
}

async fn users(asked: Asked) -> Response {
    asked.answer(&user::SHEET, |control, who, query| async move { control.list_users(&who, &query).await }).await
}

async fn subscriptions(asked: Asked) -> Response {
    asked.answer(&subscription::SHEET, |control, who, query| async move { control.list_any_subscriptions(&who, &query).await }).await
}

async fn applications(asked: Asked) -> Response {
    asked.answer(&application::SHEET, |control, who, query| async move { control.list_any_applications(&who, &query).await }).await
}

async fn jobs(asked: Asked) -> Response {
    asked.answer(&job::SHEET, |control, who, query| async move { control.list_jobs(&who, &query).await }).await
}

async fn entries(asked: Asked) -> Response {
    asked.answer(&audit::SHEET, |control, who, query| async move { control.list_any_audit(&who, &query).await }).await
}

/// Who asks for a file, and for which part of it.
#[derive(FromRequestParts)]
#[from_request(state(Control))]
struct Asked {
    control: State<Control>,
    actor: Extension<Option<Actor>>,
    query: RawQuery,
}

impl Asked {
    /// `list` gives a page of the list.
    async fn answer<T, Page>(
        self,
        sheet: &'static Sheet<T>,
        list: impl Fn(Control, Operator, ListQuery) -> Page + Send + 'static,
    ) -> Response
    where
        T: Send + 'static,
        Page: Future<Output = Result<List<T>>> + Send + 'static,
    {
        let Self { control: State(control), actor: Extension(actor), query: RawQuery(query) } = self;
        let query = Query::parse(&query.unwrap_or_default());
        let (chosen, listed) = (sheet.choose(&query), ListQuery { limit: Some(PAGE), page: None, ..query.list() });
        let began = async {
            let who = control.operate(&actor.ok_or(Error::Unauthenticated("Log in to go on."))?)?;
            let first = list(control.clone(), who.clone(), listed.clone()).await?;
            Ok::<_, Error>((who, first))
        };
        let (who, first) = match began.await {
            Ok(began) => began,
            Err(error) => return crate::forms::problem_json(&error.problem()),
        };
        let name = format!("{}-{}.csv", sheet.of, control.clock.now().format("%Y-%m-%d"));
        let head = chosen.heading() + &text(&chosen, &first);
        let rest = stream::unfold((first.next_cursor, list), move |(cursor, list)| {
            let (control, who, chosen, listed) = (control.clone(), who.clone(), chosen.clone(), listed.clone());
            async move {
                let query = ListQuery { cursor: Some(cursor?), ..listed };
                match list(control, who, query).await {
                    Ok(page) => Some((Ok(text(&chosen, &page)), (page.next_cursor, list))),
                    Err(error) => {
                        tracing::error!(error = chain(&error), "a file broke off");
                        Some((Err(error), (None, list)))
                    }
                }
            }
        });
        super::file(&name, Body::from_stream(stream::once(async move { Ok(head) }).chain(rest)))
    }
}

fn text<T>(chosen: &Chosen<T>, page: &List<T>) -> String {
    page.data.iter().map(|one| chosen.row(one)).collect()
}
