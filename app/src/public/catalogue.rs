//! `/catalog`: everything that is sold. `?q=` narrows it.

use leptos::prelude::*;
use mintreu_model::view::ProductView;

use super::product_card::ProductCard;
use crate::{
    components::{icon::Icon, prelude::*},
    context::control,
    load::load,
};

#[component]
pub fn Catalogue() -> impl IntoView {
    load(async move {
        let query = Query::current();
        let wanted = query.get("q").unwrap_or_default().trim().to_owned();
        let products = control()?.list_products().await?;
        let total = products.len();
        let found: Vec<ProductView> = products.into_iter().filter(|product| fits(product, &wanted)).collect();
        let count = if found.len() == 1 { "1 matches".to_owned() } else { format!("{} match", found.len()) };
        let chips = (!wanted.is_empty()).then(|| view! { <Chips active=vec![("q".to_owned(), format!("“{wanted}”"))] count=count /> });
        let body = if total == 0 {
            view! { <EmptyState card=true icon="grid" title="Nothing is sold yet">"Products appear here as soon as they are published."</EmptyState> }.into_any()
        } else if found.is_empty() {
            let wanted = wanted.clone();
            view! {
                <EmptyState card=true icon="search" title="No products match"
                    actions=view! { <LinkButton href="/catalog" label="Clear the filter" /> }>
                    "Nothing has “"{wanted}"” in its name or description."
                </EmptyState>
            }
            .into_any()
        } else {
            view! { <ul class="cards">{found.into_iter().map(|product| view! { <ProductCard product=product /> }).collect_view()}</ul> }
                .into_any()
        };
        Ok(view! {
            <SiteShell title="Catalogue">
                <div class="stack stack-l">
                    <PageHeader title="Catalogue" lede="Each comes with its own database, its own keys, and usage that you can follow to the last request."
                        actions=search(&wanted) />
                    {chips}
                    <h2 class="vh">"Products"</h2>
                    {body}
                </div>
            </SiteShell>
        })
    })
}

fn search(wanted: &str) -> impl IntoView + use<> {
    let wanted = wanted.to_owned();
    view! {
        <form class="row" role="search" action="/catalog">
            <div class="find">
                <Icon name="search" small=true />
                <input class="input" type="search" name="q" aria-label="Search products" placeholder="Search products" value=wanted />
            </div>
            <button class="btn">"Search"</button>
        </form>
    }
}

/// Whether every word is in the name, the summary or the description.
fn fits(product: &ProductView, wanted: &str) -> bool {
    let text = format!("{} {} {} {}", product.name, product.slug, product.summary, product.description).to_lowercase();
    wanted.to_lowercase().split_whitespace().all(|word| text.contains(word))
}
