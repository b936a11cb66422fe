//! Figures that matter, joined in one surface. A change says compared with what.

use leptos::prelude::*;

use super::{icon::Icon, svg::spark};

/// How a figure changed. Whether up is good depends on the figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub up: bool,
    /// `Some(true)` good, `Some(false)` bad, `None` neither.
    pub good: Option<bool>,
    /// “14.2 %”.
    pub by: String,
    /// “on 30 days before”.
    pub than: String,
}

/// One figure: label, value, unit, course, and change or note.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kpi {
    pub label: String,
    pub value: String,
    pub unit: Option<String>,
    /// Course over the period; fewer than two points draw nothing.
    pub course: Vec<f64>,
    pub change: Option<Change>,
    /// Instead of a change: “€88.00 of it expected overage”.
    pub note: Option<String>,
}

impl Kpi {
    #[must_use]
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), ..Self::default() }
    }

    #[must_use]
    pub fn unit(self, unit: impl Into<String>) -> Self {
        Self { unit: Some(unit.into()), ..self }
    }

    #[must_use]
    pub fn course(self, course: Vec<f64>) -> Self {
        Self { course, ..self }
    }

    #[must_use]
    pub fn change(self, change: Change) -> Self {
        Self { change: Some(change), ..self }
    }

    #[must_use]
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }
}

#[component]
pub fn Kpis(figures: Vec<Kpi>) -> impl IntoView {
    let figures = figures.into_iter().map(figure).collect_view();
    view! { <dl class="kpis">{figures}</dl> }.into_any()
}

fn figure(kpi: Kpi) -> impl IntoView {
    let spark = spark(&kpi.course).map(|path| {
        view! {
            <dd aria-hidden="true">
                <svg class="spark" viewBox="0 0 100 32" preserveAspectRatio="none" aria-hidden="true" inner_html=path></svg>
            </dd>
        }
    });
    let change = kpi.change.map(|change| {
        let class = change.good.map(|good| if good { "good" } else { "bad" });
        let (icon, word) = if change.up { ("arrow-up", "up ") } else { ("arrow-down", "down ") };
        view! {
            <dd class="kpi-c">
                <b class=class><Icon name=icon /><span class="vh">{word}</span>{change.by}</b>" "{change.than}
            </dd>
        }
    });
    view! {
        <div class="kpi">
            <dt>{kpi.label}</dt>
            <dd class="kpi-v">{kpi.value}{kpi.unit.map(|unit| view! { " "<small>{unit}</small> })}</dd>
            {spark}
            {change}
            {kpi.note.map(|note| view! { <dd class="kpi-c">{note}</dd> })}
        </div>
    }
}
