//! Plans of a product. A change makes a new version; who has a plan keeps theirs.

use axum::{Json, extract::State, http::StatusCode};
use mintreu_control::{Control, store::part};
use mintreu_model::{
    form::catalogue::{CreatePlan, UpdatePlan},
    list::{List, ListQuery},
    view::PlanView,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Answer, Answered,
    extract::{Admin, Listing, Name, Path},
    read::Body,
    refusal::Refusal,
};

pub(crate) fn routes() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(create_plan, list_plans))
        .routes(routes!(get_plan, update_plan))
        .routes(routes!(archive_plan))
        .routes(routes!(list_plan_versions))
}

/// Add a plan to a product
#[utoipa::path(post, path = "/admin/products/{product}/plans", tag = "Admin: plans", request_body = CreatePlan, responses((status = 201, body = PlanView)))]
async fn create_plan(
    State(control): State<Control>,
    Admin(who): Admin,
    Path(Name(product)): Path<Name>,
    Body(form): Body<CreatePlan>,
) -> Answered<PlanView> {
    Ok((StatusCode::CREATED, Json(control.create_plan(&who, &product, &form).await?)))
}

/// Plans of a product in their present versions
#[utoipa::path(get, path = "/admin/products/{product}/plans", tag = "Admin: plans", params(ListQuery), responses((status = 200, body = List<PlanView>)))]
async fn list_plans(
    State(control): State<Control>,
    Admin(who): Admin,
    Path(Name(product)): Path<Name>,
    Listing(query): Listing,
) -> Answer<List<PlanView>> {
    Ok(Json(part(control.get_any_product(&who, &product).await?.plans, &query, |plan| plan.id.to_string())?))
}

/// One plan in its present version
#[utoipa::path(get, path = "/admin/products/{product}/plans/{plan}", tag = "Admin: plans", responses((status = 200, body = PlanView)))]
async fn get_plan(
    State(control): State<Control>,
    Admin(who): Admin,
    Path((Name(product), Name(code))): Path<(Name, Name)>,
) -> Answer<PlanView> {
    let versions = control.list_plan_versions(&who, &product, &code).await?;
    let present = versions.into_iter().max_by_key(|plan| plan.version);
    present.map(Json).ok_or_else(|| Refusal::not_found("plan"))
}

/// Make a new version of a plan
#[utoipa::path(patch, path = "/admin/products/{product}/plans/{plan}", tag = "Admin: plans", request_body = UpdatePlan, responses((status = 200, body = PlanView)))]
async fn update_plan(
    State(control): State<Control>,
    Admin(who): Admin,
    Path((Name(product), Name(code))): Path<(Name, Name)>,
    Body(form): Body<UpdatePlan>,
) -> Answer<PlanView> {
    Ok(Json(control.update_plan(&who, &product, &code, &form).await?))
}

/// Offer a plan no longer; who has it keeps it
#[utoipa::path(post, path = "/admin/products/{product}/plans/{plan}/archive", tag = "Admin: plans", responses((status = 200, body = PlanView)))]
async fn archive_plan(
    State(control): State<Control>,
    Admin(who): Admin,
    Path((Name(product), Name(code))): Path<(Name, Name)>,
) -> Answer<PlanView> {
    Ok(Json(control.archive_plan(&who, &product, &code).await?))
}

/// Versions of a plan
#[utoipa::path(get, path = "/admin/products/{product}/plans/{plan}/versions", tag = "Admin: plans", params(ListQuery), responses((status = 200, body = List<PlanView>)))]
async fn list_plan_versions(
    State(control): State<Control>,
    Admin(who): Admin,
    Path((Name(product), Name(code))): Path<(Name, Name)>,
    Listing(query): Listing,
) -> Answer<List<PlanView>> {
    Ok(Json(part(control.list_plan_versions(&who, &product, &code).await?, &query, |plan| plan.version_id.to_string())?))
}
