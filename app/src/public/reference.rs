//! `/docs/api`: the reference of the REST API, as the server makes it from the `OpenAPI` document.

use leptos::prelude::*;

use crate::{components::prelude::*, context::ApiReference};

#[component]
pub fn Reference() -> impl IntoView {
    let content = use_context::<ApiReference>().map(|reference| reference.0.to_string()).unwrap_or_default();
    view! {
        <SiteShell title="API reference">
            <div class="stack reference" inner_html=content></div>
        </SiteShell>
    }
}
