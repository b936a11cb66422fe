//! Repeats under an `Idempotency-Key`.

use serde_json::{Value, json};

use mintreu_control_testing::on_both;

use crate::world::world;

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_makes_nothing() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let (api, ines) = (&world.api, world.person("ines").await);
        let key = [("idempotency-key", "once")];
        let first = api.call_with("POST", "/tenants", &ines, json!({"name": "Fjordline"}), &key).await.expect(201);
        let again = api.call_with("POST", "/tenants", &ines, json!({"name": "Fjordline"}), &key).await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("content-type"), "application/json");
        assert_eq!(again.expect(201), first);
        api.call_with("POST", "/tenants", &ines, json!({"name": "Another"}), &key).await.refused(409, "idempotency_mismatch");
        assert_eq!(api.get("/tenants", &ines).await.expect(200)["total"], 1);
        let sam = world.person("sam").await;
        assert_ne!(api.call_with("POST", "/tenants", &sam, json!({"name": "Fjordline"}), &key).await.expect(201), first);
        bench.advance(chrono::TimeDelta::hours(25));
        assert_ne!(api.call_with("POST", "/tenants", &ines, json!({"name": "Fjordline"}), &key).await.expect(201), first);
    })
    .await;
}

#[tokio::test]
async fn many_repeats_at_once_make_one_thing() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let (api, ines) = (&world.api, world.person("ines").await);
        let calls = (0..8).map(|_| api.call_with("POST", "/tenants", &ines, json!({"name": "Once"}), &[("idempotency-key", "k")]));
        for answer in futures_util::future::join_all(calls).await {
            assert!(matches!(answer.status.as_u16(), 201 | 409), "{}", answer.text);
        }
        assert_eq!(api.get("/tenants", &ines).await.expect(200)["total"], 1);
    })
    .await;
}

#[tokio::test]
async fn a_refused_request_can_be_put_right_under_its_key() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let (api, ines) = (&world.api, world.person("ines").await);
        let key = [("idempotency-key", "k")];
        api.call_with("POST", "/tenants", &ines, json!({}), &key).await.refused(422, "invalid");
        let tenant = api.call_with("POST", "/tenants", &ines, json!({"name": "A"}), &key).await.expect(201);
        let path = format!("/tenants/{}", tenant["id"].as_str().unwrap());
        let delete = [("idempotency-key", "delete")];
        api.call_with("DELETE", &path, &ines, Value::Null, &delete).await.expect(202);
        api.call_with("DELETE", &path, &ines, Value::Null, &delete).await.expect(202);
        for wrong in ["", &"k".repeat(256)] {
            let problem =
                api.call_with("POST", "/tenants", &ines, json!({"name": "B"}), &[("idempotency-key", wrong)]).await.refused(422, "invalid");
            assert_eq!(problem["errors"][0]["field"], "Idempotency-Key");
        }
        api.call_with("POST", "/tenants", "mtp_nobody", json!({"name": "B"}), &key).await.refused(401, "unauthenticated");
    })
    .await;
}
