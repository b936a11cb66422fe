//! From registration to the first call in usage, by REST alone.

use mintreu_control::usage::{Batch, Part, Record};
use mintreu_model::id::SegmentId;
use serde_json::{Value, json};

use crate::world::{text, world};
use mintreu_control_testing::on_both;

#[tokio::test]
async fn a_person_registers_subscribes_provisions_and_sees_usage() {
    on_both(async |bench| {
        let world = world(&bench).await;
        world.product().await;
        let api = &world.api;
        let ines = world.person("ines").await;
        let me = api.get("/me", &ines).await.expect(200);
        assert_eq!((me["user"]["email_verified"].as_bool(), me["memberships"].as_array().map(Vec::len)), (Some(true), Some(0)));

        let catalogue = api.get("/products", "").await.expect(200);
        assert_eq!(catalogue["data"][0]["plans"][0]["price"], json!({"amount": 0, "currency": "EUR"}));

        let tenant = world.tenant(&ines, "Fjordline").await;
        let me = api.get("/me", &ines).await.expect(200);
        assert_eq!(me["memberships"][0]["role"], "owner");
        assert!(me["memberships"][0]["permissions"].as_array().unwrap().contains(&json!("manage_keys")));

        let applications = format!("/tenants/{tenant}/applications");
        api.post(&applications, &ines, json!({"product": "orders", "name": "Shop"})).await.refused(403, "no_subscription");
        let subscription = world.subscribe(&tenant, &ines).await;
        assert_eq!(
            (&subscription["product"], &subscription["plan"], &subscription["status"]),
            (&json!("orders"), &json!("pro"), &json!("active"))
        );
        let again = json!({"product": "orders", "plan": "pro"});
        api.post(&format!("/tenants/{tenant}/subscriptions"), &ines, again).await.refused(409, "subscription_exists");

        let wrong = json!({"product": "orders", "name": "Shop", "config": {"currency": "XXX"}});
        let problem = api.post(&applications, &ines, wrong).await.refused(422, "invalid");
        assert!(text(&problem["errors"][0]["field"]).starts_with("config"), "{problem}");
        let created = world.provision(&tenant, &ines, "Shop").await;
        assert_eq!(created["status"], "provisioning");
        assert!(text(&created["key"]["client_secret"]).starts_with("mcs_"));
        let application = text(&created["id"]);
        bench.run_due_jobs().await.unwrap();
        let one = format!("{applications}/{application}");
        assert_eq!(api.get(&one, &ines).await.expect(200)["status"], "active");
        let timeline = api.get(&format!("{one}/timeline"), &ines).await.expect(200);
        assert!(timeline["steps"].as_array().unwrap().iter().all(|step| step["status"] == "done"), "{timeline}");

        let allow = async |origins| api.call("PATCH", &one, &ines, json!({"allowed_origins": origins})).await;
        let allowed = allow(json!(["https://Shop.example/", "*"])).await.expect(200);
        assert_eq!((&allowed["allowed_origins"], &allowed["name"]), (&json!(["*", "https://shop.example"]), &json!("Shop")));
        let problem = allow(json!(["http://shop.example"])).await.refused(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], "allowed_origins");
        assert_eq!(allow(json!([])).await.expect(200)["allowed_origins"], json!([]));

        let form = json!({"name": "backend", "scopes": ["GET /v1/orders/{id}"], "allowed_ips": ["10.0.0.0/8"]});
        let key = api.post(&format!("{one}/keys"), &ines, form).await.expect(201);
        let keys = api.get(&format!("{one}/keys"), &ines).await.expect(200);
        assert_eq!(keys["total"], 2);
        assert!(!keys.to_string().contains(&text(&key["client_secret"])), "a secret is shown once");
        let rotated = api.post(&format!("{one}/keys/{}/rotate", text(&key["id"])), &ines, json!({"grace_seconds": 60})).await.expect(201);
        assert_ne!(rotated["client_id"], key["client_id"]);
        api.call("DELETE", &format!("{one}/keys/{}", text(&rotated["id"])), &ines, Value::Null).await.expect(204);

        let at = bench.clock.now();
        let record = Record {
            application_id: application.parse().unwrap(),
            key_id: text(&created["key"]["id"]).parse().unwrap(),
            subscription_id: text(&subscription["id"]).parse().unwrap(),
            quota_period_start: text(&subscription["quota"]["period_start"]).parse().unwrap(),
            route: "/v1/{*rest}".into(),
            status: 200,
            at,
            bytes_in: 1,
            bytes_out: 2,
            latency_us: 3_000,
            counts: true,
            billed: true,
        };
        let part = Part { segment: SegmentId(bench.random.uuid(at)), replica: bench.random.uuid(at), from: 0, to: 7 };
        let mut batch = Batch::default();
        batch.extend(vec![record; 7]);
        bench.accept_usage(&[part], batch).await.unwrap();
        bench.advance(chrono::TimeDelta::seconds(1));
        let usage = api
            .get(&format!("{one}/usage?step=minute&from={}", (at - chrono::TimeDelta::hours(1)).format("%FT%TZ")), &ines)
            .await
            .expect(200);
        let requests: i64 = usage["data"].as_array().unwrap().iter().filter_map(|point| point["requests"].as_i64()).sum();
        assert_eq!(requests, 7);
        assert!(usage["data"][0]["latency_ms"]["p99"].is_number());
        let by = api.get(&format!("{one}/usage?by=route"), &ines).await.expect(200);
        assert_eq!(by["data"][0]["by"], "/v1/{*rest}");
        let table = api.call_with("GET", &format!("{one}/usage?by=route"), &ines, Value::Null, &[("accept", "text/csv")]).await;
        assert!(table.header("content-type").starts_with("text/csv") && table.text.starts_with("start,route,"));
        let shares = api.get(&format!("{one}/usage/shares?by=status"), &ines).await.expect(200);
        assert_eq!(shares["data"][0]["totals"]["requests"], 7);
        let totals = api.get(&format!("/tenants/{tenant}/usage/totals"), &ines).await.expect(200);
        assert_eq!(totals["requests"], 7);
        let after = api.get(&format!("/tenants/{tenant}/subscriptions/{}", text(&subscription["id"])), &ines).await.expect(200);
        assert_eq!(after["quota"]["used"], 7);

        let deleting = api.call("DELETE", &one, &ines, Value::Null).await.expect(202);
        assert_eq!(deleting["status"], "deleting");
        api.post(&format!("{one}/keep"), &ines, Value::Null).await.expect(200);
        let audit = api.get(&format!("/tenants/{tenant}/audit?limit=100"), &ines).await.expect(200);
        assert!(audit["data"].as_array().unwrap().iter().any(|entry| entry["action"] == "tenant.create"));
    })
    .await;
}

#[tokio::test]
async fn a_team_is_invited_promoted_and_left() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let api = &world.api;
        let (ines, sam) = (world.person("ines").await, world.person("sam").await);
        let tenant = world.tenant(&ines, "Fjordline").await;
        let invitations = format!("/tenants/{tenant}/invitations");
        let form = json!({"email": "sam@people.test", "role": "viewer"});
        api.post(&invitations, &ines, form.clone()).await.expect(201);
        api.post(&invitations, &ines, form).await.refused(409, "already_invited");
        let mail = api.get("/admin/mail?q=sam%40people.test", &world.admin).await.expect(200);
        let token = json!({"token": mintreu_control_testing::mail_token(mail["data"][0]["text"].as_str().unwrap())});
        assert_eq!(api.post("/invitations/look", "", token.clone()).await.expect(200)["tenant_name"], "Fjordline");
        api.post("/invitations/accept", &ines, token.clone()).await.refused(403, "other_address");
        assert_eq!(api.post("/invitations/accept", &sam, token).await.expect(200)["id"], json!(tenant));
        let members = api.get(&format!("/tenants/{tenant}/members"), &sam).await.expect(200);
        assert_eq!(members["total"], 2);
        let sams =
            text(&members["data"].as_array().unwrap().iter().find(|member| member["email"] == "sam@people.test").unwrap()["user_id"]);
        let member = format!("/tenants/{tenant}/members/{sams}");
        api.call("PATCH", &member, &sam, json!({"role": "owner"})).await.refused(403, "forbidden");
        assert_eq!(api.call("PATCH", &member, &ines, json!({"role": "developer"})).await.expect(200)["role"], "developer");
        api.post(&format!("/tenants/{tenant}/leave"), &ines, Value::Null).await.refused(409, "last_owner");
        api.post(&format!("/tenants/{tenant}/leave"), &sam, Value::Null).await.expect(204);
        api.get(&format!("/tenants/{tenant}"), &sam).await.refused(404, "not_found");
        let assigned = json!({"email": "sam@people.test", "role": "billing"});
        api.post(&format!("/admin/tenants/{tenant}/members"), &world.admin, assigned).await.expect(201);
        api.get(&format!("/tenants/{tenant}"), &sam).await.expect(200);

        let suspend = format!("/admin/tenants/{tenant}/suspend");
        api.post(&suspend, &world.admin, json!({"reason": "unpaid bills"})).await.expect(200);
        api.call("PATCH", &format!("/tenants/{tenant}"), &ines, json!({"name": "New"})).await.refused(403, "tenant_suspended");
        api.post(&format!("/admin/tenants/{tenant}/resume"), &world.admin, Value::Null).await.expect(200);
        api.call("PATCH", &format!("/tenants/{tenant}"), &ines, json!({"name": "New"})).await.expect(200);
        let wrong = json!({"confirm": "Old"});
        api.call("DELETE", &format!("/tenants/{tenant}"), &ines, wrong).await.refused(422, "invalid");
        assert_eq!(api.call("DELETE", &format!("/tenants/{tenant}"), &ines, Value::Null).await.expect(202)["status"], "deleting");
        assert_eq!(api.post(&format!("/tenants/{tenant}/keep"), &ines, Value::Null).await.expect(200)["status"], "active");
    })
    .await;
}

#[tokio::test]
async fn a_token_is_listed_revoked_and_dead() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let api = &world.api;
        let ines = world.person("ines").await;
        let wrong = json!({"email": "ines@people.test", "password": "not the password", "name": "x"});
        api.post("/tokens", "", wrong).await.refused(401, "unauthenticated");
        let tokens = api.get("/tokens", &ines).await.expect(200);
        let id = text(&tokens["data"][0]["id"]);
        api.call("DELETE", &format!("/tokens/{id}"), &ines, Value::Null).await.expect(204);
        let refused = api.get("/me", &ines).await;
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
        refused.refused(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn an_operator_sees_and_changes_the_platform() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let (api, admin) = (&world.api, world.admin.as_str());
        world.product().await;
        let version = api
            .call("PATCH", "/admin/products/orders/plans/pro", admin, json!({"price": {"amount": 3900, "currency": "EUR"}}))
            .await
            .expect(200);
        assert_eq!(version["version"], 2);
        assert_eq!(api.get("/admin/products/orders/plans/pro", admin).await.expect(200)["price"]["amount"], 3900);
        let bounds = async |bounds| api.call("PATCH", "/admin/products/orders/plans/pro", admin, bounds).await.expect(200);
        let bounded = bounds(json!({"max_request_bytes": 1000, "max_response_bytes": 5000})).await;
        assert_eq!((&bounded["max_request_bytes"], &bounded["max_response_bytes"]), (&json!(1000), &json!(5000)));
        assert_eq!(bounds(json!({"max_request_bytes": null, "max_response_bytes": null})).await["max_request_bytes"], Value::Null);
        assert_eq!(api.get("/admin/products/orders/plans/pro/versions", admin).await.expect(200)["total"], 4);
        // No gateway runs here, so that nothing is known.
        assert_eq!(api.get("/admin/services/orders/health", admin).await.expect(200)["data"][0]["state"], "unknown");
        let changed = api.call("PATCH", "/admin/services/orders", admin, json!({"timeout_ms": 9000, "upstream": {"max_in_flight": 7}}));
        let changed = changed.await.expect(200);
        assert_eq!((&changed["timeout_ms"], &changed["upstream"]["max_in_flight"]), (&json!(9000), &json!(7)));
        assert_eq!(changed["upstream"]["idle_timeout_ms"], 900_000);
        assert_eq!(api.call("DELETE", "/admin/services/orders", admin, Value::Null).await.status, 409);
        let setting = api.call("PATCH", "/admin/settings/invitation_days", admin, json!({"value": 3})).await.expect(200);
        assert_eq!(setting["value"], 3);
        api.call("PATCH", "/admin/settings/invitation_days", admin, json!({"value": 1000})).await.refused(422, "invalid");
        assert!(api.get("/admin/analytics", admin).await.expect(200)["requests"].as_array().is_some());
        api.get("/admin/usage?step=day", admin).await.expect(200);
        let before = text(&api.post("/admin/clock", admin, json!({"advance_seconds": 0})).await.expect(200)["now"]);
        let after = text(&api.post("/admin/clock", admin, json!({"advance_seconds": 3600})).await.expect(200)["now"]);
        let moved = after.parse::<chrono::DateTime<chrono::Utc>>().unwrap() - before.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        assert_eq!(moved.num_seconds(), 3600);
        world.person("sam").await;
        let users = api.get("/admin/users?q=sam", admin).await.expect(200);
        let user = format!("/admin/users/{}", text(&users["data"][0]["id"]));
        assert_eq!(api.post(&format!("{user}/disable"), admin, Value::Null).await.expect(200)["user"]["disabled"], true);
        assert_eq!(api.post(&format!("{user}/enable"), admin, Value::Null).await.expect(200)["user"]["disabled"], false);
        api.post("/admin/products/orders/archive", admin, Value::Null).await.expect(200);
        api.get("/products/orders", "").await.refused(404, "not_found");
    })
    .await;
}
