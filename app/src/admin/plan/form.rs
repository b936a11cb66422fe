//! The form of a plan, new or not.

use leptos::prelude::*;
use mintreu_model::{form::page::PlanPage, money::Currency, status::PlanInterval};

use crate::components::prelude::*;

/// What a new plan begins with.
#[must_use]
pub fn fresh() -> PlanPage {
    PlanPage {
        code: String::new(),
        name: String::new(),
        interval: PlanInterval::Month,
        currency: Currency::Eur,
        price: String::new(),
        trial_days: "0".into(),
        included_requests: "10000".into(),
        overage_price_per_1000: String::new(),
        rate_per_second: "10".into(),
        burst: "20".into(),
        max_applications: "1".into(),
        max_request_bytes: String::new(),
        max_response_bytes: String::new(),
        features: String::new(),
    }
}

fn intervals() -> Kind {
    Kind::Select(vec![(PlanInterval::Month.as_str().into(), "A month".into()), (PlanInterval::Year.as_str().into(), "A year".into())])
}

fn currencies() -> Kind {
    Kind::Select(Currency::ALL.into_iter().map(|one| (one.code().into(), format!("{} ({})", one.code(), one.symbol()))).collect())
}

#[component]
pub fn PlanForm(
    /// Slug of the product.
    product: String,
    page: PlanPage,
    /// The version that saving makes; none for a new plan.
    #[prop(optional, into)]
    next: Option<i64>,
) -> impl IntoView {
    let back = format!("/admin/products/{product}/plans");
    let (action, submit, note) = match next {
        Some(next) => ("/_fn/plan/update", format!("Save as version {next}"), Some(Slot::from("Subscribers keep the version they have."))),
        None => ("/_fn/plan/create", "Create plan".to_owned(), None),
    };
    let code_hint = if next.is_some() { "Fixed: programs use it." } else { "Programs use it. Fixed for good." };
    let banner = next.map(|next| {
        view! {
            <Banner>
                {format!("Saving makes version {next}, for new subscribers and those who change to this plan. ")}
                "Everybody else keeps their price and limits."
            </Banner>
        }
    });
    view! {
        {banner}
        <Form action=action submit=submit cancel=back nostrip:note=note guard=true>
            <input type="hidden" name="product" value=product />
            <Card title="Plan">
                <div class="form-grid">
                    <Field name="name" label="Name" value=page.name placeholder="Pro" hint="As tenants read it." />
                    <Field name="code" label="Code" value=page.code mono=true readonly=next.is_some() hint=code_hint placeholder="pro" />
                    <Field name="trial_days" label="Trial, days" value=page.trial_days inputmode="numeric" hint="0 for none." />
                </div>
                <div class="form-grid">
                    <Field name="price" label="Price" value=page.price inputmode="decimal" placeholder="49.00" hint="0 is free." />
                    <Field name="currency" label="Currency" kind=currencies() value=page.currency.code() hint="Of all its prices." />
                    <Field name="interval" label="Billed for" kind=intervals() value=page.interval.as_str() hint="The quota stays monthly." />
                </div>
            </Card>
            <Card title="Limits">
                <div class="form-grid">
                    <Field name="included_requests" label="Requests a month" value=page.included_requests inputmode="numeric"
                        hint="Over all applications of a subscription." />
                    <Field name="overage_price_per_1000" label="Price of 1,000 more" value=page.overage_price_per_1000 inputmode="decimal" optional=true
                        hint="Empty: calls beyond are refused." />
                </div>
                <div class="form-grid">
                    <Field name="rate_per_second" label="Requests a second" value=page.rate_per_second inputmode="numeric" hint="Of each application." />
                    <Field name="burst" label="Burst" value=page.burst inputmode="numeric" hint="So many at once after a pause." />
                    <Field name="max_applications" label="Applications" value=page.max_applications inputmode="numeric" hint="At most." />
                </div>
                <div class="form-grid">
                    <Field name="max_request_bytes" label="Largest request, bytes" value=page.max_request_bytes inputmode="numeric" optional=true
                        placeholder="1000000" hint="Of its body. Empty: the limit of the platform." />
                    <Field name="max_response_bytes" label="Largest answer, bytes" value=page.max_response_bytes inputmode="numeric" optional=true
                        placeholder="10000000" hint="Of its body. Empty: no limit." />
                </div>
            </Card>
            <Card title="Features">
                <Field name="features" label="Shown with the plan, one a line" kind=Kind::Lines(5) value=page.features optional=true
                    placeholder="Support within a day\nDaily backups" />
            </Card>
        </Form>
    }
    .into_any()
}
