//! Forms about products.

use leptos::prelude::*;
use mintreu_model::{form::page::ProductPage, problem::Problem};
use serde::{Deserialize, Serialize};

use crate::{
    Done, Error,
    context::{control, operator},
};

fn address(slug: &str, tab: &str) -> String {
    format!("/admin/products/{slug}{tab}")
}

/// Makes a draft.
#[server(prefix = "/_fn", endpoint = "product/create")]
pub async fn create_product(form: ProductPage) -> Result<Done, Error> {
    let who = operator()?;
    let made = control()?.create_product(&who, &form.create().map_err(Problem::fields)?).await?;
    Ok(Done::to(address(&made.slug, "/plans")).saying(format!("{} is a draft now. Next: a plan.", made.name)))
}

/// Changes a product.
#[server(prefix = "/_fn", endpoint = "product/update")]
pub async fn update_product(form: ProductPage) -> Result<Done, Error> {
    let who = operator()?;
    let slug = form.slug.clone();
    let changed = control()?.update_product(&who, &slug, &form.update().map_err(Problem::fields)?).await?;
    Ok(Done::to(address(&slug, "")).saying(format!("{} is saved.", changed.name)))
}

/// Shows what was typed as tenants would see it; saves nothing. `to` is the page of the form.
#[server(prefix = "/_fn", endpoint = "product/preview")]
pub async fn preview_product(form: ProductPage, to: String) -> Result<Done, Error> {
    let who = operator()?;
    if to != address("new", "") {
        let slug = to.strip_prefix("/admin/products/").ok_or_else(Error::not_found)?;
        control()?.get_any_product(&who, slug).await?;
    }
    let draft = [
        ("slug", form.slug),
        ("name", form.name),
        ("service", form.service),
        ("summary", form.summary),
        ("description", form.description),
        ("config_schema", form.config_schema),
    ];
    let draft = draft.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(Done::to(format!("{to}#preview-h")).showing(draft))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SameProduct {
    slug: String,
}

/// Puts a product into the catalogue.
#[server(prefix = "/_fn", endpoint = "product/publish")]
pub async fn publish_product(form: SameProduct) -> Result<Done, Error> {
    let who = operator()?;
    let product = control()?.publish_product(&who, &form.slug).await?;
    Ok(Done::to(address(&form.slug, "")).saying(format!("{} is in the catalogue.", product.name)))
}

/// Takes a product out of the catalogue.
#[server(prefix = "/_fn", endpoint = "product/archive")]
pub async fn archive_product(form: SameProduct) -> Result<Done, Error> {
    let who = operator()?;
    let product = control()?.archive_product(&who, &form.slug).await?;
    Ok(Done::to(address(&form.slug, "")).saying(format!("{} is archived. Those who have it keep it.", product.name)))
}

/// Deletes a draft.
#[server(prefix = "/_fn", endpoint = "product/delete")]
pub async fn delete_product(form: SameProduct) -> Result<Done, Error> {
    let who = operator()?;
    control()?.delete_product(&who, &form.slug).await?;
    Ok(Done::to("/admin/products").saying("The draft is deleted."))
}
