//! Forms about services.

use leptos::prelude::*;
use mintreu_model::{
    form::page::ServicePage,
    problem::{FieldError, Problem},
};
use serde::{Deserialize, Serialize};

use crate::{
    Done, Error,
    context::{control, operator},
};

/// Lists are typed into one field each, so what is wrong with an entry is told there.
fn at_the_fields(error: mintreu_control::Error) -> Error {
    let mut error = Error::from(error);
    for wrong in &mut error.0.errors {
        let Some((field, index)) = wrong.field.split_once('[') else { continue };
        let number = index.trim_end_matches(']').parse::<usize>().map_or(0, |index| index + 1);
        *wrong = FieldError::new(field, &wrong.code, format!("Line {number}: {}", wrong.message));
    }
    error
}

/// Registers a service.
#[server(prefix = "/_fn", endpoint = "service/create")]
pub async fn create_service(form: ServicePage) -> Result<Done, Error> {
    let who = operator()?;
    let made = control()?.create_service(&who, &form.create().map_err(Problem::fields)?).await.map_err(at_the_fields)?;
    Ok(Done::to(format!("/admin/services/{}", made.slug)).saying(format!("{} is registered. Next: a product on it.", made.name)))
}

/// Changes a service.
#[server(prefix = "/_fn", endpoint = "service/update")]
pub async fn update_service(form: ServicePage) -> Result<Done, Error> {
    let who = operator()?;
    let slug = form.slug.clone();
    let changed = control()?.update_service(&who, &slug, &form.update().map_err(Problem::fields)?).await.map_err(at_the_fields)?;
    Ok(Done::to(format!("/admin/services/{slug}")).saying(format!("{} is saved.", changed.name)))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SameService {
    slug: String,
}

/// Deletes a service that no product is on.
#[server(prefix = "/_fn", endpoint = "service/delete")]
pub async fn delete_service(form: SameService) -> Result<Done, Error> {
    let who = operator()?;
    control()?.delete_service(&who, &form.slug).await?;
    Ok(Done::to("/admin/services").saying("The service is deleted."))
}
