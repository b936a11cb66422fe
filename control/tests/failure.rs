//! Applications whose making or changing fails: what is cleared up in the service, what is tried
//! again, what people are told.

use chrono::TimeDelta;
use mintreu_control_testing::on_both;
use mintreu_control_testing::scene::{Scene, scene};
use mintreu_control_testing::service::Say;
use mintreu_model::{form::application::UpdateApplication, id::ApplicationId, list::ListQuery, status::ApplicationStatus};
use serde_json::json;

fn code(error: &mintreu_control::Error) -> String {
    error.problem().code
}

#[tokio::test]
async fn a_service_that_fails_is_cleared_and_asked_again() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let fails = || Say::Status(500, json!({}));
        // PUT fails, DELETE fails; later DELETE works and PUT too.
        scene.service.say([fails(), fails(), Say::Status(410, json!({}))]);
        let created = scene.provision("Store").await;
        scene.run().await;
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Provisioning);
        assert_eq!(scene.service.methods(), ["PUT", "DELETE"]);
        let detail = scene.detail(created.id, "service").await;
        assert!(detail.starts_with("The service failed (500). Trying again at 12:00:0"), "{detail}");
        scene.pass(TimeDelta::minutes(1)).await;
        assert_eq!(scene.service.methods(), ["PUT", "DELETE", "DELETE", "PUT"]);
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Active);
    })
    .await;
}

#[tokio::test]
async fn a_service_that_keeps_failing_fails_the_application_and_a_person_may_retry() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let created = scene.provision("Store").await;
        for _ in 0..6 {
            scene.service.say([Say::Status(503, json!({})), Say::Status(200, json!({}))]);
            scene.pass(TimeDelta::hours(1)).await;
        }
        let application = scene.get(created.id).await;
        assert_eq!(application.status, ApplicationStatus::Failed);
        assert_eq!(application.status_reason.as_deref(), Some("The service failed (503), 6 times. Try again later."));
        assert_eq!(scene.steps(created.id).await[2..4], ["service failed", "keys pending"]);
        assert_eq!(scene.mails("could not be made").await, 1);
        assert_eq!(scene.service.methods().len(), 12, "each PUT was followed by a DELETE");
        let viewed = scene.bench.retry_application(&scene.who, created.id).await.unwrap();
        assert_eq!(viewed.status, ApplicationStatus::Provisioning);
        assert_eq!(code(&scene.bench.retry_application(&scene.who, created.id).await.unwrap_err()), "application_not_failed");
        scene.run().await;
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Active);
    })
    .await;
}

#[tokio::test]
async fn what_a_failed_application_may_have_left_is_deleted_until_the_service_says_so() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let created = scene.provision("Store").await;
        scene.service.say((0..20).map(|_| Say::Status(500, json!({}))));
        for _ in 0..6 {
            scene.pass(TimeDelta::hours(1)).await;
        }
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Failed);
        for _ in 0..20 {
            scene.pass(TimeDelta::hours(1)).await;
        }
        let methods = scene.service.methods();
        assert_eq!(methods.iter().filter(|method| *method == "PUT").count(), 1, "no PUT before what is there has gone");
        assert_eq!(scene.service.heard().len(), 21, "the last DELETE was answered 200, and that was all");
    })
    .await;
}

/// PUT fails, then every DELETE of what it may have left, until the application has failed.
async fn failed_with_a_debt(scene: &Scene) -> ApplicationId {
    let created = scene.provision("Store").await;
    scene.service.say((0..8).map(|_| Say::Status(500, json!({}))));
    for _ in 0..6 {
        scene.pass(TimeDelta::hours(1)).await;
    }
    assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Failed);
    assert_eq!(scene.service.methods(), ["PUT", "DELETE", "DELETE", "DELETE", "DELETE", "DELETE", "DELETE", "DELETE"]);
    created.id
}

#[tokio::test]
async fn a_retry_first_deletes_what_the_failed_attempt_may_have_left() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let id = failed_with_a_debt(&scene).await;
        let config = json!({ "currency": "SEK" }).as_object().unwrap().clone();
        let change = UpdateApplication { config: Some(config), ..Default::default() };
        scene.bench.update_application(&scene.who, id, &change).await.unwrap();
        scene.bench.retry_application(&scene.who, id).await.unwrap();
        scene.service.say([Say::Status(500, json!({}))]);
        scene.run().await;
        assert_eq!(scene.service.methods()[8..], ["DELETE"], "no PUT beside what may be there");
        scene.pass(TimeDelta::minutes(1)).await;
        assert_eq!(scene.service.methods()[8..], ["DELETE", "DELETE", "PUT"]);
        assert_eq!(scene.service.heard()[10].json()["config"], json!({ "currency": "SEK" }));
        scene.pass(TimeDelta::days(1)).await;
        assert_eq!(scene.get(id).await.status, ApplicationStatus::Active);
        assert_eq!(scene.service.methods().len(), 11, "what is ready is not deleted");
    })
    .await;
}

#[tokio::test]
async fn a_dead_making_that_an_operator_starts_again_first_deletes_too() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let id = failed_with_a_debt(&scene).await;
        scene.bench.sql("UPDATE jobs SET status = 'dead' WHERE kind = 'application.provision'").await;
        let operator = scene.bench.operator().await;
        let query = ListQuery { q: Some("application.provision".into()), ..Default::default() };
        let dead = scene.bench.list_jobs(&operator, &query).await.unwrap().data.remove(0);
        scene.bench.retry_job(&operator, dead.id).await.unwrap();
        scene.run().await;
        assert_eq!(scene.service.methods()[8..], ["DELETE", "PUT"]);
        assert_eq!(scene.get(id).await.status, ApplicationStatus::Active);
    })
    .await;
}

#[tokio::test]
async fn an_application_that_is_deleted_right_after_a_retry_is_deleted_in_the_service_too() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let id = failed_with_a_debt(&scene).await;
        scene.bench.retry_application(&scene.who, id).await.unwrap();
        scene.bench.delete_application(&scene.who, id, None).await.unwrap();
        scene.run().await;
        assert_eq!(scene.service.methods()[8..], ["DELETE"]);
        assert_eq!(scene.get(id).await.status, ApplicationStatus::Deleted);
    })
    .await;
}

#[tokio::test]
async fn a_refusal_after_a_process_died_may_be_of_what_it_left_and_is_cleared_first() {
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
        scene.service.say([Say::Status(409, json!({ "detail": "It exists with other attributes." }))]);
        scene.pass(TimeDelta::seconds(31)).await;
        assert_eq!(scene.service.methods(), ["PUT", "PUT", "DELETE"]);
        scene.pass(TimeDelta::minutes(1)).await;
        assert_eq!(scene.service.methods(), ["PUT", "PUT", "DELETE", "PUT"]);
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Active);
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_shown_and_deletes_nothing() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        scene.service.say([Say::Status(422, json!({ "title": "No", "detail": "This currency is not sold here." }))]);
        let created = scene.provision("Store").await;
        scene.run().await;
        let application = scene.get(created.id).await;
        assert_eq!(application.status, ApplicationStatus::Failed);
        assert_eq!(application.status_reason.as_deref(), Some("This currency is not sold here."));
        assert_eq!(scene.detail(created.id, "service").await, "This currency is not sold here.");
        assert_eq!(scene.service.methods(), ["PUT"]);
    })
    .await;
}

#[tokio::test]
async fn an_operation_that_fails_or_never_ends_is_cleared() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        scene.service.say([
            Say::Status(202, json!({ "operation": "1" })),
            Say::Status(200, json!({ "state": "failed", "description": "No shelf" })),
            Say::Status(200, json!({})),
            Say::Status(202, json!({ "operation": "2" })),
            Say::Status(200, json!({ "state": "in_progress" })),
        ]);
        let created = scene.provision("Store").await;
        scene.run().await;
        scene.pass(TimeDelta::seconds(2)).await;
        assert_eq!(scene.service.methods(), ["PUT", "GET", "DELETE"]);
        assert!(scene.detail(created.id, "service").await.starts_with("No shelf. Trying again"));
        scene.pass(TimeDelta::seconds(10)).await;
        scene.pass(TimeDelta::minutes(40)).await;
        assert_eq!(scene.service.methods(), ["PUT", "GET", "DELETE", "PUT", "GET", "DELETE"]);
        scene.pass(TimeDelta::minutes(1)).await;
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Active);
    })
    .await;
}

#[tokio::test]
async fn an_operation_of_an_application_that_is_gone_has_failed() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        scene.service.say([Say::Status(202, json!({ "operation": "1" })), Say::Status(410, json!({}))]);
        let created = scene.provision("Store").await;
        scene.run().await;
        scene.pass(TimeDelta::seconds(2)).await;
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Provisioning, "gone is not ready");
        scene.pass(TimeDelta::minutes(1)).await;
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Active);
        assert_eq!(scene.service.methods(), ["PUT", "GET", "DELETE", "PUT"]);
    })
    .await;
}

#[tokio::test]
async fn what_fails_inside_the_platform_is_not_told_to_tenants_word_for_word() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let created = scene.provision("Store").await;
        scene.run().await;
        let nothing = if scene.bench.url.starts_with("sqlite") { "x'00'" } else { "'\\x00'::bytea" };
        scene.bench.sql(&format!("UPDATE application_databases SET url_sealed = {nothing}")).await;
        let config = json!({ "currency": "SEK" }).as_object().unwrap().clone();
        let change = UpdateApplication { config: Some(config), ..Default::default() };
        scene.bench.update_application(&scene.who, created.id, &change).await.unwrap();
        for _ in 0..10 {
            scene.pass(TimeDelta::hours(1)).await;
        }
        assert_eq!(scene.steps(created.id).await.last().unwrap(), "config failed", "not open for ever");
        assert_eq!(scene.detail(created.id, "config").await, "It did not work, through no fault of yours. We are looking into it.");
        let query = ListQuery { q: Some("application.config".into()), status: Some("dead".into()), ..Default::default() };
        let dead = scene.bench.list_jobs(&scene.bench.operator().await, &query).await.unwrap().data.remove(0);
        assert_ne!(dead.last_error, Some(scene.detail(created.id, "config").await), "operators see the cause");
    })
    .await;
}

/// As if a service said for ever that it is working.
fn always_working() -> impl Iterator<Item = Say> {
    let begun = |n: usize| Say::Status(202, json!({ "operation": n.to_string() }));
    (0..2_000).flat_map(move |n| [begun(n), Say::Later(200, json!({ "state": "in_progress" }), 300)])
}

#[tokio::test]
async fn a_deletion_that_a_service_works_on_for_ever_is_given_up_where_all_see_it() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let created = scene.provision("Store").await;
        scene.run().await;
        scene.bench.delete_application(&scene.who, created.id, None).await.unwrap();
        scene.service.say(always_working());
        scene.pass(TimeDelta::days(30)).await;
        assert_eq!(scene.steps(created.id).await.last().unwrap(), "delete running");
        for _ in 0..30 {
            scene.pass(TimeDelta::hours(1)).await;
        }
        assert_eq!(scene.steps(created.id).await.last().unwrap(), "delete failed");
        let said = "The service took too long, and did not let go of it for a day";
        assert_eq!(scene.detail(created.id, "delete").await, said);
        let application = scene.get(created.id).await;
        assert_eq!((application.status, application.status_reason.as_deref()), (ApplicationStatus::Deleting, Some(said)));
        let asked = scene.service.heard().len();
        scene.pass(TimeDelta::days(2)).await;
        assert_eq!(scene.service.heard().len(), asked, "it is asked no more");

        let operator = scene.bench.operator().await;
        let query = ListQuery { q: Some("application.delete".into()), status: Some("dead".into()), ..Default::default() };
        let dead = scene.bench.list_jobs(&operator, &query).await.unwrap().data.remove(0);
        scene.service.relent();
        scene.bench.retry_job(&operator, dead.id).await.unwrap();
        scene.run().await;
        let application = scene.get(created.id).await;
        assert_eq!((application.status, application.status_reason), (ApplicationStatus::Deleted, None));
        assert_eq!(scene.steps(created.id).await.last().unwrap(), "delete done");
    })
    .await;
}

#[tokio::test]
async fn a_making_that_a_service_works_on_for_ever_fails_and_so_does_clearing_it_up() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        scene.service.say(always_working());
        let created = scene.provision("Store").await;
        scene.run().await;
        for _ in 0..10 {
            scene.pass(TimeDelta::hours(1)).await;
        }
        let application = scene.get(created.id).await;
        assert_eq!(application.status, ApplicationStatus::Failed);
        assert_eq!(application.status_reason.as_deref(), Some("The service took too long, 6 times. Try again later."));
        for _ in 0..30 {
            scene.pass(TimeDelta::hours(1)).await;
        }
        let operator = scene.bench.operator().await;
        let query = ListQuery { status: Some("dead".into()), ..Default::default() };
        let dead = scene.bench.list_jobs(&operator, &query).await.unwrap().data;
        assert_eq!(dead.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), ["application.undo"]);
        scene.service.relent();
        scene.bench.retry_application(&scene.who, created.id).await.unwrap();
        scene.run().await;
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Active);
    })
    .await;
}

#[tokio::test]
async fn a_change_that_a_service_works_on_for_ever_fails_and_the_application_goes_on() {
    on_both(async |bench| {
        let scene = scene(bench).await;
        let created = scene.provision("Store").await;
        scene.run().await;
        scene.service.say(always_working());
        let config = json!({ "currency": "SEK" }).as_object().unwrap().clone();
        scene
            .bench
            .update_application(&scene.who, created.id, &UpdateApplication { config: Some(config), ..Default::default() })
            .await
            .unwrap();
        scene.run().await;
        for _ in 0..30 {
            scene.pass(TimeDelta::hours(1)).await;
        }
        assert_eq!(scene.steps(created.id).await.last().unwrap(), "config failed");
        assert_eq!(scene.detail(created.id, "config").await, "The service took too long, 10 times");
        assert_eq!(scene.get(created.id).await.status, ApplicationStatus::Active);
    })
    .await;
}
