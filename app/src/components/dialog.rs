//! A confirmation. It opens over the page where scripts run, by a link with `data-dialog`
//! (`LinkButton dialog="…"`); the link leads to a page with the same question for all others.

use leptos::prelude::*;

#[component]
pub fn Dialog(
    /// What the link names.
    #[prop(into)]
    id: String,
    /// The question: “Delete Fjordline Outlet?”
    #[prop(into)]
    title: String,
    /// The server function it posts to.
    #[prop(into)]
    action: String,
    /// Label of the button that does it.
    #[prop(into)]
    confirm: String,
    /// Label of the button that does not.
    #[prop(optional, into, default = "Cancel".into())]
    keep: String,
    /// Coloured as destructive.
    #[prop(optional)]
    danger: bool,
    /// Consequences, and fields such as `Hidden`.
    children: Children,
) -> impl IntoView {
    let heading = format!("{id}-h");
    let labelled = heading.clone();
    let look = if danger { "btn btn-danger-solid" } else { "btn btn-primary" };
    view! {
        <dialog id=id aria-labelledby=labelled>
            <form method="post" action=action>
                <div class="dialog-b"><h2 id=heading>{title}</h2>{children()}</div>
                <div class="dialog-f">
                    <button class="btn" type="button" data-close="">{keep}</button>
                    <button class=look>{confirm}</button>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}
