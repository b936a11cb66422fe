//! A small company with everything that an address or form can name, and the people who ask:
//! `Caller` is each kind that the tables tell apart.

use std::collections::BTreeMap;

use mintreu_control::access::{ManageApplications, ManageMembers, OwnTenant};
use mintreu_model::{
    form::{
        application::Provision,
        tenant::{AssignMember, Invite},
    },
    list::ListQuery,
    role::Role,
    status::DatabaseMode,
};
use serde_json::json;

use crate::site::Site;
use mintreu_control_testing::{
    Bench, PASSWORD, mail_token,
    service::{self, Service},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    Anonymous,
    /// Owner of another tenant.
    Other,
    Viewer,
    Owner,
    /// Super admin, a member of no tenant.
    Admin,
}

impl Caller {
    pub const ALL: [Self; 5] = [Self::Anonymous, Self::Other, Self::Viewer, Self::Owner, Self::Admin];
}

pub struct World {
    pub site: Site,
    cookies: [String; 5],
    /// What `{name}` stands for in addresses and fields.
    names: BTreeMap<&'static str, String>,
}

pub async fn world(bench: &Bench) -> World {
    let (site, operator) = (Site::new(bench), bench.operator().await);
    let ines = bench.person("ines").await;
    let tenant = bench.tenant(&ines, "Fjordline").await;
    let owner = bench.permit::<OwnTenant>(&ines, tenant.id).await.unwrap();
    let mut members = BTreeMap::new();
    for name in ["vera", "maya"] {
        let person = bench.person(name).await;
        let form = AssignMember { email: person.email.clone(), role: Role::Viewer };
        bench.assign_member(&operator, tenant.id, &form).await.unwrap();
        members.insert(name, person);
    }
    let other = bench.owner::<ManageMembers>("otto").await;

    let behind = Service::start().await;
    for product in ["orders", "blog"] {
        service::product(bench, product, &behind.url, DatabaseMode::None, false).await;
    }
    let max = json!({
        "code": "max", "name": "Max", "interval": "month", "price": {"amount": 0, "currency": "EUR"}, "included_requests": 2000,
        "rate_per_second": 10, "burst": 20, "max_applications": 9,
    });
    bench.create_plan(&operator, "orders", &serde_json::from_value(max).unwrap()).await.unwrap();
    let subscription = service::subscription(bench, &owner, "orders").await;
    let wanted = Provision { product: "orders".into(), name: "Shop".into(), config: serde_json::Map::new() };
    let made = bench.provision(&owner.also::<ManageApplications>().unwrap(), &wanted).await.unwrap();
    bench.run_due_jobs().await.unwrap();
    let application = bench.get_application(&owner.also().unwrap(), made.id).await.unwrap();
    let job = bench.list_jobs(&operator, &ListQuery::default()).await.unwrap().data[0].id;

    let guest = |email: &str| Invite { email: email.into(), role: Role::Viewer };
    let invitation = bench.invite(&owner.also().unwrap(), &guest("guest@people.test")).await.unwrap().id;
    bench.invite(&other, &guest("else@people.test")).await.unwrap();
    let query = ListQuery { q: Some("else@people.test".into()), ..ListQuery::default() };
    let mail = bench.list_mail(&operator, &query).await.unwrap().data.remove(0);

    let spare = bench.list_tokens(&ines).await.unwrap()[0].id;
    log_in(&site, "ines@people.test").await;
    let session = bench.list_sessions(&ines).await.unwrap()[0].id;
    let cookies = [
        String::new(),
        log_in(&site, "otto@people.test").await,
        log_in(&site, "vera@people.test").await,
        log_in(&site, "ines@people.test").await,
        log_in(&site, "root@platform.test").await,
    ];
    let names = BTreeMap::from([
        ("tenant", tenant.slug),
        ("tenant_id", tenant.id.to_string()),
        ("user", members["maya"].user_id.to_string()),
        ("user_email", members["maya"].email.clone()),
        ("subscription", subscription.to_string()),
        ("application", application.slug),
        ("application_id", application.id.to_string()),
        ("key", made.key.id.to_string()),
        ("product", "orders".into()),
        ("service", "orders-service".into()),
        ("code", "pro".into()),
        ("job", job.to_string()),
        ("mail", mail.id.to_string()),
        ("invitation", invitation.to_string()),
        ("offer", mail_token(&mail.text)),
        ("token", spare.to_string()),
        ("session", session.to_string()),
    ]);
    World { site, cookies, names }
}

/// Logs in by the form; gives the cookie.
pub async fn log_in(site: &Site, email: &str) -> String {
    let answer = site.post("account/log_in", "", &format!("email={email}&password={PASSWORD}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.cookie("session")
}

impl World {
    pub fn cookie(&self, caller: Caller) -> &str {
        &self.cookies[caller as usize]
    }

    /// Replaces every `{name}`.
    pub fn fill(&self, text: &str) -> String {
        let filled = self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
        assert!(!filled.contains('{'), "nothing is known for {filled}");
        filled
    }
}

/// Entries of the audit log: whatever changes something adds one.
pub async fn changes(bench: &Bench) -> i64 {
    bench.number("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries").await
}
