//! Buttons submit forms, links go somewhere; both may look alike. One primary action a page.

use leptos::prelude::*;

use super::icon::Icon;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    #[default]
    Plain,
    /// The one thing most people come to do.
    Primary,
    /// No border: beside another button, or in the head of a card.
    Quiet,
    /// Leads towards something destructive.
    Danger,
    /// Does it, in a confirmation.
    DangerSolid,
}

/// Classes of a button, for elements that are neither `Button` nor `LinkButton`.
#[must_use]
pub fn button_class(look: Look, small: bool, wide: bool) -> String {
    let look = match look {
        Look::Plain => "",
        Look::Primary => " btn-primary",
        Look::Quiet => " btn-quiet",
        Look::Danger => " btn-danger",
        Look::DangerSolid => " btn-danger-solid",
    };
    format!("btn{look}{}{}", if small { " btn-s" } else { "" }, if wide { " btn-wide" } else { "" })
}

/// Submits the form around it.
#[component]
pub fn Button(
    #[prop(into)] label: String,
    #[prop(optional)] look: Look,
    #[prop(optional)] small: bool,
    /// As wide as its container.
    #[prop(optional)]
    wide: bool,
    #[prop(optional, into)] icon: Option<String>,
    /// Said after the label to those who do not see the row: “Rotate” + “ Storefront”.
    #[prop(optional, into)]
    about: Option<String>,
    /// Name and value, where one form has several buttons.
    #[prop(optional, into)]
    name: Option<String>,
    #[prop(optional, into)] value: Option<String>,
    /// Id of the form, for a button outside of it.
    #[prop(optional, into)]
    form: Option<String>,
    /// Where the form goes by this button, instead of to its own action.
    #[prop(optional, into)]
    to: Option<String>,
) -> impl IntoView {
    view! {
        <button class=button_class(look, small, wide) name=name value=value form=form formaction=to>
            <Label label=label icon=icon small=small about=about />
        </button>
    }
    .into_any()
}

/// A link that looks like a button.
#[component]
pub fn LinkButton(
    #[prop(into)] href: String,
    #[prop(into)] label: String,
    #[prop(optional)] look: Look,
    #[prop(optional)] small: bool,
    #[prop(optional)] wide: bool,
    #[prop(optional, into)] icon: Option<String>,
    /// Said after the label to those who do not see the row.
    #[prop(optional, into)]
    about: Option<String>,
    /// Id of a `Dialog` on the page that opens instead where scripts run.
    #[prop(optional, into)]
    dialog: Option<String>,
    /// Marks a download, so that it is never fetched ahead.
    #[prop(optional)]
    download: bool,
) -> impl IntoView {
    view! {
        <a class=button_class(look, small, wide) href=href data-dialog=dialog download=download>
            <Label label=label icon=icon small=small about=about />
        </a>
    }
    .into_any()
}

/// A form of one button: posts to a server function with hidden fields. For actions in rows.
#[component]
pub fn PostButton(
    /// The server function, `/_fn/job/retry`.
    #[prop(into)]
    action: String,
    #[prop(into)] label: String,
    /// Field and value, `("id", …)`; names get their `form[…]`.
    #[prop(optional)]
    fields: Vec<(&'static str, String)>,
    #[prop(optional)] look: Look,
    #[prop(optional)] small: bool,
    #[prop(optional, into)] icon: Option<String>,
    #[prop(optional, into)] about: Option<String>,
) -> impl IntoView {
    let fields = fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=super::field::input_name(name) value=value /> })
        .collect_view();
    view! {
        <form method="post" action=action>
            {fields}
            <button class=button_class(look, small, false)>
                <Label label=label icon=icon small=small about=about />
            </button>
        </form>
    }
    .into_any()
}

#[component]
fn Label(label: String, icon: Option<String>, small: bool, about: Option<String>) -> impl IntoView {
    view! {
        {icon.map(|name| view! { <Icon name=name small=small /> })}
        <span>{label}</span>
        {about.map(|about| view! { <span class="vh">" "{about}</span> })}
    }
    .into_any()
}
