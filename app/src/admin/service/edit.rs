//! `/admin/services/new`, `/admin/services/{slug}` and the question before a deletion.

use leptos::prelude::*;
use mintreu_model::{form::page::ServicePage, view::ProductView};

use super::{
    form::{ServiceForm, fresh},
    health::{HealthBadge, HealthTable},
};
use crate::{
    admin::{confirm::Confirm, frame::frame},
    components::prelude::*,
    load::load,
    tenant::frame::param,
};

fn up() -> Vec<Crumb> {
    vec![Crumb::new("Services", "/admin/services")]
}

#[component]
pub fn NewService() -> impl IntoView {
    load(async move {
        let (_, _, frame) = frame().await?;
        Ok(view! {
            <AdminShell frame=frame title="New service" current="services" parents=up() width=Width::Document>
                <PageHeader title="New service" lede="Next: a product on it, with plans." />
                <ServiceForm page=fresh() new=true />
            </AdminShell>
        })
    })
}

#[component]
pub fn EditService() -> impl IntoView {
    let slug = param("slug");
    load(async move {
        let (control, who, frame) = frame().await?;
        let service = control.get_service(&who, &slug).await?;
        let products = control.list_service_products(&who, &slug).await?;
        let asked = Query::current().get("check").is_some();
        let health = if asked { control.check_service(&who, &slug).await? } else { control.service_health(&who, &slug).await? };
        let now = control.clock.system_now();
        let note = match &service.health_path {
            Some(path) => format!("Asked at {path} again and again, and learned from calls"),
            None => "Learned from calls: there is no health path".to_owned(),
        };
        let badge = view! { <HealthBadge found=health.clone() /> };
        let again = view! { <LinkButton href="?check=now#health-h" label="Check now" small=true look=Look::Quiet icon="refresh" /> };
        let product = view! { <LinkButton href=format!("/admin/products/new?service={slug}") label="New product on it" /> };
        Ok(view! {
            <AdminShell frame=frame title=service.name.clone() current="services" parents=up() width=Width::Document>
                <PageHeader title=service.name.clone() badge=badge actions=product lede=view! { <code>{slug.clone()}</code> } />
                <Card title="Health" note=note action=again flush=true><HealthTable found=health now=now /></Card>
                <Users products=products.clone() />
                <ServiceForm page=ServicePage::of(&service) />
                <Removal slug=slug name=service.name used={!products.is_empty()} />
            </AdminShell>
        })
    })
}

/// Products on the service.
#[component]
fn Users(products: Vec<ProductView>) -> impl IntoView {
    if products.is_empty() {
        return view! { <Card title="Products on it"><p class="muted">"None yet, so nobody can subscribe to it."</p></Card> }.into_any();
    }
    let rows = products
        .into_iter()
        .map(|product| {
            Row::new(cells![
                view! { <a href=format!("/admin/products/{}", product.slug)>{product.name}</a><span class="sub mono">{product.slug}</span> },
                view! { <Status name=product.status.as_str() /> },
                product.summary,
            ])
        })
        .collect();
    view! {
        <Card title="Products on it" flush=true>
            <Table caption="Products on this service" columns=vec![Column::new("Product"), Column::new("Status"), Column::new("Summary")] rows=rows dense=true />
        </Card>
    }
    .into_any()
}

#[component]
fn Removal(slug: String, name: String, used: bool) -> impl IntoView {
    if used {
        return ().into_any();
    }
    let page = format!("/admin/services/{slug}/delete");
    view! {
        <Card title="Delete">
            <p class="muted">"No product is on this service, so it can go."</p>
            <div class="row">
                <LinkButton href=page label="Delete service…" look=Look::Danger dialog="delete-service" />
            </div>
        </Card>
        <Dialog id="delete-service" title=format!("Delete {name}?") action="/_fn/service/delete" confirm="Delete service" danger=true>
            <Hidden name="slug" value=slug />
            <p>{CONSEQUENCE}</p>
        </Dialog>
    }
    .into_any()
}

const CONSEQUENCE: &str = "Its addresses and routes are forgotten. The program itself is not touched.";

#[component]
pub fn DeleteService() -> impl IntoView {
    let slug = param("slug");
    load(async move {
        let (control, who, frame) = frame().await?;
        let service = control.get_service(&who, &slug).await?;
        let used = !control.list_service_products(&who, &slug).await?.is_empty();
        let page = format!("/admin/services/{slug}");
        let parents = [up(), vec![Crumb::new(service.name.clone(), page.clone())]].concat();
        let text = if used { "Products are on this service. Delete them, or move them to another service, first." } else { CONSEQUENCE };
        Ok(view! {
            <Confirm frame=frame title=format!("Delete {}?", service.name) current="services" parents=parents action="/_fn/service/delete"
                confirm=(!used).then_some("Delete service") back=page>
                <Hidden name="slug" value=slug />
                <p>{text}</p>
            </Confirm>
        })
    })
}
