//! Forms that post to a server function. A form whose post failed shows what was typed, an error
//! summary that has the focus, and the errors at their fields; all without a script.

use std::sync::Arc;

use leptos::{context::Provider, prelude::*};

use super::{
    button::{Button, Look},
    field::field_id,
    icon::Icon,
    slot::Slot,
};
use crate::flash::{Flash, PageFlash};

/// What the fields of a form know of its last post. Provided by `Form`.
#[derive(Debug, Clone, Default)]
pub struct FormScope {
    pub failed: Option<Arc<Flash>>,
    /// Distinguishes the ids of several forms on one page.
    pub id: String,
}

impl FormScope {
    /// Values that were typed under this input name, in order; `None` if nothing was posted.
    #[must_use]
    pub fn typed(&self, input: &str) -> Option<Vec<String>> {
        let flash = self.failed.as_ref()?;
        Some(flash.values.iter().filter(|(name, _)| name == input).map(|(_, value)| value.clone()).collect())
    }

    /// What is wrong with the field of this name.
    #[must_use]
    pub fn error(&self, field: &str) -> Option<String> {
        let flash = self.failed.as_ref()?;
        flash.errors.iter().find(|error| error.field == field).map(|error| error.message.clone())
    }
}

/// A form with its fields as children. `<Form action="/_fn/key/create" submit="Create key">`.
#[component]
pub fn Form(
    /// The server function's address.
    #[prop(into)]
    action: String,
    /// Label of the button; without it the children bring their own.
    #[prop(optional, into)]
    submit: Option<String>,
    #[prop(optional, default = Look::Primary)] look: Look,
    /// Where “Cancel” leads; without it there is none.
    #[prop(optional, into)]
    cancel: Option<String>,
    /// Prefix of the ids of the fields, needed where one page has several forms.
    #[prop(optional, into)]
    id: String,
    /// Asks before leaving with unsaved changes, where scripts run.
    #[prop(optional)]
    guard: bool,
    /// Button across the whole width, as on the log-in page.
    #[prop(optional)]
    wide: bool,
    /// Beside the button: what will happen.
    #[prop(optional, into)]
    note: Option<Slot>,
    children: Children,
) -> impl IntoView {
    let failed = PageFlash::current().claim(&action);
    let scope = FormScope { failed: failed.clone(), id };
    let form_id = (!scope.id.is_empty()).then(|| scope.id.clone());
    let summary = failed.map(|flash| view! { <ErrorSummary flash=flash id=scope.id.clone() /> });
    let foot = submit.map(|label| {
        let buttons = view! {
            <Button label=label look=look wide=wide />
            {cancel.map(|href| view! { <a class="btn btn-quiet" href=href>"Cancel"</a> })}
            {note.map(|note| view! { <span class="hint">{note.view()}</span> })}
        };
        if wide { buttons.into_any() } else { view! { <div class="form-actions">{buttons}</div> }.into_any() }
    });
    view! {
        <form class="stack stack-l" id=form_id method="post" action=action novalidate data-guard=guard.then_some("")>
            {summary}
            <Provider value=scope>{children()}</Provider>
            {foot}
        </form>
    }
    .into_any()
}

/// What went wrong, with links to the fields. Has the focus when the page opens.
#[component]
pub fn ErrorSummary(
    flash: Arc<Flash>,
    /// Prefix of the ids of the fields.
    #[prop(optional, into)]
    id: String,
) -> impl IntoView {
    let count = flash.errors.len();
    let heading = match (count, &flash.message) {
        (0, Some(message)) => message.clone(),
        (0, None) => "That did not work".to_owned(),
        (1, _) => "One thing needs your attention".to_owned(),
        (many, _) => format!("{} things need your attention", number_word(many)),
    };
    let links = flash
        .errors
        .iter()
        .map(|error| {
            let href = format!("#{}", field_id(&id, &error.field));
            view! { <li><a href=href>{error.message.clone()}</a></li> }
        })
        .collect_view();
    view! {
        <div class="summary-err" role="alert" tabindex="-1" autofocus data-focus="" aria-labelledby="error-h">
            <h2 id="error-h"><Icon name="alert" />{heading}</h2>
            {(count > 0).then(|| view! { <ul>{links}</ul> })}
        </div>
    }
    .into_any()
}

fn number_word(number: usize) -> String {
    match number {
        2 => "Two".into(),
        3 => "Three".into(),
        4 => "Four".into(),
        5 => "Five".into(),
        6 => "Six".into(),
        other => other.to_string(),
    }
}
