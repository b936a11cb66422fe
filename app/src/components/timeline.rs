//! Long work as steps that one can watch, a feed of what happened, and a checklist.

use leptos::prelude::*;
use mintreu_model::status::StepStatus;

use super::{icon::Icon, slot::Slot};

/// One step: what, how long, what exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineStep {
    pub status: StepStatus,
    pub label: String,
    /// “1.8 s”; `None` before it begins.
    pub elapsed: Option<String>,
    pub detail: Option<String>,
}

/// Steps in order. With `live` the list follows the stream at that address where scripts run:
/// events carry `timeline_html`; the event `done` loads the page anew. Without scripts the page
/// offers a link to itself.
#[component]
pub fn Timeline(
    steps: Vec<TimelineStep>,
    /// Address of the event stream; empty when nothing will change any more.
    #[prop(optional, into)]
    live: String,
    /// Does not load the page anew at the end: it shows something that it could not show again.
    #[prop(optional)]
    stay: bool,
) -> impl IntoView {
    let live = Some(live).filter(|address| !address.is_empty());
    let refresh = live.is_some().then(|| view! { <p class="hint without-script"><a href="">"Refresh"</a></p> });
    let polite = live.is_some().then_some("polite");
    view! {
        <ol class="timeline" data-live=live data-stay=stay.then_some("") aria-live=polite inner_html=timeline_html(&steps)></ol>
        {refresh}
    }
    .into_any()
}

/// The content of a timeline: what an event of its stream carries as data.
#[must_use]
pub fn timeline_html(steps: &[TimelineStep]) -> String {
    use super::svg::escape;
    steps
        .iter()
        .map(|step| {
            let (class, icon, spoken) = match step.status {
                StepStatus::Done => ("done", Some("check"), ", done"),
                StepStatus::Running => ("now", None, ", in progress"),
                StepStatus::Failed => ("fail", Some("x"), ", failed"),
                StepStatus::Pending => ("todo", None, ", waiting"),
            };
            let current = if step.status == StepStatus::Running { r#" aria-current="step""# } else { "" };
            let icon = icon.map_or_else(String::new, |name| {
                format!(r#"<svg class="i" aria-hidden="true">{}</svg>"#, super::icon::icon_use(name))
            });
            let elapsed = step.elapsed.as_deref().map_or_else(String::new, |text| format!("<time>{}</time>", escape(text)));
            let detail = step.detail.as_deref().map_or_else(String::new, |text| format!("<small>{}</small>", escape(text)));
            format!(
                r#"<li class="{class}"{current}><span class="pin">{icon}</span><b>{}<span class="vh">{spoken}</span></b>{elapsed}{detail}</li>"#,
                escape(&step.label)
            )
        })
        .collect::<Vec<_>>()
        .concat()
}

/// Something that happened.
pub struct FeedItem {
    pub icon: &'static str,
    pub what: Slot,
    /// Who and where, under it.
    pub by: Option<String>,
    /// “5 h ago”, and the instant as RFC 3339.
    pub when: String,
    pub at: String,
}

#[component]
pub fn Feed(items: Vec<FeedItem>) -> impl IntoView {
    let items = items
        .into_iter()
        .map(|item| {
            view! {
                <li>
                    <span class="disc"><Icon name=item.icon /></span>
                    <span>{item.what.view()}{item.by.map(|by| view! { <span class="sub">{by}</span> })}</span>
                    <time datetime=item.at>{item.when}</time>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="feed">{items}</ul> }.into_any()
}

/// One thing to do: done or not, a link to doing it, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Todo {
    pub done: bool,
    pub label: String,
    pub href: String,
    pub why: Option<String>,
}

#[component]
pub fn Checklist(items: Vec<Todo>) -> impl IntoView {
    let items = items
        .into_iter()
        .map(|item| {
            if item.done {
                return view! {
                    <li class="done">
                        <span class="pin"><Icon name="check" /></span><span>{item.label}<span class="vh">", done"</span></span>
                    </li>
                }
                .into_any();
            }
            let why = item.why.map(|why| view! { <span class="sub">{why}</span> });
            view! { <li><span class="pin"></span><span><a href=item.href>{item.label}</a>{why}</span></li> }.into_any()
        })
        .collect_view();
    view! { <ol class="todo-list">{items}</ol> }.into_any()
}
