//! Services: the HTTP programs behind products.

use mintreu_model::{
    form::{
        Validate,
        catalogue::{CreateService, UpdateService},
    },
    list::{List, ListQuery},
    problem::FieldError,
    view::{ProductView, ServiceView},
};

use super::{address, slug_taken, store, unreserved};
use crate::{Control, Error, Operator, Result, audit::Entry, error::is_referenced, store::Change};

impl Control {
    pub async fn create_service(&self, who: &Operator, form: &CreateService) -> Result<ServiceView> {
        form.validate()?;
        unreserved(&form.slug)?;
        self.check_addresses(&form.base_urls)?;
        let now = self.clock.now();
        let service = ServiceView {
            id: self.id(),
            slug: form.slug.clone(),
            name: form.name.trim().to_owned(),
            base_urls: form.base_urls.iter().map(|url| tidy(url)).collect(),
            routes: form.routes.clone(),
            database: form.database,
            lifecycle: form.lifecycle,
            health_path: form.health_path.clone().filter(|path| !path.is_empty()),
            timeout_ms: form.timeout_ms,
            http2: form.http2,
            upstream: form.upstream,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.db.begin().await?;
        if !store::insert_service(&mut tx, &service).await? {
            return Err(slug_taken("service", &service.slug));
        }
        tx.changed(Change::Catalogue, now).await?;
        self.record(&mut tx, Some(who.actor()), Entry::new("service.create", ("service", service.id, &service.name)).after(&service))
            .await?;
        tx.commit().await?;
        Ok(service)
    }

    pub async fn list_services(&self, _: &Operator, query: &ListQuery) -> Result<List<ServiceView>> {
        store::services(&self.db, query).await
    }

    pub async fn get_service(&self, _: &Operator, slug: &str) -> Result<ServiceView> {
        store::service(&self.db, slug).await?.ok_or(Error::NotFound("service"))
    }

    /// What is not given stays as it was; an empty health path removes it. Takes effect on every
    /// replica of the gateway without a restart.
    pub async fn update_service(&self, who: &Operator, slug: &str, form: &UpdateService) -> Result<ServiceView> {
        form.validate()?;
        self.check_addresses(form.base_urls.as_deref().unwrap_or_default())?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let before = store::lock_service(&mut tx, slug).await?.ok_or(Error::NotFound("service"))?;
        let mut after = ServiceView { updated_at: now, ..before.clone() };
        if let Some(name) = &form.name {
            name.trim().clone_into(&mut after.name);
        }
        if let Some(urls) = &form.base_urls {
            after.base_urls = urls.iter().map(|url| tidy(url)).collect();
        }
        if let Some(routes) = &form.routes {
            after.routes.clone_from(routes);
        }
        if let Some(path) = &form.health_path {
            after.health_path = Some(path.clone()).filter(|path| !path.is_empty());
        }
        after.database = form.database.unwrap_or(before.database);
        after.lifecycle = form.lifecycle.unwrap_or(before.lifecycle);
        after.timeout_ms = form.timeout_ms.unwrap_or(before.timeout_ms);
        after.http2 = form.http2.unwrap_or(before.http2);
        if let Some(change) = &form.upstream {
            after.upstream = before.upstream.changed(change);
        }
        let refused = fixed_by_applications(&before, &after);
        if !refused.is_empty() && store::has_applications(&mut tx, before.id).await? {
            return Err(Error::Invalid(refused));
        }
        store::update_service(&mut tx, &after).await?;
        tx.changed(Change::Catalogue, now).await?;
        let entry = Entry::new("service.update", ("service", after.id, &after.name)).before(&before).after(&after);
        self.record(&mut tx, Some(who.actor()), entry).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Only a service that no product is on can go.
    pub async fn delete_service(&self, who: &Operator, slug: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let service = store::lock_service(&mut tx, slug).await?.ok_or(Error::NotFound("service"))?;
        if let Err(error) = store::delete_service(&mut tx, service.id).await {
            if is_referenced(&error) {
                return Err(Error::conflict(
                    "service_in_use",
                    "Products are on this service. Delete them, or move them to another service, first.",
                ));
            }
            return Err(error);
        }
        tx.changed(Change::Catalogue, self.clock.now()).await?;
        self.record(&mut tx, Some(who.actor()), Entry::new("service.delete", ("service", service.id, &service.name)).before(&service))
            .await?;
        tx.commit().await
    }

    /// Products on the service, in any state, by name; without their plans.
    pub async fn list_service_products(&self, _: &Operator, slug: &str) -> Result<Vec<ProductView>> {
        store::products_of_service(&self.db, slug).await
    }

    fn check_addresses(&self, urls: &[String]) -> Result<()> {
        for (index, url) in urls.iter().enumerate() {
            let field = format!("base_urls[{index}]");
            let Ok(parsed) = url.parse::<reqwest::Url>() else {
                return Err(Error::field(
                    &field,
                    "invalid",
                    format!("{url} cannot be read. Enter a whole address, as in http://127.0.0.1:4001"),
                ));
            };
            if parsed.query().is_some() {
                return Err(Error::field(&field, "invalid", format!("Leave the query out of {url}")));
            }
            let forbidden = address::literal(&parsed).is_some_and(super::is_forbidden_address);
            if forbidden && !self.config.allow_link_local_services {
                let message = format!("{url} is on a link-local or metadata network, where no service may be. Use another address");
                return Err(Error::field(&field, "invalid", message));
            }
        }
        Ok(())
    }
}

/// What changed that must not while the service has applications.
fn fixed_by_applications(before: &ServiceView, after: &ServiceView) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if after.database != before.database {
        errors.push(FieldError::new(
            "database",
            "in_use",
            "Applications of this service exist, each with its database or without. Delete them first",
        ));
    }
    if before.lifecycle && !after.lifecycle {
        let message = "Applications of this service exist, and it would never hear of their end. Delete them first";
        errors.push(FieldError::new("lifecycle", "in_use", message));
    }
    errors
}

/// Without slashes at the end: paths begin with one.
fn tidy(url: &str) -> String {
    url.trim().trim_end_matches('/').to_owned()
}
