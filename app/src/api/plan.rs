//! Forms about plans. `product` is the slug.

use leptos::prelude::*;
use mintreu_model::{form::page::PlanPage, problem::Problem};
use serde::{Deserialize, Serialize};

use crate::{
    Done, Error,
    context::{control, operator},
};

/// Adds a plan.
#[server(prefix = "/_fn", endpoint = "plan/create")]
pub async fn create_plan(product: String, form: PlanPage) -> Result<Done, Error> {
    let who = operator()?;
    let made = control()?.create_plan(&who, &product, &form.create().map_err(Problem::fields)?).await?;
    Ok(Done::to(format!("/admin/products/{product}/plans")).saying(format!("The plan {} is there.", made.name)))
}

/// Makes a new version of a plan.
#[server(prefix = "/_fn", endpoint = "plan/update")]
pub async fn update_plan(product: String, form: PlanPage) -> Result<Done, Error> {
    let (who, control) = (operator()?, control()?);
    let code = form.code.clone();
    let wanted = form.update().map_err(Problem::fields)?;
    let before = control.list_plan_versions(&who, &product, &code).await?.first().map_or(0, |plan| plan.version);
    let plan = control.update_plan(&who, &product, &code, &wanted).await?;
    let message = if plan.version == before {
        "Nothing was changed: the plan is as it was.".to_owned()
    } else {
        format!("Version {} of {} holds for new subscribers.", plan.version, plan.name)
    };
    Ok(Done::to(format!("/admin/products/{product}/plans/{code}")).saying(message))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SamePlan {
    product: String,
    code: String,
}

/// Offers a plan no longer.
#[server(prefix = "/_fn", endpoint = "plan/archive")]
pub async fn archive_plan(form: SamePlan) -> Result<Done, Error> {
    let who = operator()?;
    let plan = control()?.archive_plan(&who, &form.product, &form.code).await?;
    Ok(Done::to(format!("/admin/products/{}/plans", form.product)).saying(format!("{} is no longer offered.", plan.name)))
}
