//! A message that stays: for the page (`notice` of a shell) or inside it.

use leptos::prelude::*;

use super::{badge::Tone, icon::Icon, slot::Slot};

#[component]
pub fn Banner(
    /// `Neutral` informs, `Warning` and `Bad` colour it.
    #[prop(optional)]
    tone: Tone,
    /// Icon instead of the tone's own.
    #[prop(optional, into)]
    icon: Option<String>,
    /// Buttons at its end.
    #[prop(optional, into)]
    action: Option<Slot>,
    children: Children,
) -> impl IntoView {
    let (class, own_icon) = match tone {
        Tone::Warning => ("banner warn", "alert"),
        Tone::Bad => ("banner err", "alert"),
        Tone::Good => ("banner good", "check"),
        Tone::Neutral | Tone::Busy => ("banner", "info"),
    };
    let role = (tone == Tone::Bad).then_some("alert");
    view! {
        <div class=class role=role>
            <Icon name=icon.unwrap_or_else(|| own_icon.to_owned()) />
            <p>{children()}</p>
            {action.map(Slot::view)}
        </div>
    }
    .into_any()
}
