//! Makes the company by the operations that people use, each tenant at its own time in the past.

use std::net::SocketAddr;

use mintreu_control::{
    Actor, Control, Operator,
    access::{ManageApplications, ManageMembers, ManageSubscriptions, Right},
    clock::Random,
};
use mintreu_model::{
    form::{
        account::{CreateToken, Register, UseToken},
        application::Provision,
        catalogue::{CreatePlan, CreateProduct, CreateService, UpdateService},
        subscription::Subscribe,
        tenant::{AssignMember, CreateTenant, SuspendTenant},
    },
    list::ListQuery,
    role::Role,
    view::TenantView,
};
use serde::de::DeserializeOwned;

use super::{
    Access, Login, Summary, TenantLogin,
    company::{self, ADMIN, PASSWORD, Tenant},
    history::{self, Life},
};
use crate::{Failure, config::Config};

const DAY_SECONDS: i64 = 86_400;
/// The whole company is drawn from this.
const SEED: u64 = 2026;

impl From<mintreu_control::Error> for Failure {
    fn from(error: mintreu_control::Error) -> Self {
        let detail = error.problem().detail;
        Self::new(&format!("the demonstration could not be made ({detail})"), &error)
    }
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, Failure> {
    serde_json::from_str(json).map_err(|error| Failure::new("the demonstration's data are damaged", &error))
}

/// The same control plane, drawing ids and secrets from a seed. Only for filling: what is served
/// afterwards draws from the system.
pub(super) fn seeded(control: &Control) -> Control {
    Control::new(control.db.clone(), control.clock.clone(), Random::seeded(SEED), control.keyring.clone(), control.config.clone())
}

/// Tells the platform where the shop listens this time.
pub(super) async fn point_at(control: &Control, admin_token: &str, shop: SocketAddr) -> Result<(), Failure> {
    let operator = control.operate(&control.authenticate_token(admin_token, None).await?)?;
    let service: CreateService = service(shop)?;
    let known = control.get_service(&operator, &service.slug).await?;
    if known.base_urls != service.base_urls {
        let update: UpdateService = read(&serde_json::json!({ "base_urls": service.base_urls }).to_string())?;
        control.update_service(&operator, &service.slug, &update).await?;
    }
    Ok(())
}

/// Whether nothing has been made yet.
pub(super) async fn is_empty(control: &Control) -> Result<bool, Failure> {
    Ok(control.count_any_users().await? == 0)
}

fn service(shop: SocketAddr) -> Result<CreateService, Failure> {
    let mut service: serde_json::Value = read(company::SHOP_SERVICE)?;
    if let Some(fields) = service.as_object_mut() {
        fields.insert("base_urls".to_owned(), serde_json::json!([format!("http://{shop}")]));
    }
    read(&service.to_string())
}

pub(super) async fn fill(control: &Control, config: &Config, shop: SocketAddr) -> Result<Summary, Failure> {
    control.clock.set_ahead_seconds(-90 * DAY_SECONDS);
    control.create_admin(ADMIN.0, ADMIN.1, PASSWORD).await?;
    let admin = actor(control, ADMIN.1).await?;
    let operator = control.operate(&admin.0)?;
    catalogue(control, &operator, shop).await?;
    let (mut applications, mut lives) = (Vec::new(), Vec::new());
    let mut first = None;
    for tenant in company::TENANTS {
        control.clock.set_ahead_seconds(-tenant.age_days * DAY_SECONDS);
        let (view, owner_token) = people(control, &operator, tenant).await?;
        let keys = products(control, tenant, &view, &mut lives).await?;
        if first.is_none() {
            first = Some((view, owner_token));
        }
        applications.extend(keys);
    }
    control.clock.set_ahead_seconds(0);
    control.run_due_subscriptions().await?;
    history::write(control, &operator, &lives).await?;
    suspend(control, &operator).await?;
    let (tenant, token) = first.ok_or_else(|| Failure("the demonstration has no tenant".to_owned()))?;
    let owner = company::TENANTS.first().and_then(|tenant| tenant.people.first()).map_or("", |person| person.email);
    let curl = applications.first().map(|access| super::curl(&config.gateway_url(), access)).unwrap_or_default();
    Ok(Summary {
        url: config.public_url.clone(),
        admin: Login { email: ADMIN.1.to_owned(), password: PASSWORD.to_owned(), token: admin.1 },
        tenant: TenantLogin { id: tenant.id.to_string(), email: owner.to_owned(), password: PASSWORD.to_owned(), token },
        applications,
        curl,
    })
}

async fn catalogue(control: &Control, operator: &Operator, shop: SocketAddr) -> Result<(), Failure> {
    let service = service(shop)?;
    control.create_service(operator, &service).await?;
    for json in company::PRODUCTS {
        let mut product: CreateProduct = read(json)?;
        product.service = Some(service.slug.clone());
        let schema = if product.slug == "wholesale" { company::WHOLESALE_SCHEMA } else { company::SHOP_SCHEMA };
        product.config_schema = Some(read(schema)?);
        control.create_product(operator, &product).await?;
    }
    for (product, plans) in company::PLANS {
        for json in *plans {
            control.create_plan(operator, product, &read::<CreatePlan>(json)?).await?;
        }
        if *product != "marketplace" {
            control.publish_product(operator, product).await?;
        }
    }
    Ok(())
}

/// Registers a person once and confirms the address by the mail that was sent.
async fn register(control: &Control, operator: &Operator, name: &str, email: &str) -> Result<(), Failure> {
    let known = control.list_users(operator, &ListQuery { q: Some(email.to_owned()), ..Default::default() }).await?;
    if known.total > 0 {
        return Ok(());
    }
    let form = Register { name: name.to_owned(), email: email.to_owned(), password: PASSWORD.to_owned() };
    control.register(&form, None).await?;
    let mails = control.list_mail(operator, &ListQuery { q: Some(email.to_owned()), ..Default::default() }).await?;
    let token = mails.data.iter().find_map(|mail| mail.text.split("token=").nth(1)?.split_whitespace().next().map(str::to_owned));
    let token = token.ok_or_else(|| Failure(format!("no mail was written to {email}")))?;
    control.verify_email(&UseToken { token }).await?;
    Ok(())
}

async fn actor(control: &Control, email: &str) -> Result<(Actor, String), Failure> {
    let form = CreateToken { email: email.to_owned(), password: PASSWORD.to_owned(), name: "Demonstration".to_owned(), expires_in: None };
    let token = control.create_token(&form, None).await?.token;
    Ok((control.authenticate_token(&token, None).await?, token))
}

async fn people(control: &Control, operator: &Operator, tenant: &Tenant) -> Result<(TenantView, String), Failure> {
    let mut made: Option<(TenantView, String)> = None;
    for person in tenant.people {
        register(control, operator, person.name, person.email).await?;
        match &made {
            None => {
                let (owner, token) = actor(control, person.email).await?;
                let view = control.create_tenant(&owner, &CreateTenant { name: tenant.name.to_owned() }).await?;
                made = Some((view, token));
            }
            Some((view, _)) => {
                let form = AssignMember { email: person.email.to_owned(), role: person.role };
                control.assign_member(operator, view.id, &form).await?;
            }
        }
    }
    made.ok_or_else(|| Failure(format!("{} has no owner", tenant.name)))
}

async fn owner<R: Right>(control: &Control, tenant: &Tenant, view: &TenantView) -> Result<mintreu_control::Permitted<R>, Failure> {
    let email = tenant.people.iter().find(|person| person.role == Role::Owner).map_or("", |person| person.email);
    let (actor, _) = actor(control, email).await?;
    Ok(control.permit::<R>(&actor, view.id).await?)
}

async fn products(control: &Control, tenant: &Tenant, view: &TenantView, lives: &mut Vec<Life>) -> Result<Vec<Access>, Failure> {
    let who = owner::<ManageSubscriptions>(control, tenant, view).await?;
    for (product, plan) in tenant.subscriptions {
        control.subscribe(&who, &Subscribe { product: (*product).to_owned(), plan: (*plan).to_owned() }).await?;
    }
    let who = who.also::<ManageApplications>()?;
    let mut keys = Vec::new();
    for application in tenant.applications {
        let form =
            Provision { product: application.product.to_owned(), name: application.name.to_owned(), config: read(application.config)? };
        let made = control.provision(&who, &form).await?;
        lives.push(Life { application: made.id, key: made.key.id, since: control.clock.now(), daily: application.daily });
        keys.push(Access {
            product: application.product.to_owned(),
            id: made.id.to_string(),
            client_id: made.key.client_id,
            client_secret: made.key.client_secret,
        });
    }
    if tenant.people.len() > 4 {
        let form = mintreu_model::form::tenant::Invite { email: "emil@fjordline.example".to_owned(), role: Role::Developer };
        control.invite(&who.also::<ManageMembers>()?, &form).await?;
    }
    Ok(keys)
}

async fn suspend(control: &Control, operator: &Operator) -> Result<(), Failure> {
    for tenant in company::TENANTS {
        let Some(reason) = tenant.suspended else { continue };
        let found = control.list_any_tenants(operator, &ListQuery { q: Some(tenant.name.to_owned()), ..Default::default() }).await?;
        for row in found.data {
            control.suspend_tenant(operator, row.tenant.id, &SuspendTenant { reason: reason.to_owned() }).await?;
        }
    }
    Ok(())
}
