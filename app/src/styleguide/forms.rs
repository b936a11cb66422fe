//! Fields, a form that failed, a confirmation.

use leptos::{context::Provider, prelude::*};
use mintreu_model::problem::FieldError;

use crate::{
    components::prelude::*,
    flash::{Flash, PageFlash},
};

fn currencies() -> Vec<(String, String)> {
    vec![("EUR".into(), "EUR, euro".into()), ("NOK".into(), "NOK, Norwegian krone".into()), ("JPY".into(), "JPY, Japanese yen".into())]
}

/// What a failed post leaves behind.
fn failed() -> PageFlash {
    PageFlash::new(Some(Flash {
        action: "/_fn/example/failed".into(),
        status: 422,
        message: Some("2 fields need your attention.".into()),
        errors: vec![
            FieldError::new("email", "invalid", "Enter the whole e-mail address, as in name@company.example"),
            FieldError::new("config.currency", "invalid", "Choose a currency that your plan offers: EUR, NOK"),
        ],
        values: vec![
            ("form[email]".into(), "ines@fjordline".into()),
            ("form[config][currency]".into(), "JPY".into()),
            ("form[remember]".into(), "true".into()),
        ],
        ..Flash::default()
    }))
}

#[component]
pub fn Forms() -> impl IntoView {
    view! {
        <div class="cols cols-2">
            <Card title="Fields">
                <Form action="/_fn/example/fields" submit="Save" cancel="#" id="fields" guard=true note="Saved for everybody.">
                    <Field name="name" label="Name" value="My Awesome Store" />
                    <Field name="email" label="E-mail" kind=Kind::Email hint="Invoices go there." autocomplete="email" />
                    <Field name="password" label="Password" kind=Kind::Password autocomplete="new-password"
                        aside=view! { <a class="small" href="#">"Forgotten?"</a> } />
                    <div class="form-grid">
                        <Field name="url" label="Address" kind=Kind::Url placeholder="https://" optional=true />
                        <Field name="amount" label="Requests a second" kind=Kind::Number value="50" min="1" max="1000" />
                        <Field name="colour" label="Colour" kind=Kind::Colour value="#2f55d4" />
                        <Field name="until" label="Expires" kind=Kind::Date optional=true />
                    </div>
                    <Field name="currency" label="Currency" kind=Kind::Select(currencies()) value="NOK"
                        hint="Cannot be changed after the first order." />
                    <Field name="at" label="When" kind=Kind::Radio(vec![
                        ("now".into(), "Now".into()),
                        ("period_end".into(), "At the end of the period".into()),
                    ]) value="period_end" />
                    <Field name="description" label="Description" kind=Kind::Lines(4) optional=true />
                    <Checkbox name="notify" label="Tell the team by mail" checked=true hint="Three people." />
                    <Field name="slug" label="Slug" value="my-awesome-store" readonly=true mono=true />
                </Form>
            </Card>
            <Card title="A form that failed">
                <Provider value=failed()>
                    <Form action="/_fn/example/failed" submit="Save" id="failed">
                        <Field name="email" label="E-mail" kind=Kind::Email hint="Invoices go there." />
                        <Field name="config.currency" label="Currency" kind=Kind::Select(currencies()) />
                        <Checkbox name="remember" label="Stay logged in for 30 days" />
                    </Form>
                </Provider>
                <hr />
                <div class="row">
                    <LinkButton href="/styleguide/auth" label="Delete…" look=Look::Danger dialog="example-dialog" />
                    <PostButton action="/_fn/example/retry" label="Retry" fields=vec![("id", "job_1".into())] about="Tea Room Shop" />
                </div>
                <Dialog id="example-dialog" title="Delete Fjordline Outlet?" action="/_fn/example/delete" confirm="Delete application" keep="Keep it" danger=true>
                    <p>"Provisioning stops and what was made is removed at once:"</p>
                    <ul class="bullets"><li>"its database with 7 migrated tables"</li><li>"3 keys, which have never been used"</li></ul>
                    <Field name="confirm" label="Type Fjordline Outlet to confirm" autocomplete="off" />
                </Dialog>
            </Card>
        </div>
    }
    .into_any()
}
