//! The title of the document. Begins with “Error:” when a form failed, so that it is the first
//! thing a screen reader says.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::flash::PageFlash;

#[component]
pub fn PageTitle(#[prop(into)] title: String) -> impl IntoView {
    let error = if PageFlash::current().failure().is_some() { "Error: " } else { "" };
    view! { <Title text=format!("{error}{title} · Mintreu") /> }.into_any()
}
