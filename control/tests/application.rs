//! Applications: making, changing and deleting them, with a real service on the other side and
//! real databases.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use ed25519_dalek::VerifyingKey;
use futures_util::{FutureExt, StreamExt};
use mintreu_control::{
    Error, Permitted,
    access::{ManageApplications, ManageKeys, ManageMembers, ManageSubscriptions, ViewTenant},
    store::Change,
};
use mintreu_control_testing::scene::{form, scene};
use mintreu_control_testing::service::{self, Say, Service};
use mintreu_control_testing::{mail_token, on_both};
use mintreu_model::{
    form::{
        account::UseToken,
        application::{CreateKey, DeleteApplication, Provision, UpdateApplication},
        catalogue::UpdateService,
        subscription::{Cancel, Effective, Subscribe},
        tenant::{DeleteTenant, Invite},
    },
    list::ListQuery,
    role::Role,
    status::{ApplicationStatus, DatabaseMode, StepStatus},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{Connection, Executor};

fn code(error: &Error) -> String {
    error.problem().code
}

async fn connects(url: &str) -> bool {
    if url.starts_with("sqlite") {
        sqlx::SqliteConnection::connect(url).await.is_ok()
    } else {
        sqlx::PgConnection::connect(url).await.is_ok()
    }
}

#[tokio::test]
async fn an_application_is_made_step_by_step_with_a_database_of_its_own() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let created = scene.provision("My Awesome Store").await;
        assert_eq!(created.status, ApplicationStatus::Provisioning);
        assert_eq!(scene.steps(created.id).await, ["plan pending", "database pending", "service pending", "keys pending", "ready pending"]);
        let mut watch = Box::pin(scene.bench.watch_application(created.id));

        scene.run().await;

        assert!(watch.next().now_or_never().is_some(), "who watches is woken");
        let application = scene.get(created.id).await;
        assert_eq!(application.status, ApplicationStatus::Active);
        assert_eq!(application.config, json!({ "currency": "EUR" }).as_object().unwrap().clone(), "defaults of the schema");
        assert_eq!(application.endpoint, "http://platform.test/products/shop");
        assert_eq!(scene.steps(created.id).await, ["plan done", "database done", "service done", "keys done", "ready done"]);
        assert_eq!(scene.detail(created.id, "keys").await, created.key.client_id);
        assert_eq!(scene.mails("is ready").await, 1);
        let url = scene.database_url(&created).await.unwrap();
        assert!(connects(&url).await);
        if url.starts_with("sqlite") {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(url.trim_start_matches("sqlite://")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        } else {
            let mut own = sqlx::PgConnection::connect(&url).await.unwrap();
            own.execute("CREATE TABLE orders (id bigint); INSERT INTO orders VALUES (1)").await.unwrap();
        }
        assert_eq!(scene.bench.get_application_by_slug(&scene.viewer(), &application.slug).await.unwrap().id, created.id);
        assert_eq!(scene.bench.list_applications(&scene.viewer(), &ListQuery::default()).await.unwrap().total, 1);
        let stranger: Permitted<ViewTenant> = scene.bench.owner("mallory").await;
        assert_eq!(code(&scene.bench.get_application(&stranger, created.id).await.unwrap_err()), "not_found");
        assert_eq!(code(&scene.bench.get_timeline(&stranger, created.id).await.unwrap_err()), "not_found");
        assert_eq!(code(&scene.bench.list_config_versions(&stranger, created.id).await.unwrap_err()), "not_found");
    })
    .await;
}

#[tokio::test]
async fn the_service_is_told_with_a_signed_identity() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let created = scene.provision("Store").await;
        scene.run().await;
        let url = scene.database_url(&created).await.unwrap();
        let heard = scene.service.heard();
        assert_eq!(scene.service.methods(), ["PUT"]);
        let put = heard.first().unwrap();
        assert_eq!(put.uri.path(), format!("/.mintreu/v1/applications/{}", created.id));
        let tenant = scene.who.tenant_id().to_string();
        assert_eq!(
            put.json(),
            json!({ "tenant": tenant, "product": "shop", "plan": "pro", "config": { "currency": "EUR" }, "database": { "url": url } })
        );
        assert_eq!(put.header("mintreu-database-url"), Some(url.as_str()));
        assert!(put.header("x-request-id").unwrap().starts_with("req_"));
        let token = put.header("mintreu-identity").unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let open = |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
        let signing = scene.bench.keyring.signing().last().unwrap();
        assert_eq!(open(parts[0]), json!({ "alg": "EdDSA", "kid": signing.id, "typ": "JWT" }));
        let signature = ed25519_dalek::Signature::from_slice(&URL_SAFE_NO_PAD.decode(parts[2]).unwrap()).unwrap();
        let public = VerifyingKey::try_from(signing.public().as_ref()).unwrap();
        public.verify_strict(format!("{}.{}", parts[0], parts[1]).as_bytes(), &signature).unwrap();
        let claims = open(parts[1]);
        let issued = scene.bench.clock.system_now().timestamp();
        assert_eq!(
            claims,
            json!({
                "iss": "http://platform.test", "aud": "shop-service", "sub": created.id.to_string(), "tenant": tenant,
                "product": "shop", "plan": "pro", "scopes": ["*"], "db": hex::encode(Sha256::digest(&url)),
                "iat": issued, "exp": issued + 60, "digest": hex::encode(Sha256::digest(&put.body)),
            })
        );
    })
    .await;
}

#[tokio::test]
async fn a_database_role_reaches_its_own_database_and_no_other() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let (one, two) = (scene.provision("One").await, scene.provision("Two").await);
        scene.run().await;
        let (one, two) = (scene.database_url(&one).await.unwrap(), scene.database_url(&two).await.unwrap());
        assert_ne!(one, two);
        if one.starts_with("sqlite") {
            return;
        }
        let (base, own) = one.rsplit_once('/').unwrap();
        let others = [two.rsplit_once('/').unwrap().1, scene.bench.url.rsplit_once('/').unwrap().1, "postgres", "template1"];
        assert!(connects(&format!("{base}/{own}")).await);
        for other in others {
            assert!(!connects(&format!("{base}/{other}")).await, "{other} is closed to it");
        }
        let mut role = sqlx::PgConnection::connect(&one).await.unwrap();
        for statement in ["CREATE DATABASE mine", "CREATE ROLE mine", "SET ROLE postgres", "COPY (SELECT 1) TO PROGRAM 'true'"] {
            assert!(role.execute(statement).await.is_err(), "{statement} is refused");
        }
        scene.bench.db.ping().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn only_who_may_provision_does() {
    on_both(async |bench| {
        let service = Service::start().await;
        service::product(&bench, "shop", &service.url, DatabaseMode::None, false).await;
        let who: Permitted<ManageApplications> = bench.owner("ines").await;
        assert_eq!(code(&bench.provision(&who, &form("Store")).await.unwrap_err()), "no_subscription");
        let id = service::subscription(&bench, &who, "shop").await;
        let set = async |status: &str| {
            bench.sql(&format!("UPDATE subscriptions SET status = '{status}' WHERE id = {}", bench.literal(id.0))).await;
        };
        set("unpaid").await;
        assert_eq!(code(&bench.provision(&who, &form("Store")).await.unwrap_err()), "subscription_inactive");
        set("canceled").await;
        assert_eq!(code(&bench.provision(&who, &form("Store")).await.unwrap_err()), "no_subscription");
        set("trialing").await;
        let wrong = Provision { config: json!({ "currency": 7 }).as_object().unwrap().clone(), ..form("Store") };
        let problem = bench.provision(&who, &wrong).await.unwrap_err().problem();
        assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, "config.currency"));
        bench.sql("UPDATE users SET email_verified_at = NULL WHERE email = 'ines@people.test'").await;
        let mut actor = who.actor().clone();
        actor.email_verified = false;
        let unverified = bench.permit(&actor, who.tenant_id()).await.unwrap();
        assert_eq!(code(&bench.provision(&unverified, &form("Store")).await.unwrap_err()), "email_unverified");
        let created = bench.provision(&who, &form("Store")).await.unwrap();
        bench.run_due_jobs().await.unwrap();
        let viewer = who.also().unwrap();
        let timeline = bench.get_timeline(&viewer, created.id).await.unwrap();
        assert_eq!(timeline.status, ApplicationStatus::Active);
        assert_eq!(timeline.steps.len(), 3, "no database, no service to tell");
        assert!(service.heard().is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_plan_limits_applications_however_many_ask_at_once() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let forms: Vec<Provision> = (0..8).map(|n| form(&format!("Store {n}"))).collect();
        let attempts = forms.iter().map(|form| scene.bench.provision(&scene.who, form));
        let outcomes = futures_util::future::join_all(attempts).await;
        let made: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        assert_eq!(made.len(), 2);
        assert!(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).all(|error| code(error) == "application_limit"));
        scene.bench.delete_application(&scene.who, made[0].id, None).await.unwrap();
        scene.provision("In its place").await;
    })
    .await;
}

#[tokio::test]
async fn a_service_that_works_on_it_is_asked_as_often_as_it_likes() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let working = json!({ "state": "in_progress", "description": "Filling the shelves" });
        scene.service.say([
            Say::Later(202, json!({ "operation": "make it/1" }), 20),
            Say::Later(200, working, 40),
            Say::Status(500, json!({})),
            Say::Status(200, json!({ "state": "succeeded" })),
        ]);
        let created = scene.provision("Store").await;
        scene.run().await;
        scene.pass(TimeDelta::seconds(19)).await;
        assert_eq!(scene.service.methods(), ["PUT"], "not before Retry-After");
        scene.pass(TimeDelta::seconds(1)).await;
        assert_eq!(scene.service.heard()[1].uri.query(), Some("operation=make+it%2F1"));
        assert_eq!(scene.detail(created.id, "service").await, "Filling the shelves");
        scene.pass(TimeDelta::seconds(40)).await;
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Provisioning, "a 500 to a question decides nothing");
        scene.pass(TimeDelta::seconds(10)).await;
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Active);
        assert_eq!(scene.service.methods(), ["PUT", "GET", "GET", "GET"]);
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_dies_is_followed_by_another_that_goes_on() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        scene.service.say([Say::Silence]);
        let created = scene.provision("Store").await;
        let control = scene.bench.control.clone();
        let worker = tokio::spawn(async move { control.run_due_jobs().await });
        while scene.service.heard().is_empty() {
            tokio::task::yield_now().await;
        }
        worker.abort();
        let _ = worker.await;
        scene.run().await;
        assert_eq!(scene.service.methods(), ["PUT"], "its lease still holds");
        scene.pass(TimeDelta::seconds(31)).await;
        assert_eq!(scene.service.methods(), ["PUT", "PUT"]);
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Active);
        assert!(connects(&scene.database_url(&created).await.unwrap()).await);
    })
    .await;
}

/// A future that is dropped when it was polled so many times: a process that dies there.
struct CutAfter<F> {
    polls: usize,
    future: F,
}

impl<F: Future + Unpin> Future for CutAfter<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        Pin::new(&mut self.future).poll(context).map(Some)
    }
}

#[tokio::test]
async fn a_making_that_is_cut_off_anywhere_ends_ready_and_leaves_nothing_when_deleted() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        for polls in (1..).step_by(11) {
            let created = scene.provision("Store").await;
            let cut = CutAfter { polls, future: Box::pin(scene.bench.run_due_jobs()) }.await.is_none();
            scene.pass(TimeDelta::minutes(1)).await;
            assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Active, "cut after {polls} polls");
            let url = scene.database_url(&created).await.unwrap();
            assert!(connects(&url).await);
            scene.bench.delete_application(&scene.who, created.id, None).await.unwrap();
            scene.bench.advance(TimeDelta::days(31));
            CutAfter { polls, future: Box::pin(scene.bench.run_due_jobs()) }.await;
            scene.pass(TimeDelta::minutes(1)).await;
            assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Deleted, "cut after {polls} polls");
            assert!(!connects(&url).await);
            if !cut {
                assert!(polls > 10, "it was cut off in earnest");
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_configuration_has_a_version_and_reaches_the_service() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let created = scene.provision("Store").await;
        scene.run().await;
        let config = json!({ "currency": "SEK" }).as_object().unwrap().clone();
        let change = UpdateApplication { name: Some("Butik".into()), config: Some(config.clone()), ..Default::default() };
        let after = scene.bench.update_application(&scene.who, created.id, &change).await.unwrap();
        assert_eq!((after.name.as_str(), after.config_version), ("Butik", 2));
        scene.service.say([Say::Status(500, json!({}))]);
        scene.run().await;
        assert!(scene.detail(created.id, "config").await.starts_with("The service failed (500). Trying again"));
        scene.pass(TimeDelta::minutes(1)).await;
        assert_eq!(scene.service.methods(), ["PUT", "PATCH", "PATCH"], "never a DELETE of what was ready");
        let patch = scene.service.heard()[2].json();
        assert_eq!(patch, json!({ "config": { "currency": "SEK" }, "previous_values": { "config": { "currency": "EUR" } } }));
        assert_eq!(scene.steps(created.id).await.last().unwrap(), "config done");
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Active);
        let versions = scene.bench.list_config_versions(&scene.viewer(), created.id).await.unwrap();
        assert_eq!(versions.iter().map(|version| version.version).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(versions[0].changed_by.as_deref(), Some("ines"));
        scene.service.say([Say::Status(422, json!({ "detail": "Not this one." }))]);
        let change = UpdateApplication { config: Some(serde_json::Map::default()), ..Default::default() };
        scene.bench.update_application(&scene.who, created.id, &change).await.unwrap();
        scene.run().await;
        assert_eq!(scene.steps(created.id).await.last().unwrap(), "config failed");
        assert_eq!(scene.detail(created.id, "config").await, "Not this one.");
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Active, "it goes on as it was");
    })
    .await;
}

#[tokio::test]
async fn whose_pages_may_call_is_told_to_the_gateway_until_the_application_is_gone() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let created = scene.provision("Store").await;
        scene.run().await;
        let allow = async |origins: &[&str]| {
            let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
            let change = UpdateApplication { allowed_origins: Some(origins), ..Default::default() };
            scene.bench.update_application(&scene.who, created.id, &change).await
        };
        let mut changes = scene.bench.changes().await;
        let after = allow(&["https://Shop.example:443/", "http://localhost:5173", "https://shop.example"]).await.unwrap();
        let origins = ["http://localhost:5173", "https://shop.example"];
        assert_eq!(after.allowed_origins, origins, "as browsers send them, each once");
        assert_eq!((after.name.as_str(), after.config_version), ("Store", 1));
        let told = [changes.next().await.unwrap().unwrap(), changes.next().await.unwrap().unwrap()];
        assert_eq!(told, [Change::Origins, Change::Application(created.id)]);
        assert_eq!(scene.bench.gateway_grant(&created.key.client_id).await.unwrap().unwrap().allowed_origins, origins);
        let all = scene.bench.gateway_origins().await.unwrap();
        assert_eq!(all.into_values().collect::<Vec<_>>(), [origins]);

        allow(&origins).await.unwrap();
        assert_eq!(changes.next().await.unwrap(), Some(Change::Application(created.id)), "nothing changed for others");
        let error = allow(&["https://shop.example/path", "ftp://x"]).await.unwrap_err().problem();
        assert_eq!((error.errors[0].field.as_str(), error.errors[0].code.as_str()), ("allowed_origins", "invalid"));
        let many: Vec<String> = (0..21).map(|number| format!("https://shop{number}.example")).collect();
        let error = allow(&many.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap_err().problem();
        assert_eq!((error.errors[0].field.as_str(), error.errors[0].code.as_str()), ("allowed_origins", "too_long"));

        scene.bench.delete_application(&scene.who, created.id, None).await.unwrap();
        scene.pass(TimeDelta::days(31)).await;
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Deleted);
        assert!(scene.bench.gateway_origins().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_configuration_changed_while_it_is_made_reaches_the_service_once_it_is_ready() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        scene.service.say([Say::Status(202, json!({ "operation": "migrate" })), Say::Status(200, json!({ "state": "succeeded" }))]);
        let created = scene.provision("Store").await;
        scene.run().await;
        let config = json!({ "currency": "SEK" }).as_object().unwrap().clone();
        scene
            .bench
            .update_application(&scene.who, created.id, &UpdateApplication { config: Some(config), ..Default::default() })
            .await
            .unwrap();
        scene.pass(TimeDelta::minutes(1)).await;
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Active);
        assert_eq!(scene.service.methods(), ["PUT", "GET", "PATCH"]);
        assert_eq!(scene.service.heard()[2].json()["config"], json!({ "currency": "SEK" }));
    })
    .await;
}

#[tokio::test]
async fn what_is_ready_as_it_was_ordered_leaves_nothing_more_to_do() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        scene.provision("Store").await;
        scene.run().await;
        let jobs = scene.bench.list_jobs(&scene.bench.operator().await, &ListQuery::default()).await.unwrap();
        let done: Vec<_> = jobs.data.iter().map(|job| job.kind.as_str()).filter(|kind| kind.starts_with("application.")).collect();
        assert!(done.contains(&"application.provision") && !done.contains(&"application.config"), "{done:?}");
    })
    .await;
}

#[tokio::test]
async fn suspension_stops_calls_until_it_is_resumed() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let created = scene.provision("Store").await;
        assert_eq!(code(&scene.bench.suspend_application(&scene.who, created.id).await.unwrap_err()), "application_not_active");
        scene.run().await;
        scene.bench.suspend_application(&scene.who, created.id).await.unwrap();
        let grant = scene.bench.gateway_grant(&created.key.client_id).await.unwrap().unwrap();
        assert_eq!(grant.application_status, ApplicationStatus::Suspended);
        scene.bench.sql("UPDATE subscriptions SET status = 'unpaid'").await;
        assert_eq!(code(&scene.bench.resume_application(&scene.who, created.id).await.unwrap_err()), "subscription_inactive");
        scene.bench.sql("UPDATE subscriptions SET status = 'active'").await;
        assert_eq!(scene.bench.resume_application(&scene.who, created.id).await.unwrap().status, ApplicationStatus::Active);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_application_can_be_kept_within_its_grace_and_is_gone_after() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let created = scene.provision("Store").await;
        scene.run().await;
        let url = scene.database_url(&created).await.unwrap();
        let wrong = DeleteApplication { confirm: "Stor".into() };
        assert_eq!(code(&scene.bench.delete_application(&scene.who, created.id, Some(&wrong)).await.unwrap_err()), "invalid");
        let right = DeleteApplication { confirm: "Store".into() };
        let deleting = scene.bench.delete_application(&scene.who, created.id, Some(&right)).await.unwrap();
        assert_eq!(deleting.status, ApplicationStatus::Deleting);
        assert_eq!(deleting.delete_after, Some(scene.bench.clock.now() + TimeDelta::days(30)));
        let grant = scene.bench.gateway_grant(&created.key.client_id).await.unwrap().unwrap();
        assert_eq!(grant.application_status, ApplicationStatus::Deleting);
        scene.pass(TimeDelta::days(29)).await;
        assert_eq!(scene.bench.keep_application(&scene.who, created.id).await.unwrap().status, ApplicationStatus::Active);
        scene.bench.delete_application(&scene.who, created.id, None).await.unwrap();
        scene.service.say([Say::Status(500, json!({})), Say::Status(202, json!({ "operation": "del" })), Say::Status(410, json!({}))]);
        scene.pass(TimeDelta::days(30)).await;
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Deleting);
        assert!(connects(&url).await, "its data stays until the service has let go");
        assert_eq!(code(&scene.bench.keep_application(&scene.who, created.id).await.unwrap_err()), "application_gone");
        scene.pass(TimeDelta::minutes(1)).await;
        scene.pass(TimeDelta::minutes(1)).await;
        assert_eq!(scene.service.methods(), ["PUT", "DELETE", "DELETE", "GET"]);
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Deleted);
        assert!(!connects(&url).await, "its database is dropped");
        assert!(scene.bench.gateway_grant(&created.key.client_id).await.unwrap().is_none());
        assert_eq!(scene.bench.number("SELECT CAST(COUNT(*) AS BIGINT) FROM application_databases").await, 0);
        assert_eq!(scene.bench.list_applications(&scene.viewer(), &ListQuery::default()).await.unwrap().total, 0);
    })
    .await;
}

#[tokio::test]
async fn what_was_never_ready_is_deleted_at_once() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        scene.service.say([Say::Status(202, json!({ "operation": "1" }))]);
        let created = scene.provision("Store").await;
        scene.run().await;
        scene.bench.delete_application(&scene.who, created.id, None).await.unwrap();
        scene.run().await;
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Deleted);
        assert_eq!(scene.service.methods(), ["PUT", "DELETE"]);
        scene.pass(TimeDelta::hours(1)).await;
        assert_eq!(scene.service.methods().len(), 2, "its making has stopped");
    })
    .await;
}

#[tokio::test]
async fn a_tenant_goes_when_its_applications_are_gone() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let created = scene.provision("Store").await;
        scene.run().await;
        let url = scene.database_url(&created).await.unwrap();
        let confirm = DeleteTenant { confirm: scene.who.tenant().name.clone() };
        scene.bench.delete_tenant(&scene.who.also().unwrap(), &confirm).await.unwrap();
        scene.pass(TimeDelta::days(15)).await;
        assert!(!connects(&url).await);
        assert_eq!(scene.bench.number("SELECT CAST(COUNT(*) AS BIGINT) FROM tenants").await, 0);
    })
    .await;
}

#[tokio::test]
async fn operators_see_every_application_and_may_retry() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        scene.service.say([Say::Status(400, json!({}))]);
        let created = scene.provision("Store").await;
        scene.run().await;
        let operator = scene.bench.operator().await;
        let query = ListQuery { status: Some("failed".into()), ..Default::default() };
        let failed = scene.bench.list_any_applications(&operator, &query).await.unwrap();
        assert_eq!(failed.data[0].status_reason.as_deref(), Some("The service refused it (400)"));
        let timeline = scene.bench.get_any_timeline(&operator, created.id).await.unwrap();
        assert_eq!(timeline.steps[2].status, StepStatus::Failed);
        scene.bench.retry_any_application(&operator, created.id).await.unwrap();
        scene.run().await;
        assert_eq!(scene.bench.get_any_application(&operator, created.id).await.unwrap().status, ApplicationStatus::Active);
    })
    .await;
}

#[tokio::test]
async fn a_service_with_applications_keeps_its_lifecycle_and_its_kind_of_database() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let operator = scene.bench.operator().await;
        let created = scene.provision("Store").await;
        scene.run().await;
        let form = serde_json::from_value::<UpdateService>(json!({ "lifecycle": false, "database": "none" })).unwrap();
        let refused = async || scene.bench.update_service(&operator, "shop-service", &form).await.unwrap_err().problem();
        let problem = refused().await;
        let fields: Vec<_> = problem.errors.iter().map(|error| (error.field.as_str(), error.code.as_str())).collect();
        assert_eq!((problem.status, fields), (422, vec![("database", "in_use"), ("lifecycle", "in_use")]));
        scene.bench.delete_application(&scene.who, created.id, None).await.unwrap();
        assert_eq!(refused().await.status, 422, "its service has not heard of the end");
        scene.pass(TimeDelta::days(31)).await;
        let after = scene.bench.update_service(&operator, "shop-service", &form).await.unwrap();
        assert_eq!((after.lifecycle, after.database), (false, DatabaseMode::None));
    })
    .await;
}

#[tokio::test]
async fn nothing_begins_in_a_tenant_that_is_being_deleted_and_things_can_end() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let guest = scene.bench.person("guest").await;
        let invite = |name: &str| Invite { email: format!("{name}@people.test"), role: Role::Viewer };
        let members: Permitted<ManageMembers> = scene.who.also().unwrap();
        scene.bench.invite(&members, &invite("guest")).await.unwrap();
        let query = ListQuery { q: Some("guest@".into()), ..Default::default() };
        let mail = scene.bench.list_mail(&scene.bench.operator().await, &query).await.unwrap().data.remove(0);
        let token = UseToken { token: mail_token(&mail.text) };
        let application = scene.provision("Store").await.id;
        scene.run().await;
        let confirm = DeleteTenant { confirm: scene.who.tenant().name.clone() };
        scene.bench.delete_tenant(&scene.who.also().unwrap(), &confirm).await.unwrap();

        let (bench, actor, tenant) = (&scene.bench, scene.who.actor(), scene.who.tenant_id());
        let who: Permitted<ManageApplications> = bench.permit(actor, tenant).await.unwrap();
        let (keys, payer) = (who.also::<ManageKeys>().unwrap(), who.also::<ManageSubscriptions>().unwrap());
        let subscription = bench.list_subscriptions(&who.also().unwrap(), &ListQuery::default()).await.unwrap().data.remove(0).id;
        let subscribe = Subscribe { product: "shop".into(), plan: "pro".into() };
        let key = CreateKey { name: "Second".into(), scopes: Vec::new(), expires_at: None, allowed_ips: Vec::new() };
        let rename = UpdateApplication { name: Some("Butik".into()), ..Default::default() };
        let refusals = [
            bench.provision(&who, &form("Other")).await.map(drop),
            bench.update_application(&who, application, &rename).await.map(drop),
            bench.resume_application(&who, application).await.map(drop),
            bench.keep_application(&who, application).await.map(drop),
            bench.retry_application(&who, application).await.map(drop),
            bench.create_key(&keys, application, &key).await.map(drop),
            bench.subscribe(&payer, &subscribe).await.map(drop),
            bench.resume_subscription(&payer, subscription).await.map(drop),
            bench.invite(&who.also().unwrap(), &invite("other")).await.map(drop),
            bench.accept_invitation(&guest, &token).await.map(drop),
        ];
        for refused in refusals {
            let problem = refused.unwrap_err().problem();
            assert_eq!((problem.status, problem.code.as_str()), (409, "tenant_deleting"));
        }
        let first = bench.list_keys(&who.also().unwrap(), application, &ListQuery::default()).await.unwrap().data.remove(0).id;
        bench.revoke_key(&keys, application, first).await.unwrap();
        bench.cancel_subscription(&payer, subscription, &Cancel { at: Effective::Now }).await.unwrap();
        bench.keep_tenant(&who.also().unwrap()).await.unwrap();
        let members: Permitted<ManageMembers> = bench.permit(actor, tenant).await.unwrap();
        bench.accept_invitation(&guest, &token).await.unwrap();
        bench.invite(&members, &invite("other")).await.unwrap();
    })
    .await;
}
