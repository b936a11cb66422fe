//! `/admin/settings`: numbers with bounds, and the test clock where it is on.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::view::SettingView;

use super::frame::frame;
use crate::{api::setting::MOST_DAYS, components::prelude::*, load::load};

fn field(setting: SettingView) -> impl IntoView {
    let hint =
        format!("{} From {} to {} {}; {} unless changed.", setting.hint, setting.minimum, setting.maximum, setting.unit, setting.default);
    view! {
        <Field name=format!("values.{}", setting.key) label=format!("{}, {}", setting.title, setting.unit) kind=Kind::Number
            value=setting.value.to_string() min=setting.minimum.to_string() max=setting.maximum.to_string() hint=hint />
    }
}

#[component]
pub fn Settings() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let fields = control.list_settings(&who).await?.into_iter().map(field).collect_view();
        let clock =
            control.config.test_clock.then(|| view! { <TestClock business=control.clock.now() system=control.clock.system_now() /> });
        Ok(view! {
            <AdminShell frame=frame title="Settings" current="settings" width=Width::Form>
                <PageHeader title="Settings" lede="They take effect at once. Every change is in the audit log." />
                <Card title="Periods"><Form action="/_fn/setting/change" submit="Save" guard=true>{fields}</Form></Card>
                {clock}
            </AdminShell>
        })
    })
}

/// Moves business time, which subscriptions, periods and retention go by.
#[component]
fn TestClock(business: DateTime<Utc>, system: DateTime<Utc>) -> impl IntoView {
    let facts: Vec<(&'static str, Slot)> = vec![("Business time", moment(business).into()), ("The system's", moment(system).into())];
    view! {
        <Card title="Test clock">
            <p class="muted">
                "Subscriptions, periods and retention go by business time; sessions, tokens and mail by the system's. "
                "It only goes forward, and whatever falls due on the way is done."
            </p>
            <DefinitionList facts=facts />
            <Form action="/_fn/clock/advance" submit="Move forward" look=Look::Plain id="clock">
                <Field name="days" label="Days" kind=Kind::Number value="1" min="1" max=MOST_DAYS.to_string() hint=format!("1 to {MOST_DAYS}.") />
            </Form>
        </Card>
    }
    .into_any()
}
