//! Input that is wrong, odd or meant to hurt.

use axum::{body::Body, http::Request};
use serde_json::{Value, json};

use crate::world::{text, world};
use mintreu_control_testing::on_both;

#[tokio::test]
async fn bodies_that_are_wrong_are_refused_with_the_field_named() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let ines = world.person("ines").await;
        let long = "x".repeat(100_000);
        let cases: &[(&str, &str, Value, &str, &str)] = &[
            ("/tenants", "unknown field", json!({"name": "A", "admin": true}), "admin", "unknown"),
            ("/tenants", "missing field", json!({}), "name", "required"),
            ("/tenants", "wrong type", json!({"name": 5}), "name", "invalid"),
            ("/tenants", "null", json!({"name": null}), "name", "invalid"),
            ("/tenants", "not an object", json!([]), "body", "invalid"),
            ("/tenants", "empty", json!({"name": "  "}), "name", "required"),
            ("/tenants", "long", json!({"name": long}), "name", "too_long"),
            ("/tenants", "null character", json!({"name": "a\0b"}), "name", "invalid"),
            ("/tenants", "markup", json!({"name": "<script>"}), "name", "invalid"),
            ("/tenants", "direction mark", json!({"name": "a\u{202e}b"}), "name", "invalid"),
            ("/users", "not an address", json!({"name": "A", "email": "a@b\r\nBcc: c@d.e", "password": "long enough password"}), "email", "invalid"),
            ("/users", "short password", json!({"name": "A", "email": "a@b.example", "password": "short"}), "password", "too_short"),
            ("/tokens", "number out of range", json!({"email": "a@b.example", "password": "x", "name": "x", "expires_in": 1}), "expires_in", "out_of_range"),
            ("/tokens", "fraction", json!({"email": "a@b.example", "password": "x", "name": "x", "expires_in": 1.5}), "expires_in", "invalid"),
        ];
        for (path, name, body, field, code) in cases {
            let problem = world.api.post(path, &ines, body.clone()).await.refused(422, "invalid");
            assert_eq!((&problem["errors"][0]["field"], &problem["errors"][0]["code"]), (&json!(field), &json!(code)), "{name}: {problem}");
            assert!(text(&problem["request_id"]).starts_with("req_"));
        }
        let nested = json!({
            "slug": "s", "name": "S", "base_urls": ["http://127.0.0.1:1"], "routes": [{"methods": ["GET"], "path": "/a"}, {"methods": ["GET"], "path": 7}],
        });
        let problem = world.api.post("/admin/services", &world.admin, nested).await.refused(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], "routes[1].path");
        let deep = json!({"slug": "p", "name": "P", "kind": "api", "service": "s", "summary": "S", "config_schema": {"a": ["x", {"b": "c\0"}]}});
        let problem = world.api.post("/admin/products", &world.admin, deep).await.refused(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], "config_schema.a[1].b");
    })
    .await;
}

#[tokio::test]
async fn bodies_that_are_no_json_or_too_much_are_refused() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let ines = world.person("ines").await;
        let send = async |kind: &str, body: Body| {
            let request = Request::post("/tenants").header("authorization", format!("Bearer {ines}")).header("content-type", kind);
            world.api.send(request.body(body).unwrap()).await
        };
        let json = "application/json";
        for text in ["", "{", "{\"name\":\"A\"} x", "{\"name\":\"\\ud800\"}", "nope", "{\"name\":1e999}"] {
            assert!(matches!(send(json, Body::from(text)).await.status.as_u16(), 400 | 422), "{text:?}");
        }
        send(json, Body::from("{\"name\":")).await.refused(400, "json_malformed");
        send(json, Body::from(vec![b'"', 0xff, 0xfe, b'"'])).await.refused(400, "json_malformed");
        let deep = format!("{{\"name\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(send(json, Body::from(deep)).await.status.as_u16(), 400 | 422));
        let twice = send(json, Body::from("{\"name\":\"A\",\"name\":\"B\"}")).await.refused(422, "invalid");
        assert_eq!(twice["errors"][0]["field"], "name");
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
            send(kind, Body::from("{\"name\":\"A\"}")).await.refused(415, "content_type");
        }
        send("Application/JSON; charset=utf-8", Body::from("{\"name\":\"A\"}")).await.expect(201);
        let large = format!("{{\"name\":\"{}\"}}", "x".repeat(1024 * 1024));
        send(json, Body::from(large.clone())).await.refused(413, "body_too_large");
        let chunks = futures_util::stream::iter(
            large.into_bytes().chunks(4096).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>(),
        );
        send(json, Body::from_stream(chunks)).await.refused(413, "body_too_large");
    })
    .await;
}

#[tokio::test]
async fn paths_queries_and_headers_that_are_odd_never_break_anything() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let ines = world.person("ines").await;
        let tenant = world.tenant(&ines, "Fjordline").await;
        for path in [
            "/tenants/nonsense",
            "/tenants/ten_zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "/tenants/%00",
            "/tenants/%ff",
            "/tenants/'%20OR%201=1--",
            "/products/%00",
            "/products/UPPER",
            "/products/..%2f..",
            "/products/no-such",
            "/nothing",
            "/tenants/",
            "/",
            "/admin/nothing",
        ] {
            world.api.get(path, &ines).await.refused(404, "not_found");
        }
        world.api.get(&format!("/tenants/{}", tenant.replace("ten_", "usr_")), &ines).await.refused(404, "not_found");
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=x", "limit"),
            ("limit=4294967296", "limit"),
            ("page=0", "page"),
            ("cursor=zzz", "cursor"),
            ("cursor=o4294967295", "cursor"),
            ("unknown=1", "unknown"),
            ("q=%00", "q"),
            ("limit=1&limit=2", "limit"),
        ] {
            let problem = world.api.get(&format!("/tenants?{query}"), &ines).await.refused(422, "invalid");
            assert_eq!(problem["errors"][0]["field"], json!(field), "{query}: {problem}");
        }
        for query in
            ["q=%25", "q=_", "q='%3B--", "q=%5C", "sort=name%3Bdrop", "sort=-nothing", "status=nothing", "page=4294967295", "limit=4000000"]
        {
            world.api.get(&format!("/admin/tenants?{query}"), &world.admin).await.expect(200);
        }
        for (query, field) in [
            ("from=yesterday", "from"),
            ("step=week", "step"),
            ("by=colour", "by"),
            ("step=minute&from=2020-01-01T00:00:00Z", "step"),
            ("from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "from"),
        ] {
            let problem = world.api.get(&format!("/tenants/{tenant}/usage?{query}"), &ines).await.refused(422, "invalid");
            assert_eq!(problem["errors"][0]["field"], json!(field), "{query}: {problem}");
        }
        let wrong = world.api.call("PUT", &format!("/tenants/{tenant}"), &ines, json!({})).await;
        assert!(wrong.header("allow").contains("PATCH"), "{:?}", wrong.headers);
        wrong.refused(405, "method_not_allowed");
    })
    .await;
}

#[tokio::test]
async fn tokens_that_are_wrong_in_any_way_get_one_answer() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let ines = world.person("ines").await;
        for value in
            ["Bearer", "Bearer ", "Bearer mtp_", "Basic mtp_x", "mtp_x", "Bearer mtp_unknown", &format!("Bearer {}", "x".repeat(9000))]
        {
            let answer = world.api.send(Request::get("/me").header("authorization", value).body(Body::empty()).unwrap()).await;
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"mintreu\"");
            answer.refused(401, "unauthenticated");
        }
        let twice = Request::get("/me").header("authorization", format!("Bearer {ines}")).header("authorization", format!("Bearer {ines}"));
        world.api.send(twice.body(Body::empty()).unwrap()).await.refused(401, "unauthenticated");
        let any_case = Request::get("/me").header("authorization", format!("bearer {ines}"));
        let answer = world.api.send(any_case.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.header("cache-control"), answer.header("x-content-type-options")), ("no-store", "nosniff"));
        assert!(answer.header("x-request-id").starts_with("req_"));
        answer.expect(200);
        let cut = world.api.get("/me", &ines[..ines.len() - 1]).await;
        assert_eq!(cut.header("content-type"), "application/problem+json");
        cut.refused(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn guessing_passwords_is_slowed_down_and_says_when_to_come_back() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let form = json!({"email": "nobody@people.test", "password": "wrong password", "name": "x"});
        for _ in 0..30 {
            let answer = world.api.post("/tokens", "", form.clone()).await;
            if answer.status == 429 {
                assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
                answer.refused(429, "too_many_attempts");
                return;
            }
        }
        panic!("thirty guesses in a row were let through");
    })
    .await;
}
