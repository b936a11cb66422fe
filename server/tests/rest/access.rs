//! Who may call what: one line per operation. An operation of the document without a line here
//! fails the test, and so does a line without an operation.

use std::collections::BTreeSet;

use mintreu_model::{
    id::{NotificationId, TenantId},
    role::{Permission, Role},
};
use serde_json::{Value, json};

use crate::world::{World, text, world};
use mintreu_control_testing::{Bench, on_both};

#[derive(Debug, Clone, Copy)]
enum Who {
    /// Everybody.
    Public,
    /// Everybody with a token.
    Token,
    /// Whose object it is; to others it is not there.
    Own,
    /// Members with the permission.
    Tenant(Permission),
    /// Super admins; to others it is not there.
    Admin,
}

use Permission as P;
use Who::{Admin, Own, Public, Tenant, Token};

/// Whether the operation takes a body: an empty object is sent, which is refused as input only
/// after the caller was let through.
const TABLE: &[(&str, Who)] = &[
    ("POST /users", Public),
    ("POST /users/verify", Public),
    ("POST /users/forgot-password", Public),
    ("POST /users/reset-password", Public),
    ("POST /tokens", Public),
    ("POST /invitations/look", Public),
    ("GET /products", Public),
    ("GET /products/{product}", Public),
    ("GET /me", Token),
    ("PATCH /me", Token),
    ("POST /me/resend-verification", Token),
    ("POST /me/password", Token),
    ("POST /me/email", Token),
    ("GET /me/sessions", Token),
    ("DELETE /me/sessions", Token),
    ("DELETE /me/sessions/{session}", Own),
    ("GET /tokens", Token),
    ("DELETE /tokens/{token}", Own),
    ("POST /invitations/accept", Token),
    ("POST /tenants", Token),
    ("GET /tenants", Token),
    ("GET /tenants/{t}", Tenant(P::ViewTenant)),
    ("PATCH /tenants/{t}", Tenant(P::ManageTenant)),
    ("DELETE /tenants/{t}", Tenant(P::OwnTenant)),
    ("POST /tenants/{t}/keep", Tenant(P::OwnTenant)),
    ("POST /tenants/{t}/leave", Tenant(P::ViewTenant)),
    ("GET /tenants/{t}/members", Tenant(P::ViewTenant)),
    ("PATCH /tenants/{t}/members/{user}", Tenant(P::ManageMembers)),
    ("DELETE /tenants/{t}/members/{user}", Tenant(P::ManageMembers)),
    ("POST /tenants/{t}/invitations", Tenant(P::ManageMembers)),
    ("GET /tenants/{t}/invitations", Tenant(P::ViewTenant)),
    ("DELETE /tenants/{t}/invitations/{invitation}", Tenant(P::ManageMembers)),
    ("POST /tenants/{t}/subscriptions", Tenant(P::ManageSubscriptions)),
    ("GET /tenants/{t}/subscriptions", Tenant(P::ViewTenant)),
    ("GET /tenants/{t}/subscriptions/{subscription}", Tenant(P::ViewTenant)),
    ("PATCH /tenants/{t}/subscriptions/{subscription}", Tenant(P::ManageSubscriptions)),
    ("POST /tenants/{t}/subscriptions/{subscription}/cancel", Tenant(P::ManageSubscriptions)),
    ("POST /tenants/{t}/subscriptions/{subscription}/resume", Tenant(P::ManageSubscriptions)),
    ("POST /tenants/{t}/applications", Tenant(P::ManageApplications)),
    ("GET /tenants/{t}/applications", Tenant(P::ViewTenant)),
    ("GET /tenants/{t}/applications/{application}", Tenant(P::ViewTenant)),
    ("PATCH /tenants/{t}/applications/{application}", Tenant(P::ManageApplications)),
    ("DELETE /tenants/{t}/applications/{application}", Tenant(P::ManageApplications)),
    ("GET /tenants/{t}/applications/{application}/timeline", Tenant(P::ViewTenant)),
    ("GET /tenants/{t}/applications/{application}/configs", Tenant(P::ViewTenant)),
    ("POST /tenants/{t}/applications/{application}/retry", Tenant(P::ManageApplications)),
    ("POST /tenants/{t}/applications/{application}/suspend", Tenant(P::ManageApplications)),
    ("POST /tenants/{t}/applications/{application}/resume", Tenant(P::ManageApplications)),
    ("POST /tenants/{t}/applications/{application}/keep", Tenant(P::ManageApplications)),
    ("POST /tenants/{t}/applications/{application}/keys", Tenant(P::ManageKeys)),
    ("GET /tenants/{t}/applications/{application}/keys", Tenant(P::ViewTenant)),
    ("GET /tenants/{t}/applications/{application}/keys/{key}", Tenant(P::ViewTenant)),
    ("POST /tenants/{t}/applications/{application}/keys/{key}/rotate", Tenant(P::ManageKeys)),
    ("DELETE /tenants/{t}/applications/{application}/keys/{key}", Tenant(P::ManageKeys)),
    ("GET /tenants/{t}/applications/{application}/usage", Tenant(P::ViewTenant)),
    ("GET /tenants/{t}/applications/{application}/usage/totals", Tenant(P::ViewTenant)),
    ("GET /tenants/{t}/applications/{application}/usage/shares", Tenant(P::ViewTenant)),
    ("GET /tenants/{t}/applications/{application}/usage/refusals", Tenant(P::ViewTenant)),
    ("GET /tenants/{t}/usage", Tenant(P::ViewTenant)),
    ("GET /tenants/{t}/usage/totals", Tenant(P::ViewTenant)),
    ("GET /tenants/{t}/notifications", Tenant(P::ViewTenant)),
    ("GET /tenants/{t}/notifications/unread", Tenant(P::ViewTenant)),
    ("POST /tenants/{t}/notifications/{notification}/read", Tenant(P::ViewTenant)),
    ("POST /tenants/{t}/notifications/read", Tenant(P::ViewTenant)),
    ("GET /tenants/{t}/audit", Tenant(P::ViewAudit)),
    ("POST /admin/services", Admin),
    ("GET /admin/services", Admin),
    ("GET /admin/services/{service}", Admin),
    ("PATCH /admin/services/{service}", Admin),
    ("DELETE /admin/services/{service}", Admin),
    ("GET /admin/services/{service}/health", Admin),
    ("POST /admin/products", Admin),
    ("GET /admin/products", Admin),
    ("GET /admin/products/{product}", Admin),
    ("PATCH /admin/products/{product}", Admin),
    ("DELETE /admin/products/{product}", Admin),
    ("POST /admin/products/{product}/publish", Admin),
    ("POST /admin/products/{product}/archive", Admin),
    ("POST /admin/products/{product}/plans", Admin),
    ("GET /admin/products/{product}/plans", Admin),
    ("GET /admin/products/{product}/plans/{plan}", Admin),
    ("PATCH /admin/products/{product}/plans/{plan}", Admin),
    ("POST /admin/products/{product}/plans/{plan}/archive", Admin),
    ("GET /admin/products/{product}/plans/{plan}/versions", Admin),
    ("GET /admin/tenants", Admin),
    ("GET /admin/tenants/{t}", Admin),
    ("GET /admin/tenants/{t}/members", Admin),
    ("POST /admin/tenants/{t}/members", Admin),
    ("POST /admin/tenants/{t}/suspend", Admin),
    ("POST /admin/tenants/{t}/resume", Admin),
    ("GET /admin/users", Admin),
    ("GET /admin/users/{user}", Admin),
    ("POST /admin/users/{user}/disable", Admin),
    ("POST /admin/users/{user}/enable", Admin),
    ("GET /admin/subscriptions", Admin),
    ("GET /admin/applications", Admin),
    ("GET /admin/applications/{application}", Admin),
    ("GET /admin/applications/{application}/timeline", Admin),
    ("POST /admin/applications/{application}/retry", Admin),
    ("GET /admin/jobs", Admin),
    ("POST /admin/jobs/{job}/retry", Admin),
    ("GET /admin/mail", Admin),
    ("GET /admin/mail/{mail}", Admin),
    ("GET /admin/settings", Admin),
    ("PATCH /admin/settings/{setting}", Admin),
    ("GET /admin/audit", Admin),
    ("GET /admin/analytics", Admin),
    ("GET /admin/usage", Admin),
    ("GET /admin/gateway", Admin),
    ("GET /admin/usage/totals", Admin),
    ("GET /admin/usage/shares", Admin),
    ("POST /admin/clock", Admin),
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Caller {
    Anonymous,
    /// Owner of another tenant.
    Stranger,
    Member(Role),
    SuperAdmin,
}

/// The refusal that a caller meets; none when let through.
fn refusal(who: Who, caller: Caller) -> Option<u16> {
    match (who, caller) {
        (Public, _) | (Token | Own | Tenant(_) | Admin, Caller::SuperAdmin) if matches!(who, Public | Token | Admin) => None,
        (_, Caller::Anonymous) => Some(401),
        (Token, _) | (Own, Caller::Member(Role::Owner)) => None,
        (Tenant(permission), Caller::Member(role)) => (!role.may(permission)).then_some(403),
        _ => Some(404),
    }
}

/// What is called when: what takes something away comes last.
fn turn(operation: &str) -> u8 {
    match operation {
        _ if operation.starts_with("GET") => 0,
        "DELETE /tenants/{t}" => 6,
        "DELETE /tokens/{token}" => 5,
        "POST /tenants/{t}/leave" => 3,
        _ if operation.ends_with("/disable") || operation.starts_with("DELETE") => 4,
        _ => 1,
    }
}

struct Company {
    world: World,
    callers: Vec<(Caller, String)>,
    ids: Vec<(&'static str, String)>,
}

async fn company(bench: &Bench) -> Company {
    let world = world(bench).await;
    world.product().await;
    let api = &world.api;
    let (owner, stranger) = (world.person("ines").await, world.person("sam").await);
    let tenant = world.tenant(&owner, "Fjordline").await;
    world.tenant(&stranger, "Elsewhere").await;
    let mut callers = vec![
        (Caller::Anonymous, String::new()),
        (Caller::Stranger, stranger),
        (Caller::SuperAdmin, world.admin.clone()),
        (Caller::Member(Role::Owner), owner.clone()),
    ];
    for role in [Role::Viewer, Role::Developer, Role::Billing] {
        let token = world.person(role.as_str()).await;
        let form = json!({"email": format!("{}@people.test", role.as_str()), "role": role});
        api.post(&format!("/admin/tenants/{tenant}/members"), &world.admin, form).await.expect(201);
        callers.push((Caller::Member(role), token));
    }
    let subscription = world.subscribe(&tenant, &owner).await;
    let created = world.provision(&tenant, &owner, "Shop").await;
    let invite = json!({"email": "new@people.test", "role": "viewer"});
    let invitation = api.post(&format!("/tenants/{tenant}/invitations"), &owner, invite).await.expect(201);
    let first = async |path: &str, token: &str| text(&api.get(path, token).await.expect(200)["data"][0]["id"]);
    let members = api.get(&format!("/tenants/{tenant}/members"), &owner).await.expect(200);
    let viewer = members["data"].as_array().unwrap().iter().find(|member| member["role"] == "viewer").unwrap().clone();
    let me = api.get("/me", &owner).await.expect(200);
    let spare = crate::world::log_in(api, "ines@people.test").await;
    let device = mintreu_control::account::session::Device { name: "Firefox".into(), address: None };
    let (user, until) = (text(&me["user"]["id"]).parse().unwrap(), bench.clock.system_now() + chrono::TimeDelta::days(1));
    assert!(bench.session_create(b"session", Some(user), "{}", &device, until).await.unwrap());
    let notification = NotificationId(bench.random.uuid(bench.clock.now()));
    let of_tenant = bench.literal(tenant.parse::<TenantId>().unwrap().0);
    bench
        .sql(&format!(
            "INSERT INTO notifications (id, tenant_id, kind, subject, body, created_at)
             VALUES ({}, {of_tenant}, 'application', 'Shop is ready', '', '2026-03-01T00:00:00+00:00')",
            bench.literal(notification.0)
        ))
        .await;
    let ids = vec![
        ("t", tenant),
        ("user", text(&viewer["user_id"])),
        ("subscription", text(&subscription["id"])),
        ("application", text(&created["id"])),
        ("key", text(&created["key"]["id"])),
        ("invitation", text(&invitation["id"])),
        ("notification", notification.to_string()),
        ("token", first("/tokens", &spare).await),
        ("session", first("/me/sessions", &owner).await),
        ("job", first("/admin/jobs", &world.admin).await),
        ("mail", first("/admin/mail", &world.admin).await),
        ("service", "orders".to_owned()),
        ("product", "orders".to_owned()),
        ("plan", "pro".to_owned()),
        ("setting", "invitation_days".to_owned()),
    ];
    Company { world, callers, ids }
}

impl Company {
    async fn call(&self, operation: &str, token: &str, has_body: bool) -> crate::api::Answer {
        let (method, path) = operation.split_once(' ').unwrap();
        let mut path = path.to_owned();
        for (name, id) in &self.ids {
            path = path.replace(&format!("{{{name}}}"), id);
        }
        if path.ends_with("/shares") {
            path.push_str(if path.starts_with("/admin") { "?by=tenant" } else { "?by=route" });
        }
        self.world.api.call(method, &path, token, if has_body { json!({}) } else { Value::Null }).await
    }
}

#[tokio::test]
async fn every_operation_lets_through_whom_the_table_says_and_nobody_else() {
    let document: Value = serde_json::from_str(&mintreu::rest::openapi().to_json().unwrap()).unwrap();
    let mut bodies = BTreeSet::new();
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(method, _)| *method != "parameters") {
            let name = format!("{} {path}", method.to_uppercase());
            if operation.get("requestBody").is_some() && method != "delete" {
                bodies.insert(name.clone());
            }
            found.insert(name);
        }
    }
    let told: BTreeSet<String> = TABLE.iter().map(|(operation, _)| (*operation).to_owned()).collect();
    assert_eq!(found.difference(&told).collect::<Vec<_>>(), Vec::<&String>::new(), "operations without a line in the table");
    assert_eq!(told.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new(), "lines without an operation");
    on_both(async |bench| {
        let company = company(&bench).await;
        for (operation, who) in TABLE {
            for (caller, token) in &company.callers {
                let Some(expected) = refusal(*who, *caller) else { continue };
                let answer = company.call(operation, token, bodies.contains(*operation)).await;
                assert_eq!(answer.status, expected, "{operation} by {caller:?}: {}", answer.text);
            }
        }
        let mut table = TABLE.to_vec();
        table.sort_by_key(|(operation, _)| turn(operation));
        for (operation, who) in table {
            // One caller is enough where letting through changes something.
            let once = turn(operation) >= 3;
            let allowed = company.callers.iter().filter(|(caller, _)| refusal(who, *caller).is_none());
            for (caller, token) in allowed.take(if once { 1 } else { usize::MAX }) {
                let status = company.call(operation, token, bodies.contains(operation)).await.status.as_u16();
                assert!(matches!(status, 200..=299 | 409 | 422), "{operation} by {caller:?}: {status}");
            }
        }
    })
    .await;
}
