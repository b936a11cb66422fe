//! The name of the product with its mark.

use leptos::prelude::*;

use super::icon::Icon;

#[component]
pub fn Brand(
    #[prop(into, default = "/".into())] href: String,
    /// Shows the tag of the back office.
    #[prop(optional)]
    admin: bool,
) -> impl IntoView {
    view! {
        <a class="brand" href=href>
            <Icon name="mark" />
            "Mintreu "
            {admin.then(|| view! { <span class="tag tag-accent">"Admin"</span> })}
        </a>
    }
    .into_any()
}
