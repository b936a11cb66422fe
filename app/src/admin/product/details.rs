//! `/admin/products/new`, `/admin/products/{slug}` and the question before a draft is deleted.

use leptos::prelude::*;
use mintreu_control::{Control, Operator};
use mintreu_model::{form::page::ProductPage, list::ListQuery, status::ProductStatus, view::ServiceView};

use super::{
    form::ProductForm,
    head::{ProductHead, up},
    preview::{Preview, draft},
};
use crate::{
    Error,
    admin::{confirm::Confirm, frame::frame},
    components::prelude::*,
    load::load,
    tenant::frame::param,
};

async fn services(control: &Control, who: &Operator) -> Result<Vec<ServiceView>, Error> {
    Ok(control.list_services(who, &ListQuery { limit: Some(100), ..ListQuery::default() }).await?.data)
}

#[component]
pub fn NewProduct() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let services = services(&control, &who).await?;
        let service = Query::current().get("service").unwrap_or_default().to_owned();
        let fresh = ProductPage {
            slug: String::new(),
            name: String::new(),
            service,
            summary: String::new(),
            description: String::new(),
            config_schema: String::new(),
            cache_responses: false,
        };
        let (page, unsaved) = draft(fresh, "/_fn/product/create");
        let body = if services.is_empty() {
            let actions = view! { <LinkButton href="/admin/services/new" label="New service" look=Look::Primary /> };
            view! {
                <EmptyState card=true icon="server" title="A product needs a service" actions=actions>
                    "Register the program that answers its calls first."
                </EmptyState>
            }
            .into_any()
        } else {
            view! {
                <div class="cols cols-main"><ProductForm page=page.clone() services=services new=true /><Preview page=page unsaved=unsaved /></div>
            }
            .into_any()
        };
        let parents = vec![Crumb::new("Products", "/admin/products")];
        Ok(view! {
            <AdminShell frame=frame title="New product" current="products" parents=parents>
                <PageHeader title="New product" lede="It stays a draft until you publish it. Next: plans." />
                {body}
            </AdminShell>
        })
    })
}

#[component]
pub fn EditProduct() -> impl IntoView {
    let slug = param("slug");
    load(async move {
        let (control, who, frame) = frame().await?;
        let product = control.get_any_product(&who, &slug).await?;
        let services = services(&control, &who).await?;
        let (page, unsaved) = draft(ProductPage::of(&product), "/_fn/product/update");
        let note = unsaved.then(|| view! { <Banner>"This is a preview. Nothing is saved yet."</Banner> });
        let parents = vec![Crumb::new("Products", "/admin/products")];
        Ok(view! {
            <AdminShell frame=frame title=product.name.clone() current="products" parents=parents>
                <ProductHead product=product tab="details" />
                {note}
                <div class="cols cols-main"><ProductForm page=page.clone() services=services /><Preview page=page unsaved=unsaved /></div>
            </AdminShell>
        })
    })
}

#[component]
pub fn DeleteProduct() -> impl IntoView {
    let slug = param("slug");
    load(async move {
        let (control, who, frame) = frame().await?;
        let product = control.get_any_product(&who, &slug).await?;
        let draft = product.status == ProductStatus::Draft;
        let text = if draft {
            "The draft and its plans are removed. Nobody has seen it."
        } else {
            "Only a draft can be deleted. Archive the product instead: those who have it keep it."
        };
        Ok(view! {
            <Confirm frame=frame title=format!("Delete {}?", product.name) current="products" parents=up(&product) action="/_fn/product/delete"
                confirm=draft.then_some("Delete draft") back=format!("/admin/products/{slug}")>
                <Hidden name="slug" value=slug />
                <p>{text}</p>
            </Confirm>
        })
    })
}
