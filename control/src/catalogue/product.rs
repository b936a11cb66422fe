//! Products: what is sold, from draft to published to archived.

use mintreu_model::{
    form::{
        Validate,
        catalogue::{CreateProduct, UpdateProduct},
    },
    id::ServiceId,
    list::{List, ListQuery},
    status::{ProductKind, ProductStatus},
    view::ProductView,
};
use serde_json::Value;

use super::{schema, slug_taken, store, unreserved};
use crate::{
    Control, Error, Operator, Permitted, Result,
    access::ViewTenant,
    audit::Entry,
    error::is_referenced,
    store::{Change, Tx},
};

impl Control {
    /// The published catalogue by name, for everybody.
    pub async fn list_products(&self) -> Result<Vec<ProductView>> {
        store::published(&self.db).await
    }

    /// A published product, for everybody.
    pub async fn get_product(&self, slug: &str) -> Result<ProductView> {
        let product = store::product(&self.db, slug).await?.filter(|product| product.status == ProductStatus::Published);
        let mut product = product.ok_or(Error::NotFound("product"))?;
        product.plans.retain(|plan| !plan.archived);
        Ok(product)
    }

    /// A product as a tenant sees it: published, or one that it is or was subscribed to. With
    /// archived plans only where it is no longer published.
    pub async fn get_own_product(&self, who: &Permitted<ViewTenant>, slug: &str) -> Result<ProductView> {
        match self.get_product(slug).await {
            Err(Error::NotFound(_)) if store::is_subscribed(&self.db, who.tenant_id(), slug).await? => {
                store::product(&self.db, slug).await?.ok_or(Error::NotFound("product"))
            }
            found => found,
        }
    }

    pub async fn create_product(&self, who: &Operator, form: &CreateProduct) -> Result<ProductView> {
        form.validate()?;
        unreserved(&form.slug)?;
        let config_schema = form.config_schema.clone().filter(is_given);
        config_schema.as_ref().map(schema::check).transpose()?;
        let now = self.clock.now();
        let mut product = ProductView {
            id: self.id(),
            slug: form.slug.clone(),
            name: form.name.trim().to_owned(),
            kind: form.kind,
            service: None,
            summary: form.summary.trim().to_owned(),
            description: form.description.clone(),
            config_schema,
            cache_responses: form.cache_responses,
            status: ProductStatus::Draft,
            published_at: None,
            created_at: now,
            updated_at: now,
            plans: Vec::new(),
        };
        let mut tx = self.db.begin().await?;
        let service = backing(&mut tx, &mut product, form.service.as_deref()).await?;
        if !store::insert_product(&mut tx, &product, service).await? {
            return Err(slug_taken("product", &product.slug));
        }
        self.record(&mut tx, Some(who.actor()), Entry::new("product.create", ("product", product.id, &product.name)).after(&product))
            .await?;
        tx.commit().await?;
        Ok(product)
    }

    /// Products in any state.
    pub async fn list_any_products(&self, _: &Operator, query: &ListQuery) -> Result<List<ProductView>> {
        store::products(&self.db, query).await
    }

    /// A product in any state, with its archived plans.
    pub async fn get_any_product(&self, _: &Operator, slug: &str) -> Result<ProductView> {
        store::product(&self.db, slug).await?.ok_or(Error::NotFound("product"))
    }

    /// What is not given stays as it was; a schema of `{}` removes it.
    pub async fn update_product(&self, who: &Operator, slug: &str, form: &UpdateProduct) -> Result<ProductView> {
        form.validate()?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let before = store::lock_product(&mut tx, slug).await?.ok_or(Error::NotFound("product"))?;
        let mut after = ProductView { updated_at: now, ..before.clone() };
        if let Some(name) = &form.name {
            name.trim().clone_into(&mut after.name);
        }
        if let Some(summary) = &form.summary {
            summary.trim().clone_into(&mut after.summary);
        }
        if let Some(description) = &form.description {
            after.description.clone_from(description);
        }
        if let Some(config_schema) = &form.config_schema {
            after.config_schema = Some(config_schema.clone()).filter(is_given);
            after.config_schema.as_ref().map(schema::check).transpose()?;
        }
        after.cache_responses = form.cache_responses.unwrap_or(before.cache_responses);
        let wanted = form.service.as_deref().or(before.service.as_deref());
        let service = backing(&mut tx, &mut after, wanted).await?;
        if after.service != before.service && store::product_has_applications(&mut tx, before.id).await? {
            return Err(Error::conflict("product_in_use", "Applications of this product exist, so it stays on its service."));
        }
        store::update_product(&mut tx, &after, service).await?;
        self.product_saved(tx, who, "product.update", &before, after).await
    }

    /// Only a draft can go: what was ever published may have been sold.
    pub async fn delete_product(&self, who: &Operator, slug: &str) -> Result<()> {
        let refused = || Error::conflict("product_not_draft", "Only a draft can be deleted. Archive the product instead.");
        let mut tx = self.db.begin().await?;
        let product = store::lock_product(&mut tx, slug).await?.ok_or(Error::NotFound("product"))?;
        if product.status != ProductStatus::Draft {
            return Err(refused());
        }
        store::delete_product(&mut tx, product.id).await.map_err(|error| if is_referenced(&error) { refused() } else { error })?;
        self.record(&mut tx, Some(who.actor()), Entry::new("product.delete", ("product", product.id, &product.name)).before(&product))
            .await?;
        tx.commit().await
    }

    /// Puts a draft or an archived product into the catalogue.
    pub async fn publish_product(&self, who: &Operator, slug: &str) -> Result<ProductView> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let before = store::lock_product(&mut tx, slug).await?.ok_or(Error::NotFound("product"))?;
        let mut missing = Vec::new();
        if before.kind == ProductKind::Api && before.service.is_none() {
            missing.push("a service");
        }
        if before.plans.iter().all(|plan| plan.archived) {
            missing.push("a plan");
        }
        if !missing.is_empty() {
            return Err(Error::conflict("not_publishable", format!("The product still needs {}.", missing.join(" and "))));
        }
        if !store::set_product_status(&mut tx, before.id, &[ProductStatus::Draft, ProductStatus::Archived], ProductStatus::Published, now)
            .await?
        {
            return Err(Error::conflict("product_published", "The product is published already."));
        }
        let published_at = before.published_at.or(Some(now));
        let after = ProductView { status: ProductStatus::Published, published_at, updated_at: now, ..before.clone() };
        self.product_saved(tx, who, "product.publish", &before, after).await
    }

    /// Takes a product out of the catalogue; those who have it keep it.
    pub async fn archive_product(&self, who: &Operator, slug: &str) -> Result<ProductView> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let before = store::lock_product(&mut tx, slug).await?.ok_or(Error::NotFound("product"))?;
        if !store::set_product_status(&mut tx, before.id, &[ProductStatus::Published], ProductStatus::Archived, now).await? {
            return Err(Error::conflict(
                "product_not_published",
                format!("The product is {}: only a published one can be archived.", before.status),
            ));
        }
        let after = ProductView { status: ProductStatus::Archived, updated_at: now, ..before.clone() };
        self.product_saved(tx, who, "product.archive", &before, after).await
    }

    async fn product_saved(
        &self,
        mut tx: Tx,
        who: &Operator,
        action: &str,
        before: &ProductView,
        after: ProductView,
    ) -> Result<ProductView> {
        tx.changed(Change::Catalogue, after.updated_at).await?;
        let entry = Entry::new(action, ("product", after.id, &after.name)).before(before).after(&after);
        self.record(&mut tx, Some(who.actor()), entry).await?;
        tx.commit().await?;
        Ok(after)
    }
}

/// `{}` and `null` mean no schema.
fn is_given(schema: &Value) -> bool {
    !schema.is_null() && schema.as_object().is_none_or(|object| !object.is_empty())
}

/// Finds the service by its slug and notes it in the view.
async fn backing(tx: &mut Tx, product: &mut ProductView, slug: Option<&str>) -> Result<Option<ServiceId>> {
    let Some(slug) = slug else { return Ok(None) };
    let id = store::service_id(tx, slug)
        .await?
        .ok_or_else(|| Error::field("service", "unknown", format!("There is no service called {slug}")))?;
    product.service = Some(slug.to_owned());
    Ok(Some(id))
}
