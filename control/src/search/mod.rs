//! What somebody may find by typing a part of its name: their tenants and what is in them; for super
//! admins everything that has a name. A few of each kind, by name.

mod store;

use mintreu_model::{
    id::{ApiKeyId, SubscriptionId, TenantId},
    list::{List, ListQuery},
    status::{ApplicationStatus, SubscriptionStatus},
    view::{ApplicationView, ProductView, ServiceView, TenantRow, UserView},
};
use sqlx::FromRow;

use crate::{Actor, Control, Result, access::ViewTenant};

/// Of each kind at most.
pub const MOST: u32 = 8;

/// Some of what fits.
#[derive(Debug, Clone)]
pub struct Few<T> {
    pub data: Vec<T>,
    /// There are others.
    pub more: bool,
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self { data: Vec::new(), more: false }
    }
}

impl<T> From<List<T>> for Few<T> {
    fn from(list: List<T>) -> Self {
        Self { more: list.total > i64::try_from(list.data.len()).unwrap_or(i64::MAX), data: list.data }
    }
}

impl<T> From<Vec<T>> for Few<T> {
    /// From one more than is shown.
    fn from(mut data: Vec<T>) -> Self {
        let most = usize::try_from(MOST).unwrap_or(usize::MAX);
        let more = data.len() > most;
        data.truncate(most);
        Self { data, more }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct FoundTenant {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct FoundApplication {
    pub tenant_slug: String,
    pub tenant_name: String,
    pub slug: String,
    pub name: String,
    pub product_name: String,
    #[sqlx(try_from = "String")]
    pub status: ApplicationStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct FoundKey {
    pub id: ApiKeyId,
    pub tenant_slug: String,
    pub application_slug: String,
    pub application_name: String,
    pub name: String,
    pub client_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct FoundSubscription {
    pub id: SubscriptionId,
    pub tenant_slug: String,
    pub tenant_name: String,
    pub product_name: String,
    pub plan_name: String,
    #[sqlx(try_from = "String")]
    pub status: SubscriptionStatus,
}

/// A product that is offered.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct FoundProduct {
    pub slug: String,
    pub name: String,
    pub summary: String,
}

/// What a person finds in their tenants and the catalogue.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Only where no tenant was named.
    pub tenants: Few<FoundTenant>,
    pub applications: Few<FoundApplication>,
    pub keys: Few<FoundKey>,
    pub subscriptions: Few<FoundSubscription>,
    pub products: Few<FoundProduct>,
    /// For super admins.
    pub platform: Option<FoundAnywhere>,
}

/// What a super admin finds besides.
#[derive(Debug, Clone, Default)]
pub struct FoundAnywhere {
    pub tenants: Few<TenantRow>,
    pub users: Few<UserView>,
    pub applications: Few<ApplicationView>,
    pub products: Few<ProductView>,
    pub services: Few<ServiceView>,
}

impl Control {
    /// What the actor finds in the tenant of that slug, or in all of their tenants. To somebody
    /// else the tenant does not exist: 404.
    pub async fn search(&self, actor: &Actor, tenant: Option<&str>, text: &str) -> Result<Found> {
        let within = match tenant {
            Some(slug) => Some(self.permit_by_slug::<ViewTenant>(actor, slug).await?.tenant_id()),
            None => None,
        };
        let query = ListQuery { q: Some(text.to_owned()), limit: Some(MOST), ..ListQuery::default() };
        let Some(pattern) = query.pattern() else { return Ok(Found::default()) };
        let scope = store::Scope { user: actor.user_id, tenant: within, pattern: &pattern };
        let mut found = Found {
            tenants: Few::default(),
            applications: store::applications(&self.db, &scope).await?.into(),
            keys: store::keys(&self.db, &scope).await?.into(),
            subscriptions: store::subscriptions(&self.db, &scope).await?.into(),
            products: store::products(&self.db, &scope).await?.into(),
            platform: None,
        };
        if within.is_none() {
            found.tenants = store::tenants(&self.db, &scope).await?.into();
        }
        if let Ok(who) = self.operate(actor) {
            found.platform = Some(FoundAnywhere {
                tenants: self.list_any_tenants(&who, &query).await?.into(),
                users: self.list_users(&who, &query).await?.into(),
                applications: self.list_any_applications(&who, &query).await?.into(),
                products: self.list_any_products(&who, &query).await?.into(),
                services: self.list_services(&who, &query).await?.into(),
            });
        }
        Ok(found)
    }
}
