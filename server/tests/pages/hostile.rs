//! Text meant to hurt, typed into forms and addresses: refused at its field, nothing kept, and
//! shown again only as text.

use crate::world::{Caller, changes, world};
use mintreu_control_testing::on_sqlite;

/// Page, function, who, the other fields, and the fields to try.
type Line = (&'static str, &'static str, Caller, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const FORMS: &[Line] = &[
    ("/register", "account/register", Caller::Anonymous, "name=New&email=new@people.test&password=correct horse battery", &["name", "email"]),
    ("/account", "profile/change_name", Caller::Viewer, "", &["name"]),
    ("/account", "profile/change_email", Caller::Viewer, "current_password=correct horse battery", &["email"]),
    ("/tenants/new", "tenant/create", Caller::Viewer, "", &["name"]),
    ("/t/{tenant}/settings", "tenant/rename", Caller::Owner, "tenant={tenant}", &["name"]),
    ("/t/{tenant}/team/invite", "invitation/create", Caller::Owner, "tenant={tenant}&role=viewer", &["email"]),
    ("/t/{tenant}/applications/new?product=orders", "application/create", Caller::Owner, "tenant={tenant}&product=orders", &["name"]),
    ("/t/{tenant}/applications/{application}/settings", "application/rename", Caller::Owner, "tenant={tenant}&application={application}", &["name"]),
    ("/t/{tenant}/applications/{application}/settings", "application/allow_origins", Caller::Owner, "tenant={tenant}&application={application}", &["allowed_origins"]),
    ("/t/{tenant}/applications/{application}/keys/new", "key/create", Caller::Owner, "tenant={tenant}&application={application}&name=ci", &["name", "scopes", "allowed_ips"]),
    ("/admin/products/{product}/plans/new", "plan/create", Caller::Admin, "!product={product}&code=one&name=One&interval=month&currency=EUR&price=0&trial_days=0&included_requests=1&rate_per_second=1&burst=1&max_applications=1", &["code", "name", "price", "features", "burst", "max_request_bytes"]),
    ("/admin/services/new", "service/create", Caller::Admin, "slug=extra&name=Extra&base_urls=http://127.0.0.1:9&routes=GET /a&database=none&timeout_ms=1000", &["slug", "name", "base_urls", "routes", "timeout_ms"]),
    ("/admin/products/new", "product/create", Caller::Admin, "slug=draft&name=Draft&service=orders-service&summary=Soon", &["slug", "name", "summary", "config_schema"]),
    ("/admin/tenants/{tenant_id}/suspend", "tenant/suspend", Caller::Admin, "tenant={tenant_id}", &["reason"]),
];

fn hostile() -> [(&'static str, String); 6] {
    [
        ("markup", "<script>alert(1)</script>".into()),
        ("an attribute", "\"><img src=x onerror=alert(1)>".into()),
        ("the end of a text area", "</textarea><img src=x onerror=alert(1)>".into()),
        ("a direction mark", "abc\u{202e}cod.exe".into()),
        ("a null character", "a\0b".into()),
        ("too long", "x".repeat(20_000)),
    ]
}

/// `fields` with `field` set to `value`.
fn with(fields: &str, field: &str, value: &str) -> String {
    let kept = fields.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with(&format!("{field}=")));
    kept.chain([format!("{field}={value}").as_str()]).collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn hostile_text_is_refused_at_its_field_and_shown_again_only_as_text() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let mut wrong = Vec::new();
        for (page, function, caller, others, tried) in FORMS {
            let (page, cookie) = (world.fill(page), world.cookie(*caller));
            for (field, (kind, value)) in tried.iter().flat_map(|field| hostile().map(|text| (field, text))) {
                let fields = with(&world.fill(others), field, &value);
                let before = changes(&bench).await;
                let told = world.site.post(function, cookie, &fields).await;
                let named = told.json["errors"][0]["field"].as_str().unwrap_or_default();
                if told.status != 422 || named != *field {
                    wrong.push(format!("{function} {field}, {kind}: {} {:.200}", told.status, told.text));
                    continue;
                }
                let sent = world.site.submit(&page, function, cookie, &fields).await;
                if (sent.status, sent.header("location")) != (303, page.as_str()) {
                    wrong.push(format!("{function} {field}, {kind}: leads to {} {}", sent.status, sent.header("location")));
                    continue;
                }
                let again = world.site.open(&page, &format!("{cookie}; {}", sent.cookie("flash"))).await.text;
                if !again.contains(&format!("-{field}-e\"")) || !again.contains("aria-invalid=\"true\"") {
                    wrong.push(format!("{function} {field}, {kind}: the page has no error at the field"));
                }
                if ["<script>alert", "<img src=x"].iter().any(|raw| again.contains(raw)) {
                    wrong.push(format!("{function} {field}, {kind}: shown unescaped"));
                }
                if changes(&bench).await != before {
                    wrong.push(format!("{function} {field}, {kind}: something was kept"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}

#[tokio::test]
async fn markup_where_it_may_be_kept_is_shown_as_text() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let markup = "</textarea></script><script>alert(1)</script><img src=x onerror=alert(1)>";
        let schema =
            serde_json::json!({"type": "object", "properties": {"currency": {"type": "string", "title": markup, "description": markup}}});
        let fields = format!("slug=orders&name=Orders&service=orders-service&summary=S&description={markup}&config_schema={schema}");
        let draft = format!("!to=/admin/products/orders&{fields}");
        let preview = world.site.submit("/admin/products/orders", "product/preview", world.cookie(Caller::Admin), &draft).await;
        let cookie = format!("{}; {}", world.cookie(Caller::Admin), preview.cookie("flash"));
        let shown = world.site.open("/admin/products/orders", &cookie).await.text;
        let saved = world.site.post("product/update", world.cookie(Caller::Admin), &fields).await;
        assert_eq!(saved.status, 200, "{}", saved.text);
        let config = world.fill("/t/{tenant}/applications/{application}/config");
        let pages = [
            world.site.open("/admin/products/orders", world.cookie(Caller::Admin)).await.text,
            world.site.open("/admin/audit", world.cookie(Caller::Admin)).await.text,
            world.site.open("/catalog/orders", "").await.text,
            world.site.open(&config, world.cookie(Caller::Owner)).await.text,
            shown,
        ];
        for (index, page) in pages.iter().enumerate() {
            assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "page {index} shows markup raw");
        }
        assert!(pages[0].contains("&lt;/textarea&gt;"), "the form has what was typed");
    })
    .await;
}

#[tokio::test]
async fn hostile_addresses_never_break_a_page_and_are_never_shown_raw() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let mut wrong = Vec::new();
        let payloads = [
            "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
            "%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
            "%00",
            "%FF%FE",
            "%E2%80%AE",
            "'%20OR%201%3D1--",
            "..%2F..%2Fadmin",
        ];
        let places = [
            (Caller::Owner, "/t/{tenant}/search?q=", 200),
            (Caller::Owner, "/t/{tenant}/applications?q=", 200),
            (Caller::Owner, "/t/{tenant}/activity?status=", 200),
            (Caller::Owner, "/t/{tenant}/usage?from=", 200),
            (Caller::Owner, "/t/{tenant}/applications/", 404),
            (Caller::Owner, "/t/{tenant}/applications/{application}/keys/", 404),
            (Caller::Owner, "/t/", 404),
            (Caller::Anonymous, "/login?email=", 200),
            (Caller::Anonymous, "/login?next=", 200),
            (Caller::Anonymous, "/reset?token=", 200),
            (Caller::Anonymous, "/catalog?q=", 200),
            (Caller::Anonymous, "/catalog/", 404),
            (Caller::Anonymous, "/nothing/", 404),
            (Caller::Admin, "/admin/users?q=", 200),
            (Caller::Admin, "/admin/users?sort=", 200),
            (Caller::Admin, "/admin/search?q=", 200),
            (Caller::Admin, "/admin/users/", 404),
            (Caller::Admin, "/admin/products/", 404),
        ];
        for (caller, place, expected) in places {
            for payload in payloads {
                let answer = world.site.open(&format!("{}{payload}", world.fill(place)), world.cookie(caller)).await;
                let raw = ["<script>alert", "<img src=x"].iter().any(|raw| answer.text.contains(raw));
                if answer.status != expected || raw {
                    wrong.push(format!("{place}{payload}: {} (raw: {raw})", answer.status));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}
