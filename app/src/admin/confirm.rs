//! The page behind a confirmation: the same question that a `Dialog` asks, for those without
//! scripts, and for what deserves a page.

use leptos::prelude::*;

use crate::components::prelude::*;

#[component]
pub fn Confirm(
    frame: AdminFrame,
    /// The question: “Delete Orders?”
    #[prop(into)]
    title: String,
    /// Key of the entry in the navigation.
    #[prop(into)]
    current: String,
    parents: Vec<Crumb>,
    /// The server function.
    #[prop(into)]
    action: String,
    /// Label of the button that does it; none when it cannot be done.
    confirm: Option<&'static str>,
    /// Where “Cancel” leads.
    #[prop(into)]
    back: String,
    #[prop(optional, default = Look::DangerSolid)] look: Look,
    /// Consequences, and fields such as `Hidden`.
    children: Children,
) -> impl IntoView {
    let body = match confirm {
        Some(label) => view! { <Form action=action submit=label look=look cancel=back>{children()}</Form> }.into_any(),
        None => view! {
            <div class="stack">{children()}<div class="form-actions"><LinkButton href=back label="Back" /></div></div>
        }
        .into_any(),
    };
    view! {
        <AdminShell frame=frame title=title.clone() current=current parents=parents width=Width::Form>
            <PageHeader title=title />
            <Card>{body}</Card>
        </AdminShell>
    }
    .into_any()
}
