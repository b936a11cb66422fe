//! `/admin/products/{slug}/plans/new` and `/admin/products/{slug}/plans/{code}`: a plan, and the
//! versions that it has had.

pub mod form;
pub mod versions;

use leptos::prelude::*;
use mintreu_model::form::page::PlanPage;

use self::{
    form::{PlanForm, fresh},
    versions::Versions,
};
use crate::{
    Error,
    admin::{confirm::Confirm, frame::frame, product::head::up},
    components::prelude::*,
    load::load,
    tenant::frame::param,
};

fn parents(product: &mintreu_model::view::ProductView) -> Vec<Crumb> {
    let mut parents = up(product);
    parents.push(Crumb::new("Plans", format!("/admin/products/{}/plans", product.slug)));
    parents
}

#[component]
pub fn NewPlan() -> impl IntoView {
    let slug = param("slug");
    load(async move {
        let (control, who, frame) = frame().await?;
        let product = control.get_any_product(&who, &slug).await?;
        Ok(view! {
            <AdminShell frame=frame title="New plan" current="products" parents=parents(&product) width=Width::Document>
                <PageHeader title="New plan" lede=format!("Of {}.", product.name) />
                <PlanForm product=slug page=fresh() />
            </AdminShell>
        })
    })
}

#[component]
pub fn EditPlan() -> impl IntoView {
    let (slug, code) = (param("slug"), param("code"));
    load(async move {
        let (control, who, frame) = frame().await?;
        let product = control.get_any_product(&who, &slug).await?;
        let plan = product.plans.iter().find(|plan| plan.code == code).cloned().ok_or_else(Error::not_found)?;
        let versions = control.list_plan_versions(&who, &slug, &code).await?;
        let base = format!("/admin/products/{slug}/plans/{code}");
        let archive = (!plan.archived).then(|| view! { <LinkButton href=format!("{base}/archive") label="Archive…" /> });
        let badge = view! { <Tag label=format!("Version {}", plan.version) /> };
        let form = if plan.archived {
            view! { <Banner>"This plan is archived: nobody new can choose it, and it changes no more. Those who have it keep it."</Banner> }
                .into_any()
        } else {
            view! { <PlanForm product=slug page=PlanPage::of(&plan) next=plan.version + 1 /> }.into_any()
        };
        Ok(view! {
            <AdminShell frame=frame title=plan.name.clone() current="products" parents=parents(&product) width=Width::Document>
                <PageHeader title=plan.name.clone() lede=view! { <code>{code}</code> } badge=badge actions=archive />
                {form}
                <Versions versions=versions />
            </AdminShell>
        })
    })
}

#[component]
pub fn ArchivePlan() -> impl IntoView {
    let (slug, code) = (param("slug"), param("code"));
    load(async move {
        let (control, who, frame) = frame().await?;
        let product = control.get_any_product(&who, &slug).await?;
        let plan = product.plans.iter().find(|plan| plan.code == code).cloned().ok_or_else(Error::not_found)?;
        let back = format!("/admin/products/{slug}/plans/{code}");
        Ok(view! {
            <Confirm frame=frame title=format!("Archive the plan {}?", plan.name) current="products" parents=parents(&product)
                action="/_fn/plan/archive" confirm=(!plan.archived).then_some("Archive plan") back=back>
                <Hidden name="product" value=slug />
                <Hidden name="code" value=code />
                <p>"Nobody new can choose it. Those who have it keep it, with its price and limits. This cannot be undone."</p>
            </Confirm>
        })
    })
}
