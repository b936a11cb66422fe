//! What is refused whoever asks: forms from other sites, forms that are read, and too large ones.

use axum::{
    body::Body,
    http::{Request, header},
};
use chrono::TimeDelta;
use mintreu_model::list::ListQuery;

use crate::{
    functions::{FUNCTIONS, fields},
    site::{HOST, HTML, JSON, Site, encode, form},
    world::{Caller, changes, world},
};
use mintreu_control_testing::{on_both, on_sqlite};

#[tokio::test]
async fn no_form_is_taken_from_another_site() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let before = changes(&bench).await;
        for (function, _, text, _) in FUNCTIONS {
            for caller in [Caller::Owner, Caller::Admin] {
                let foreign = [
                    (header::ORIGIN.as_str(), "https://evil.example"),
                    (header::ORIGIN.as_str(), "null"),
                    ("sec-fetch-site", "cross-site"),
                    ("sec-fetch-site", "same-site"),
                ];
                for (name, value) in foreign {
                    let request = Request::post(format!("/_fn/{function}"))
                        .header(header::HOST, HOST)
                        .header(header::ACCEPT, JSON)
                        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                        .header(header::COOKIE, world.cookie(caller))
                        .header(name, value);
                    let answer = world.site.send(request, encode(&fields(&world, text))).await;
                    assert_eq!(answer.problem(), (403, "cross_site"), "{function} {name}: {value}");
                }
            }
        }
        assert_eq!(changes(&bench).await, before);
        assert_eq!(world.site.open("/account", world.cookie(Caller::Owner)).await.status, 200, "a foreign form logged somebody out");
    })
    .await;
}

#[tokio::test]
async fn forms_cannot_be_sent_by_a_link() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let before = changes(&bench).await;
        for (function, _, text, _) in FUNCTIONS {
            let address = format!("/_fn/{function}?{}", encode(&fields(&world, text)));
            for method in ["GET", "HEAD", "PUT", "DELETE"] {
                let request = Request::builder().method(method).uri(&address).header(header::HOST, HOST);
                let request = request.header(header::ACCEPT, HTML).header(header::COOKIE, world.cookie(Caller::Owner));
                assert_eq!(world.site.send(request, Body::empty()).await.status, 405, "{method} {function}");
            }
        }
        assert_eq!(changes(&bench).await, before);
    })
    .await;
}

#[tokio::test]
async fn forms_that_are_too_large_unknown_or_unreadable_are_refused() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let before = changes(&bench).await;
        let owner = world.cookie(Caller::Owner);
        let large = format!("name={}", "x".repeat(256 * 1024));
        for (function, caller) in [("tenant/create", Caller::Owner), ("account/log_in", Caller::Anonymous)] {
            assert_eq!(world.site.post(function, world.cookie(caller), &large).await.problem(), (413, "body_too_large"));
        }
        for (function, text) in
            [("tenant/create", "nothing=1"), ("tenant/create", "name=A&admin=1"), ("key/revoke", "tenant={tenant}&application=a&key=x")]
        {
            let answer = world.site.post(function, owner, &world.fill(text)).await;
            assert_eq!(answer.problem(), (422, "form_unreadable"), "{function} {text}");
        }
        let request = form("tenant/create").header(header::ACCEPT, JSON).header(header::COOKIE, owner);
        let answer = world.site.send(request, "form%5Bname%5D=%FF%00%E2%80").await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert_eq!(world.site.post("nothing/here", owner, "name=A").await.problem(), (404, "not_found"));
        assert_eq!(changes(&bench).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_cookie_that_is_made_up_old_or_of_somebody_disabled_is_nobody() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let refused = async |cookie: &str| {
            let answer = world.site.post("profile/change_name", cookie, "name=Somebody").await;
            assert_eq!(answer.problem(), (401, "unauthenticated"), "{cookie}");
            assert_eq!(world.site.open("/account", cookie).await.header("location"), "/login?next=%2Faccount");
        };
        for made_up in ["session=", "session=x", "session=AAAAAAAAAAAAAAAAAAAAAA", "session=%00", "__Host-session=AAAAAAAAAAAAAAAAAAAAAA"] {
            refused(made_up).await;
        }
        let (viewer, other) = (world.cookie(Caller::Viewer), world.cookie(Caller::Other));
        assert_eq!(world.site.post("account/log_out", viewer, "").await.status, 200);
        refused(viewer).await;
        let (operator, query) = (bench.operator().await, ListQuery { q: Some("otto".into()), ..ListQuery::default() });
        let otto = bench.list_users(&operator, &query).await.unwrap().data[0].id;
        bench.set_user_disabled(&operator, otto, true).await.unwrap();
        refused(other).await;
    })
    .await;
}

#[tokio::test]
async fn the_cookie_of_a_session_that_is_used_lasts_as_long_as_the_session() {
    on_both(async |bench| {
        bench.person("ines").await;
        let site = Site::new(&bench);
        for (remember, idle) in [("false", 12 * 3600), ("true", 30 * 86_400)] {
            let form = format!("email=ines@people.test&password={}&remember={remember}", mintreu_control_testing::PASSWORD);
            let answer = site.post("account/log_in", "", &form).await;
            let (cookie, lasts) = (answer.cookie("session"), answer.max_age("session").unwrap());
            assert_eq!(lasts, idle);
            assert_eq!(site.open("/account", &cookie).await.max_age("session"), None, "not with each request");
            for _ in 0..2 {
                bench.advance(TimeDelta::seconds(idle * 3 / 4));
                let answer = site.open("/account", &cookie).await;
                assert_eq!((answer.status, answer.cookie("session")), (200, cookie.clone()));
                let lasts = answer.max_age("session").unwrap();
                assert!((idle - 5..=idle).contains(&lasts), "{lasts}");
            }
            bench.advance(TimeDelta::seconds(90));
            let gone = site.post("account/log_out", &cookie, "").await;
            assert_eq!(gone.max_age("session"), Some(0), "a log-out is not undone");
        }
        let form = format!("email=ines@people.test&password={}&remember=true", mintreu_control_testing::PASSWORD);
        let cookie = site.post("account/log_in", "", &form).await.cookie("session");
        for days in [25, 25, 25] {
            bench.advance(TimeDelta::days(days));
            assert_eq!(site.open("/account", &cookie).await.status, 200);
        }
        bench.advance(TimeDelta::days(10));
        let last = site.open("/account", &cookie).await.max_age("session").unwrap();
        assert!((1..=5 * 86_400).contains(&last), "no longer than the session may be: {last}");
        bench.advance(TimeDelta::days(6));
        assert_eq!(site.open("/account", &cookie).await.header("location"), "/login?next=%2Faccount");
    })
    .await;
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let owner = world.cookie(Caller::Owner);
        for next in [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/%5Cevil.example/..//evil.example",
            "\t//evil.example",
            "javascript:alert(1)",
        ] {
            let log_in = format!("email=ines@people.test&password={}&next={next}", mintreu_control_testing::PASSWORD);
            let led = [
                world.site.submit("/login", "account/log_in", "", &log_in).await,
                world.site.submit("/tenants/new", "tenant/create", owner, &format!("name=Another&next={next}")).await,
                world.site.open(&format!("/login?{}", encode(&format!("!next={next}"))), owner).await,
            ];
            for answer in led {
                let location = answer.header("location");
                let local = location.starts_with('/') && !location.starts_with("//") && !location.contains('\\');
                assert!(local, "{next} leads to {location} ({})", answer.status);
            }
            let request =
                Request::post("/theme").header(header::HOST, HOST).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let answer = world.site.send(request, encode(&format!("!theme=dark&!next={next}"))).await;
            assert!(answer.header("location").starts_with('/') && !answer.header("location").starts_with("//"), "{next}");
        }
        let foreign = Request::post("/theme").header(header::HOST, HOST).header(header::ORIGIN, "https://evil.example");
        let foreign = foreign.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        assert_eq!(world.site.send(foreign, "theme=dark").await.status, 403);
    })
    .await;
}
