//! A product as a card: on the landing page and in the catalogue.

use leptos::prelude::*;
use mintreu_model::{
    status::ProductKind,
    view::{PlanView, ProductView},
};

use crate::{
    components::{icon::Icon, pagination::thousands, prelude::Tag},
    tenant::words::interval,
};

/// Icon of a kind of product.
#[must_use]
pub const fn glyph(kind: ProductKind) -> &'static str {
    match kind {
        ProductKind::Api => "box",
        ProductKind::Application => "globe",
        ProductKind::License => "licence",
    }
}

/// A kind of product as people say it.
#[must_use]
pub const fn kind_name(kind: ProductKind) -> &'static str {
    match kind {
        ProductKind::Api => "API",
        ProductKind::Application => "Application",
        ProductKind::License => "Licence",
    }
}

/// What the cheapest plans come to: “Free for 10,000 requests, then from €49.00 a month”.
#[must_use]
pub fn from_price(plans: &[PlanView]) -> String {
    let free = plans.iter().find(|plan| plan.price.amount == 0);
    let paid = plans.iter().filter(|plan| plan.price.amount > 0).min_by_key(|plan| plan.price.amount);
    match (free, paid) {
        (Some(free), Some(paid)) => {
            format!("Free for {} requests, then from {} a {}", thousands(free.included_requests), paid.price, interval(paid.interval))
        }
        (Some(free), None) => format!("Free for {} requests a month", thousands(free.included_requests)),
        (None, Some(paid)) => format!("From {} a {}", paid.price, interval(paid.interval)),
        (None, None) => "No plans at the moment".to_owned(),
    }
}

#[component]
pub fn ProductCard(product: ProductView) -> impl IntoView {
    let price = from_price(&product.plans);
    view! {
        <li class="card product">
            <div class="product-h">
                <span class="glyph"><Icon name=glyph(product.kind) /></span>
                <h3><a href=format!("/catalog/{}", product.slug)>{product.name}</a></h3>
                <Tag label=kind_name(product.kind) />
            </div>
            <p>{product.summary}</p>
            <p class="price">{price}</p>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use mintreu_model::{
        id::{PlanId, PlanVersionId},
        money::{Currency, Money},
        status::PlanInterval,
    };

    use super::*;

    #[expect(clippy::default_trait_access, reason = "the crate of the type inside is not ours to name")]
    fn plan(amount: i64) -> PlanView {
        PlanView {
            id: PlanId(Default::default()),
            code: "p".into(),
            name: "P".into(),
            version: 1,
            version_id: PlanVersionId(Default::default()),
            interval: PlanInterval::Month,
            price: Money::new(amount, Currency::Eur),
            trial_days: 0,
            included_requests: 10_000,
            overage_price_per_1000: None,
            rate_per_second: 5,
            burst: 5,
            max_applications: 1,
            max_request_bytes: None,
            max_response_bytes: None,
            features: Vec::new(),
            archived: false,
        }
    }

    #[test]
    fn the_price_of_a_product_is_that_of_its_cheapest_plans() {
        assert_eq!(from_price(&[plan(0), plan(49_000), plan(4_900)]), "Free for 10,000 requests, then from €49.00 a month");
        assert_eq!(from_price(&[plan(1_200)]), "From €12.00 a month");
        assert_eq!(from_price(&[]), "No plans at the moment");
    }
}
