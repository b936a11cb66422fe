//! A secret that is shown once. The page that has it must not be stored (`no-store`).

use leptos::prelude::*;

use super::{card::slug, copy::CopyButton, icon::Icon};

#[component]
pub fn Secret(
    /// “Copy the secret now.”
    #[prop(optional, into, default = "Copy the secret now.".into())]
    heading: String,
    /// `(label, value)`; the last one is the secret itself.
    values: Vec<(String, String)>,
    /// Why now.
    children: Children,
) -> impl IntoView {
    let last = values.len();
    let fields = values
        .into_iter()
        .enumerate()
        .map(|(index, (label, value))| {
            let id = format!("secret-{}", slug(&label));
            let what = format!("the {}", label.to_lowercase());
            view! {
                <div class="field">
                    <span id=id.clone()>{label}</span>
                    <div class="copyline" role="group" aria-labelledby=id>
                        <code tabindex="0">{value.clone()}</code>
                        <CopyButton text=value what=what primary={index + 1 == last} />
                    </div>
                </div>
            }
        })
        .collect_view();
    view! {
        <section class="secret" aria-labelledby="secret-h">
            <p><Icon name="alert" /><span><b id="secret-h">{heading}</b>" "{children()}</span></p>
            <div class="secret-b">{fields}</div>
        </section>
    }
    .into_any()
}
