//! Log-in and its kin: one narrow column.

use leptos::prelude::*;

use crate::components::{
    brand::Brand,
    flash_message::{FlashBanner, FlashToast},
    slot::Slot,
    title::PageTitle,
};

#[component]
pub fn AuthShell(
    /// Title and heading.
    #[prop(into)]
    title: String,
    /// One sentence under it, such as the way to register.
    #[prop(optional, into)]
    lede: Option<Slot>,
    children: Children,
) -> impl IntoView {
    let content = children();
    view! {
        <PageTitle title=title.clone() />
        <a class="skip" href="#main">"Skip to content"</a>
        <div class="auth">
            <header><Brand /></header>
            <main id="main" tabindex="-1">
                <div class="stack stack-s">
                    <h1>{title}</h1>
                    {lede.map(|lede| view! { <p class="muted small">{lede.view()}</p> })}
                </div>
                <FlashBanner />
                {content}
            </main>
            <footer><a href="/">"Home"</a><a href="/catalog">"Catalogue"</a></footer>
        </div>
        <FlashToast />
    }
    .into_any()
}
