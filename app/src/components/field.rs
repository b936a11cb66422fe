//! One field of a form: label, hint, control, error, tied together by `aria-describedby`. Shows
//! again what was typed when the form failed. `name` is the field's name in the form type and in
//! its errors (`name`, `routes[2].path`); the input's own name is `form[routes][2][path]`.

use leptos::prelude::*;

use super::{form::FormScope, icon::Icon, slot::Slot, svg::escape};
use crate::flash::Flash;

/// What kind of control a field is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Text,
    Email,
    Password,
    Url,
    Number,
    Colour,
    Date,
    Search,
    /// Lines of text, at least this many rows.
    Lines(u8),
    /// One of `(value, label)`.
    Select(Vec<(String, String)>),
    /// One of `(value, label)`, all visible.
    Radio(Vec<(String, String)>),
}

impl Kind {
    const fn input_type(&self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Password => "password",
            Self::Url => "url",
            Self::Number => "number",
            Self::Colour => "color",
            Self::Date => "date",
            Self::Search => "search",
            _ => "text",
        }
    }
}

/// Name of the input of a field: `routes[2].path` → `form[routes][2][path]`.
#[must_use]
pub fn input_name(field: &str) -> String {
    let parts = field.split(['.', '[', ']']).filter(|part| !part.is_empty());
    parts.fold("form".to_owned(), |name, part| format!("{name}[{part}]"))
}

/// Id of the input of a field: `routes[2].path` → `f-routes-2-path`.
#[must_use]
pub fn field_id(prefix: &str, field: &str) -> String {
    let parts = field.split(['.', '[', ']']).filter(|part| !part.is_empty());
    let start = if prefix.is_empty() { "f".to_owned() } else { prefix.to_owned() };
    parts.fold(start, |id, part| format!("{id}-{part}"))
}

#[component]
pub fn Field(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional)] kind: Kind,
    /// Value before anybody typed.
    #[prop(optional, into)]
    value: String,
    /// What it is for, or what follows from it.
    #[prop(optional, into)]
    hint: Option<Slot>,
    /// Says “optional” after the label.
    #[prop(optional)]
    optional: bool,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional, into)] autocomplete: Option<String>,
    /// Names the keyboard of a phone: `numeric`, `decimal`.
    #[prop(optional, into)]
    inputmode: Option<String>,
    #[prop(optional, into)] min: Option<String>,
    #[prop(optional, into)] max: Option<String>,
    #[prop(optional, into)] step: Option<String>,
    #[prop(optional)] readonly: bool,
    /// In a fixed-width font: patterns, JSON.
    #[prop(optional)]
    mono: bool,
    /// In the line of the label: a link such as “Forgotten?”.
    #[prop(optional, into)]
    aside: Option<Slot>,
) -> impl IntoView {
    let scope = use_context::<FormScope>().unwrap_or_default();
    let input = input_name(&name);
    let id = field_id(&scope.id, &name);
    let error = scope.error(&name);
    let typed = if Flash::is_secret(&input) { None } else { scope.typed(&input).and_then(|all| all.into_iter().next()) };
    let value = typed.unwrap_or(value);
    let described = describe(&id, hint.is_some(), error.is_some());
    let invalid = error.is_some().then_some("true");
    let class = if mono { "input mono" } else { "input" };
    let is_group = matches!(kind, Kind::Radio(_));
    let control = match kind {
        // Leptos writes children of a text area as they are, so that a value could end it.
        Kind::Lines(rows) => view! {
            <textarea class=class id=id.clone() name=input rows=rows.to_string() placeholder=placeholder readonly=readonly
                aria-invalid=invalid aria-describedby=described spellcheck=mono.then_some("false") inner_html=escape(&value)></textarea>
        }
        .into_any(),
        Kind::Select(options) => {
            let options = options
                .into_iter()
                .map(|(option, text)| view! { <option selected={option == value} value=option.clone()>{text}</option> })
                .collect_view();
            view! {
                <select id=id.clone() name=input aria-invalid=invalid aria-describedby=described>{options}</select>
            }
            .into_any()
        }
        Kind::Radio(options) => options
            .into_iter()
            .enumerate()
            .map(|(index, (option, text))| {
                let id = if index == 0 { id.clone() } else { format!("{id}-{index}") };
                view! {
                    <label class="check">
                        <input type="radio" id=id name=input.clone() checked={option == value} value=option.clone() />
                        <span>{text}</span>
                    </label>
                }
            })
            .collect_view()
            .into_any(),
        kind => {
            let value = (kind != Kind::Password).then_some(value);
            view! {
                <input class=class id=id.clone() name=input type=kind.input_type() value=value placeholder=placeholder
                    autocomplete=autocomplete inputmode=inputmode min=min max=max step=step readonly=readonly
                    aria-invalid=invalid aria-describedby=described />
            }
            .into_any()
        }
    };
    let optional = optional.then(|| view! { <span class="opt">" optional"</span> });
    let hint = hint.map(|hint| view! { <p class="hint" id=format!("{id}-h")>{hint.view()}</p> });
    let error = error.map(|message| view! { <FieldError id=format!("{id}-e") message=message /> });
    if is_group {
        let described = describe(&id, hint.is_some(), error.is_some());
        return view! {
            <fieldset class="field" aria-describedby=described>
                <legend>{label}{optional}</legend>{hint}{control}{error}
            </fieldset>
        }
        .into_any();
    }
    let label = view! { <label for=id>{label}{optional}</label> };
    let label = match aside {
        Some(aside) => view! { <div class="row between">{label}{aside.view()}</div> }.into_any(),
        None => label.into_any(),
    };
    view! { <div class="field">{label}{hint}{control}{error}</div> }.into_any()
}

/// A yes or no. Sends `true` or nothing: give the field of the form type `#[serde(default)]`.
#[component]
pub fn Checkbox(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional)] checked: bool,
    #[prop(optional, into)] hint: Option<Slot>,
    /// Sent when checked. Several boxes of one name make a list: name them `scopes[]`.
    #[prop(optional, into, default = "true".into())]
    value: String,
) -> impl IntoView {
    let scope = use_context::<FormScope>().unwrap_or_default();
    let list = name.ends_with("[]");
    let input = if list { format!("{}[]", input_name(&name)) } else { input_name(&name) };
    let id = field_id(&scope.id, &name);
    let id = if list { format!("{id}-{}", super::card::slug(&value)) } else { id };
    let error = scope.error(name.trim_end_matches("[]")).filter(|_| !list);
    let checked = scope.typed(&input).map_or(checked, |typed| typed.contains(&value));
    let described = describe(&id, hint.is_some(), error.is_some());
    view! {
        <div class="field">
            <div class="check">
                <input type="checkbox" id=id.clone() name=input value=value checked=checked aria-describedby=described
                    aria-invalid=error.is_some().then_some("true") />
                <label for=id.clone()>{label}</label>
            </div>
            {hint.map(|hint| view! { <p class="hint" id=format!("{id}-h")>{hint.view()}</p> })}
            {error.map(|message| view! { <FieldError id=format!("{id}-e") message=message /> })}
        </div>
    }
    .into_any()
}

/// A value that goes along unseen.
#[component]
pub fn Hidden(#[prop(into)] name: String, #[prop(into)] value: String) -> impl IntoView {
    view! { <input type="hidden" name=input_name(&name) value=value /> }.into_any()
}

/// Several of them: `hidden(vec![("id", …)])`.
#[must_use]
pub fn hidden(fields: Vec<(&'static str, String)>) -> AnyView {
    fields.into_iter().map(|(name, value)| view! { <Hidden name=name value=value /> }).collect_view().into_any()
}

#[component]
fn FieldError(id: String, message: String) -> impl IntoView {
    view! { <p class="error" id=id><Icon name="alert" small=true />{message}</p> }.into_any()
}

/// Ids of hint and error, for `aria-describedby`.
fn describe(id: &str, hint: bool, error: bool) -> Option<String> {
    match (hint, error) {
        (true, true) => Some(format!("{id}-h {id}-e")),
        (true, false) => Some(format!("{id}-h")),
        (false, true) => Some(format!("{id}-e")),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_follow_the_path_of_the_field() {
        assert_eq!(input_name("name"), "form[name]");
        assert_eq!(input_name("routes[2].path"), "form[routes][2][path]");
        assert_eq!(field_id("", "routes[2].path"), "f-routes-2-path");
        assert_eq!(field_id("edit", "name"), "edit-name");
    }
}
