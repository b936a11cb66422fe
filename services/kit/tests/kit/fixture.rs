//! A small service on the kit: notes in the application's database.

use axum::routing::{get, post};
use axum::{Json, Router};
use mintreu_kit::testing::{TestPlatform, spawn};
use mintreu_kit::{
    Body, Config, Database, Delete, Identity, Lifecycle, Operation, Problem, Provision, Provisioned, Removed, Service, Update, Updated,
    read, within,
};
use reqwest::{Method, RequestBuilder, Response};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) const SLUG: &str = "notes";

pub(crate) struct Notes;

impl Lifecycle for Notes {
    async fn provision(&self, call: Provision) -> Result<Provisioned, Problem> {
        match call.config["behave"].as_str() {
            Some("refuse") => return Err(Problem::field("config.behave", "invalid", "No.")),
            Some("conflict") => {
                return Err(Problem::conflict("application_differs", "Other attributes."));
            }
            Some("slow") => {
                return Ok(Provisioned::Working { operation: "op 1".to_owned() });
            }
            _ => {}
        }
        let database = call.database.ok_or_else(|| Problem::field("database", "required", "Needed."))?;
        if database.has_table("note").await? {
            return Ok(Provisioned::Existing);
        }
        let mut tx = database.begin().await?;
        within!(&mut tx, c => sqlx::query("CREATE TABLE note (text TEXT NOT NULL)").execute(c).await.map(|_| ()))?;
        tx.commit().await?;
        Ok(Provisioned::Created)
    }

    async fn update(&self, call: Update) -> Result<Updated, Problem> {
        if call.plan.is_none() && call.config.is_none() {
            return Err(Problem::field("plan", "required", "Say what changes."));
        }
        Ok(Updated::Done)
    }

    async fn delete(&self, call: Delete) -> Result<Removed, Problem> {
        let Some(database) = call.database else {
            return Ok(Removed::Gone);
        };
        if !database.has_table("note").await? {
            return Ok(Removed::Gone);
        }
        let mut tx = database.begin().await?;
        within!(&mut tx, c => sqlx::query("DROP TABLE note").execute(c).await.map(|_| ()))?;
        tx.commit().await?;
        Ok(Removed::Done)
    }

    async fn operation(&self, _: Identity, operation: String) -> Result<Operation, Problem> {
        Ok(Operation::Succeeded { description: operation })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    text: String,
}

async fn whoami(identity: Identity) -> Json<Value> {
    Json(json!({ "application": identity.application, "plan": identity.plan, "scopes": identity.scopes }))
}

async fn add(database: Database, Body(note): Body<Note>) -> Result<Json<Value>, Problem> {
    let mut tx = database.begin().await?;
    within!(&mut tx, c => sqlx::query("INSERT INTO note VALUES ($1)").bind(note.text).execute(c).await.map(|_| ()))?;
    tx.commit().await?;
    Ok(Json(json!({})))
}

async fn list(database: Database) -> Result<Json<Vec<String>>, Problem> {
    let notes = read!(&database, c => sqlx::query_scalar("SELECT text FROM note ORDER BY text").fetch_all(c).await)?;
    Ok(Json(notes))
}

async fn crash() -> Json<Value> {
    panic!("a bug")
}

/// The service beside a stand-in for the platform.
pub(crate) struct Fixture {
    pub(crate) platform: TestPlatform,
    pub(crate) url: String,
    client: reqwest::Client,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let platform = TestPlatform::start().await.expect("loopback is there");
        let mut config = Config::new(SLUG, platform.url());
        config.jwks_min_interval = std::time::Duration::ZERO;
        change(&mut config);
        let notes = Router::new().route("/v1/whoami", get(whoami)).route("/v1/notes", post(add).get(list)).route("/v1/crash", get(crash));
        let router = Service::new(config).routes(notes).lifecycle(Notes).into_router();
        let url = spawn(router).await.expect("loopback is there");
        Self { platform, url, client: reqwest::Client::new() }
    }

    /// A request without any identity.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// A request as the gateway sends it for `application`.
    pub(crate) fn call(&self, method: Method, path: &str, application: &str, database: Option<&str>) -> RequestBuilder {
        let request = self.bare(method, path).header("mintreu-identity", self.platform.identity(SLUG, application, database));
        match database {
            Some(url) => request.header("mintreu-database-url", url),
            None => request,
        }
    }

    pub(crate) async fn lifecycle(&self, method: Method, application: &str, database: Option<&str>, body: &Value) -> Response {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let identity = self.platform.lifecycle_identity(SLUG, application, database, &body);
        let mut request = self
            .bare(method, &format!("/.mintreu/v1/applications/{application}"))
            .header("mintreu-identity", identity)
            .header("content-type", "application/json");
        if let Some(url) = database {
            request = request.header("mintreu-database-url", url);
        }
        request.body(body).send().await.expect("the service answers")
    }
}

/// The status and the problem's code.
pub(crate) async fn refusal(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = response.json().await.expect("a problem is JSON");
    assert_eq!(body["status"], status);
    assert!(body["request_id"].is_string(), "{body}");
    (status, body["code"].as_str().expect("a code").to_owned())
}
