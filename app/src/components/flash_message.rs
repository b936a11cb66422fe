//! What the last form left for this page: a toast when it worked, a banner when it failed and no
//! form on the page shows why. Shells place both; pages need not.

use leptos::prelude::*;

use super::{badge::Tone, banner::Banner, icon::Icon};
use crate::flash::PageFlash;

/// A short note that something was done. Goes away on its own where scripts run.
#[component]
pub fn Toast(#[prop(into)] message: String) -> impl IntoView {
    view! {
        <div class="toasts" role="status">
            <div class="toast" data-toast="">
                <Icon name="check" />
                <p>{message}</p>
                <button class="btn btn-s btn-icon btn-quiet needs-script" type="button" data-dismiss="">
                    <Icon name="x" small=true /><span class="vh">"Dismiss"</span>
                </button>
            </div>
        </div>
    }
    .into_any()
}

/// The toast of the flash at hand, if it has one.
#[component]
pub fn FlashToast() -> impl IntoView {
    PageFlash::current().success().map(|message| view! { <Toast message=message /> }).into_any()
}

/// The failure that no form has shown. Build it after the page's own content.
#[component]
pub fn FlashBanner() -> impl IntoView {
    PageFlash::current().unclaimed().map(|flash| {
        let mut sentences: Vec<String> = flash.errors.iter().map(|error| error.message.clone()).collect();
        if sentences.is_empty() {
            sentences.extend(flash.message.clone());
        }
        view! { <Banner tone=Tone::Bad>{sentences.join(" ")}</Banner> }
    })
}
