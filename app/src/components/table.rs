//! A table whose state is in the URL: headers that sort are links. Rows become labelled cards on
//! a phone. For a whole list with filters and pages use `List`.

use leptos::prelude::*;

use super::{card::slug, icon::Icon, query::Query, slot::Slot};

/// A column. The first one names the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    label: String,
    sort: Option<&'static str>,
    numeric: bool,
    hide_card: bool,
}

impl Column {
    #[must_use]
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), sort: None, numeric: false, hide_card: false }
    }

    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What the URL calls it where columns are chosen: “Requests, 30 days” → `requests-30-days`.
    #[must_use]
    pub fn key(&self) -> String {
        slug(&self.label)
    }

    /// Sorts by this key of the URL.
    #[must_use]
    pub fn sort(self, key: &'static str) -> Self {
        Self { sort: Some(key), ..self }
    }

    /// Numbers: right-aligned, sorted downwards first.
    #[must_use]
    pub fn num(self) -> Self {
        Self { numeric: true, ..self }
    }

    /// Left out where rows are cards: bars, pictures.
    #[must_use]
    pub fn hide_card(self) -> Self {
        Self { hide_card: true, ..self }
    }
}

/// A row: one cell for each column, then what can be done with it.
pub struct Row {
    cells: Vec<Slot>,
    actions: Option<Slot>,
    pick: Option<(String, String)>,
}

impl Row {
    /// `Row::new(cells!["Storefront", view! { <code>"mci_…"</code> }])`.
    #[must_use]
    pub fn new(cells: Vec<Slot>) -> Self {
        Self { cells, actions: None, pick: None }
    }

    /// Leaves out the cells of columns that are not shown.
    pub(super) fn only(self, shown: &[bool]) -> Self {
        let cells = self.cells.into_iter().zip(shown).filter_map(|(cell, shown)| shown.then_some(cell)).collect();
        Self { cells, ..self }
    }

    /// Buttons at its end.
    #[must_use]
    pub fn actions(self, actions: impl Into<Slot>) -> Self {
        Self { actions: Some(actions.into()), ..self }
    }

    /// A box to choose it, with its value and what it is called.
    #[must_use]
    pub fn pick(self, value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { pick: Some((value.into(), label.into())), ..self }
    }
}

#[component]
pub fn Table(
    /// What the table holds and in which order, for screen readers.
    #[prop(into)]
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    /// Sort that holds when the URL says none: `-created`.
    #[prop(optional, into)]
    sorted: String,
    /// Narrow rows.
    #[prop(optional)]
    dense: bool,
    /// A row of sums at the end, one cell for each column.
    #[prop(optional)]
    foot: Option<Row>,
    /// Id of the form that rows can be chosen for; their boxes are its `form[ids][]`.
    #[prop(optional, into)]
    pick: String,
) -> impl IntoView {
    let pick = Some(pick).filter(|form| !form.is_empty());
    let query = Query::current();
    let sorted = query.get("sort").map_or(sorted, str::to_owned);
    let has_actions = rows.iter().any(|row| row.actions.is_some());
    let head = columns.iter().map(|column| header(column, &sorted, &query)).collect_view();
    let body = rows.into_iter().map(|row| table_row(row, &columns, pick.as_deref(), has_actions)).collect_view();
    let foot = foot.map(|row| view! { <tfoot>{table_row(row, &columns, pick.as_deref(), has_actions)}</tfoot> });
    view! {
        <div class="table-wrap">
            <table class=if dense { "as-cards dense" } else { "as-cards" }>
                <caption class="vh">{caption}</caption>
                <thead>
                    <tr>
                        {pick.is_some().then(|| view! { <th scope="col" class="pick"><span class="vh">"Choose"</span></th> })}
                        {head}
                        {has_actions.then(|| view! { <th scope="col"><span class="vh">"Actions"</span></th> })}
                    </tr>
                </thead>
                <tbody>{body}</tbody>
                {foot}
            </table>
        </div>
    }
    .into_any()
}

fn header(column: &Column, sorted: &str, query: &Query) -> AnyView {
    let class = column.numeric.then_some("num");
    let label = column.label.clone();
    let Some(key) = column.sort else {
        return view! { <th scope="col" class=class>{label}</th> }.into_any();
    };
    let direction = match sorted.strip_prefix('-') {
        Some(name) if name == key => Some("descending"),
        None if sorted == key => Some("ascending"),
        _ => None,
    };
    let next = match direction {
        Some("descending") => key.to_owned(),
        Some(_) => format!("-{key}"),
        None if column.numeric => format!("-{key}"),
        None => key.to_owned(),
    };
    let icon = match direction {
        Some("descending") => "arrow-down",
        Some(_) => "arrow-up",
        None => "updown",
    };
    let (before, after) = if column.numeric { (Some(icon), None) } else { (None, Some(icon)) };
    let arrow = |name: &'static str| view! { <Icon name=name /> };
    view! {
        <th scope="col" class=class aria-sort=direction>
            <a class="sort" href=query.with("sort", &next).href()>{before.map(arrow)}{label}{after.map(arrow)}</a>
        </th>
    }
    .into_any()
}

fn table_row(row: Row, columns: &[Column], pick: Option<&str>, has_actions: bool) -> impl IntoView + use<> {
    let pick = pick.map(|form| match row.pick {
        Some((value, label)) => view! {
            <td class="pick">
                <input type="checkbox" form=form.to_owned() name="form[ids][]" value=value aria-label=format!("Choose {label}") />
            </td>
        }
        .into_any(),
        None => view! { <td class="pick"></td> }.into_any(),
    });
    let cells = row
        .cells
        .into_iter()
        .zip(columns)
        .enumerate()
        .map(|(index, (cell, column))| {
            if index == 0 {
                return view! { <th scope="row">{cell.view()}</th> }.into_any();
            }
            let class = match (column.numeric, column.hide_card) {
                (true, true) => Some("num hide-card"),
                (true, false) => Some("num"),
                (false, true) => Some("hide-card"),
                (false, false) => None,
            };
            view! { <td class=class data-label=column.label.clone()><span>{cell.view()}</span></td> }.into_any()
        })
        .collect_view();
    let actions = has_actions.then(|| view! { <td class="act"><div class="row">{row.actions.map(Slot::view)}</div></td> });
    view! { <tr>{pick}{cells}{actions}</tr> }
}
