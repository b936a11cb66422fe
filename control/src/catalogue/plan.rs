//! Plans and their versions.

use mintreu_model::{
    form::{
        Validate,
        catalogue::{CreatePlan, UpdatePlan},
    },
    status::ProductStatus,
    view::{PlanView, ProductView},
};

use super::{store, unreserved};
use crate::{
    Control, Error, Operator, Result,
    audit::Entry,
    store::{Change, Tx},
};

impl Control {
    /// Adds a plan at the end of the product's list.
    pub async fn create_plan(&self, who: &Operator, product: &str, form: &CreatePlan) -> Result<PlanView> {
        form.validate()?;
        unreserved(&form.code).map_err(|_| Error::field("code", "invalid", format!("{} is kept for pages of the platform", form.code)))?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let product = store::lock_product(&mut tx, product).await?.ok_or(Error::NotFound("product"))?;
        let plan = view(self, form, 1);
        if !store::insert_plan(&mut tx, product.id, &plan, now).await? {
            return Err(Error::conflict("code_taken", format!("{} has a plan {} already. Choose another code.", product.name, plan.code)));
        }
        store::insert_version(&mut tx, &plan, now).await?;
        self.plan_saved(tx, who, "plan.create", &product, None, plan).await
    }

    /// Makes a new version for new subscribers; those who have the plan keep theirs.
    pub async fn update_plan(&self, who: &Operator, product: &str, code: &str, form: &UpdatePlan) -> Result<PlanView> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let product = store::lock_product(&mut tx, product).await?.ok_or(Error::NotFound("product"))?;
        let before = find(&product, code)?;
        if before.archived {
            return Err(Error::conflict("plan_archived", "The plan is archived and changes no more."));
        }
        let merged = merge(before, form);
        merged.validate()?;
        let after = PlanView { id: before.id, ..view(self, &merged, before.version + 1) };
        if (PlanView { version: before.version, version_id: before.version_id, ..after.clone() }) == *before {
            return Ok(before.clone());
        }
        let changed = store::insert_version(&mut tx, &after, now).await? && store::move_version(&mut tx, &after, before.version).await?;
        if !changed {
            return Err(Error::conflict("plan_changed", "Somebody changed the plan just now. Look at it and try again."));
        }
        self.plan_saved(tx, who, "plan.update", &product, Some(before), after).await
    }

    /// Takes the plan off the list; those who have it keep it.
    pub async fn archive_plan(&self, who: &Operator, product: &str, code: &str) -> Result<PlanView> {
        let mut tx = self.db.begin().await?;
        let product = store::lock_product(&mut tx, product).await?.ok_or(Error::NotFound("product"))?;
        let before = find(&product, code)?;
        if before.archived {
            return Err(Error::conflict("plan_archived", "The plan is archived already."));
        }
        let others = product.plans.iter().any(|plan| plan.id != before.id && !plan.archived);
        if !others && product.status == ProductStatus::Published {
            return Err(Error::conflict("last_plan", "A published product needs a plan. Add another first, or archive the product."));
        }
        store::archive_plan(&mut tx, before.id, self.clock.now()).await?;
        let after = PlanView { archived: true, ..before.clone() };
        self.plan_saved(tx, who, "plan.archive", &product, Some(before), after).await
    }

    /// All versions, newest first.
    pub async fn list_plan_versions(&self, _: &Operator, product: &str, code: &str) -> Result<Vec<PlanView>> {
        let versions = store::versions(&self.db, product, code).await?;
        if versions.is_empty() { Err(Error::NotFound("plan")) } else { Ok(versions) }
    }

    async fn plan_saved(
        &self,
        mut tx: Tx,
        who: &Operator,
        action: &str,
        product: &ProductView,
        before: Option<&PlanView>,
        after: PlanView,
    ) -> Result<PlanView> {
        tx.changed(Change::Catalogue, self.clock.now()).await?;
        let name = format!("{} / {}", product.name, after.name);
        let mut entry = Entry::new(action, ("plan", after.id, &name)).after(&after);
        if let Some(before) = before {
            entry = entry.before(before);
        }
        self.record(&mut tx, Some(who.actor()), entry).await?;
        tx.commit().await?;
        Ok(after)
    }
}

fn find<'a>(product: &'a ProductView, code: &str) -> Result<&'a PlanView> {
    product.plans.iter().find(|plan| plan.code == code).ok_or(Error::NotFound("plan"))
}

fn view(control: &Control, form: &CreatePlan, version: i64) -> PlanView {
    PlanView {
        id: control.id(),
        code: form.code.clone(),
        name: form.name.trim().to_owned(),
        version,
        version_id: control.id(),
        interval: form.interval,
        price: form.price,
        trial_days: form.trial_days,
        included_requests: form.included_requests,
        overage_price_per_1000: form.overage_price_per_1000,
        rate_per_second: form.rate_per_second,
        burst: form.burst,
        max_applications: form.max_applications,
        max_request_bytes: form.max_request_bytes,
        max_response_bytes: form.max_response_bytes,
        features: form.features.iter().map(|line| line.trim().to_owned()).collect(),
        archived: false,
    }
}

/// The whole plan that a change asks for.
fn merge(before: &PlanView, form: &UpdatePlan) -> CreatePlan {
    CreatePlan {
        code: before.code.clone(),
        name: form.name.clone().unwrap_or_else(|| before.name.clone()),
        interval: form.interval.unwrap_or(before.interval),
        price: form.price.unwrap_or(before.price),
        trial_days: form.trial_days.unwrap_or(before.trial_days),
        included_requests: form.included_requests.unwrap_or(before.included_requests),
        overage_price_per_1000: form.overage_price_per_1000.unwrap_or(before.overage_price_per_1000),
        rate_per_second: form.rate_per_second.unwrap_or(before.rate_per_second),
        burst: form.burst.unwrap_or(before.burst),
        max_applications: form.max_applications.unwrap_or(before.max_applications),
        max_request_bytes: form.max_request_bytes.unwrap_or(before.max_request_bytes),
        max_response_bytes: form.max_response_bytes.unwrap_or(before.max_response_bytes),
        features: form.features.clone().unwrap_or_else(|| before.features.clone()),
    }
}
