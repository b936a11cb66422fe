//! The front door: what the platform is, what it offers, how it goes.

use leptos::prelude::*;
use mintreu_model::view::ProductView;

use super::product_card::ProductCard;
use crate::{
    components::{icon::Icon, prelude::*, svg::short},
    context::control,
    load::load,
};

/// Products on the front page; the catalogue has all.
const SHOWN: usize = 5;

const STEPS: [(&str, &str); 4] = [
    ("Subscribe", "Compare plans side by side. Upgrade at once, downgrade at the end of the period, cancel on the same page."),
    ("Provision", "Name the application and watch it become ready: database created, tables migrated, keys published."),
    ("Call", "Paste the example in curl, JavaScript, Python or PHP. It already has your endpoint and your Client ID."),
    ("Understand", "Every call is in usage within seconds, by route, key and status, and is counted exactly once."),
];

/// Where the time of a call goes: label, start and length in percent, whether it is the service's.
const HOPS: [(&str, f64, f64, bool, &str); 4] = [
    ("Key and plan", 0.0, 1.5, false, "0.02 ms"),
    ("Limits, quota", 1.5, 1.5, false, "0.01 ms"),
    ("The service", 4.0, 94.0, true, "41.8 ms"),
    ("Metered", 98.0, 2.0, false, "0.001 ms"),
];

/// Marked up by hand: it shows a request and its answer at once.
const EXAMPLE: &str = r#"<span class="k">POST</span> /products/ecommerce/v1/orders
<span class="c">Authorization: Basic bWNpXzdrMm05…</span>

{ "currency": "EUR", "items": [{ "sku": "FJ-204", "quantity": 2 }] }

<span class="s">201 Created</span>
<span class="c">X-Request-Id: req_01m7t3f2k9
RateLimit: "rate";r=49;t=1</span>"#;

#[component]
pub fn Landing() -> impl IntoView {
    load(async move {
        let products = control()?.list_products().await?;
        Ok(page(products))
    })
}

fn page(products: Vec<ProductView>) -> impl IntoView {
    view! {
        <SiteShell title="Subscribe to a product, call it a minute later">
            <section class="hero" aria-labelledby="hero-h">
                <div class="stack stack-l">
                    <div class="stack">
                        <h1 id="hero-h">"Subscribe to a product."<br />"Call it a minute later."</h1>
                        <p class="lede">
                            "APIs, complete applications and licensed software. Each comes with its own database, its own keys and usage that you can follow to the last request."
                        </p>
                    </div>
                    <form class="signup" action="/register">
                        <div class="field">
                            <label for="email">"Work e-mail"</label>
                            <input class="input" id="email" name="email" type="email" autocomplete="email" placeholder="you@company.example" />
                        </div>
                        <button class="btn btn-primary">"Create account"</button>
                    </form>
                    <p class="hint">"Free plans need no card. Cancel on the same page where you subscribe."</p>
                </div>
                <div class="wire">
                    <pre class="code" tabindex="0" role="region" aria-label="Example call"><code inner_html=EXAMPLE></code></pre>
                    <div class="wire-f meter"><h2 class="vh">"Where the time of this call went"</h2><ul>{hops()}</ul></div>
                </div>
            </section>
            <section class="stack stack-l" aria-labelledby="cat-h">
                <div class="card-h">
                    <h2 id="cat-h">"Products"</h2>
                    <a class="btn btn-quiet" href="/catalog">"Whole catalogue "<Icon name="right" small=true /></a>
                </div>
                <ul class="cards">{offers(products)}</ul>
            </section>
            <section class="stack stack-l" aria-labelledby="how-h">
                <h2 id="how-h">"From sign-up to the first order"</h2>
                <ol class="steps">
                    {STEPS.map(|(name, text)| view! { <li><h3>{name}</h3><p>{text}</p></li> }).collect_view()}
                </ol>
            </section>
            <section class="card stack" aria-labelledby="price-h">
                <div class="card-h">
                    <div class="stack stack-s">
                        <h2 id="price-h">"You pay for plans, not for seats"</h2>
                        <p class="lede">
                            "Every plan says how many requests it includes and what happens beyond them: a price for each thousand, or a hard stop. You choose."
                        </p>
                    </div>
                    <a class="btn" href="/catalog">"Compare plans"</a>
                </div>
            </section>
        </SiteShell>
    }
    .into_any()
}

fn hops() -> impl IntoView {
    HOPS.map(|(label, start, length, service, time)| {
        let class = if service { "rest" } else { "used" };
        let drawing = format!(
            r#"<rect class="track" width="100%" height="8" rx="4"/><rect class="{class}" x="{}%" width="{}%" height="8" rx="4"/>"#,
            short(start),
            short(length)
        );
        view! { <li class="hop"><span>{label}</span><svg aria-hidden="true" inner_html=drawing></svg><span>{time}</span></li> }
    })
    .collect_view()
}

fn offers(products: Vec<ProductView>) -> impl IntoView {
    let own = view! {
        <li class="card product">
            <div class="product-h"><span class="glyph"><Icon name="plus" /></span><h3><a href="/register">"Your own service"</a></h3></div>
            <p>"Any HTTP program can stand behind the gateway. Keys, plans and quotas are already there."</p>
            <p class="price">"For operators"</p>
        </li>
    };
    let offers = products.into_iter().take(SHOWN).map(|product| view! { <ProductCard product=product /> }).collect_view();
    view! { {offers}{own} }
}
