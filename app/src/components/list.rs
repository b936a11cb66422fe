//! A whole list on its card: search and filters, chips, table, pages, and the two empty states:
//! nothing yet, and nothing that matches. All of its state is in the URL.

use leptos::prelude::*;

use super::{
    button::LinkButton,
    card::slug,
    chips::Chips,
    columns::{ColumnChooser, shown},
    empty::EmptyState,
    icon::Icon,
    pagination::{Pagination, thousands},
    query::Query,
    slot::Slot,
    table::{Column, Row, Table},
};

/// A list of so few columns always shows them.
const FIXED: usize = 3;

/// A choice that narrows the list: key in the URL, and what may be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub key: &'static str,
    /// What it is about: “Status”.
    pub label: &'static str,
    /// When nothing is chosen: “Any status”.
    pub any: &'static str,
    /// `(value, label)`.
    pub options: Vec<(String, String)>,
}

/// Actions on many rows at once. The form sends `form[ids][]` (the chosen rows), `form[scope]`
/// (`rows`, or `all` that match the filter) and `form[query]` (the filter).
pub struct Bulk {
    /// The server function, or the page that asks first.
    pub action: String,
    /// It is a page: the form goes there by GET.
    pub asks: bool,
    /// The other choice besides the chosen rows: “All failed ones that match”.
    pub all: String,
    /// Small buttons; those with `to` go to another address than `action`.
    pub buttons: Slot,
}

#[component]
pub fn List(
    /// What is listed, plural: “applications”. Used in sentences.
    #[prop(into)]
    of: String,
    columns: Vec<Column>,
    /// Rows of this page.
    rows: Vec<Row>,
    /// Rows over all pages, as filtered.
    total: i64,
    /// Sort that holds when the URL says none: `-created`.
    #[prop(optional, into)]
    sorted: String,
    /// What the search looks at, “Name or ID”; without it there is no search.
    #[prop(optional, into)]
    search: Option<String>,
    #[prop(optional)] filters: Vec<Filter>,
    /// Shown when nothing exists yet: an `EmptyState` with the next step.
    #[prop(into)]
    empty: Slot,
    #[prop(optional)] dense: bool,
    /// What can be done with rows that were chosen (`Row::pick`).
    #[prop(optional)]
    bulk: Option<Bulk>,
    /// Address of the same list as a file for spreadsheets; the filter, sort and columns go along.
    #[prop(optional, into)]
    csv: Option<String>,
) -> impl IntoView {
    let query = Query::current();
    let mut active: Vec<(String, String)> = filters.iter().filter_map(|filter| chosen(filter, &query)).collect();
    if let Some(text) = search.as_ref().and_then(|_| query.get("q")) {
        active.insert(0, ("q".into(), format!("“{text}”")));
    }
    if total == 0 && active.is_empty() {
        return view! { <section class="card flush">{empty.view()}</section> }.into_any();
    }
    let count = if total == 1 { "1 matches".to_owned() } else { format!("{} match", thousands(total)) };
    let keys: Vec<String> = active.iter().map(|(key, _)| key.clone()).collect();
    let clear = query.without(&keys.iter().map(String::as_str).collect::<Vec<_>>()).href();
    let heading = of.clone();
    let shown = shown(&columns.iter().map(Column::key).collect::<Vec<_>>(), &query);
    let chooser = (columns.len() > FIXED).then(|| view! { <ColumnChooser of=of.clone() columns=columns.clone() shown=shown.clone() /> });
    let csv = csv.map(|address| {
        let href = format!("{address}{}", query.href());
        view! { <LinkButton href=href label="CSV" icon="download" about=format!("of {of}") download=true /> }
    });
    let columns = columns.into_iter().zip(&shown).filter_map(|(column, shown)| shown.then_some(column)).collect();
    let rows = rows.into_iter().map(|row| row.only(&shown)).collect();
    let body = if total == 0 {
        let text = active.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(", ");
        view! {
            <EmptyState icon="search" title=format!("No {of} match")
                actions=view! { <a class="btn" href=clear>{if active.len() == 1 { "Clear the filter" } else { "Clear the filters" }}</a> }>
                "Nothing fits "{text}"."
            </EmptyState>
        }
        .into_any()
    } else {
        let pick = if bulk.is_some() { bulk_form(&of) } else { String::new() };
        let table = view! { <Table caption=of.clone() columns=columns rows=rows sorted=sorted dense=dense pick=pick /> };
        match bulk {
            Some(bulk) => view! { <BulkForm bulk=bulk of=of.clone() query=query.href()>{table}</BulkForm> }.into_any(),
            None => table.into_any(),
        }
    };
    let pages = (total > 0).then(|| view! { <Pagination total=total /> });
    view! {
        <section class="card flush" aria-label=heading>
            <div class="filters">
                <FilterForm of=of search=search filters=filters query=query />
                {(chooser.is_some() || csv.is_some()).then(|| view! { <div class="tools">{chooser}{csv}</div> })}
            </div>
            <Chips active=active count=count />
            {body}
            {pages}
        </section>
    }
    .into_any()
}

#[component]
fn BulkForm(bulk: Bulk, of: String, query: String, children: Children) -> impl IntoView {
    let form = bulk_form(&of);
    // Rows may hold forms of their own, so that the form stands beside the table and the boxes name it.
    view! {
        <div class="bulk-form">
            {children()}
            <form class="bulk" id=form method=if bulk.asks { "get" } else { "post" } action=bulk.action aria-label=format!("Chosen {of}")>
                <input type="hidden" name="form[query]" value=query />
                <b class="bulk-n">"chosen"</b>
                <fieldset>
                    <legend class="vh">"Apply to"</legend>
                    <label class="check small"><input type="radio" name="form[scope]" value="rows" checked />" These rows"</label>
                    <label class="check small"><input type="radio" name="form[scope]" value="all" />" "{bulk.all}</label>
                </fieldset>
                <div class="row">{bulk.buttons.view()}</div>
            </form>
        </div>
    }
    .into_any()
}

fn bulk_form(of: &str) -> String {
    format!("bulk-{}", slug(of))
}

/// What a filter holds, as `(key, label)`.
fn chosen(filter: &Filter, query: &Query) -> Option<(String, String)> {
    let value = query.get(filter.key)?;
    let label = filter.options.iter().find(|(option, _)| option == value).map_or(value, |(_, label)| label);
    Some((filter.key.to_owned(), format!("{}: {label}", filter.label)))
}

#[component]
fn FilterForm(of: String, search: Option<String>, filters: Vec<Filter>, query: Query) -> impl IntoView {
    if search.is_none() && filters.is_empty() {
        return ().into_any();
    }
    let mut own: Vec<&str> = filters.iter().map(|filter| filter.key).collect();
    own.push("q");
    let kept = query.others(&own).into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view();
    let search = search.map(|label| {
        view! {
            <div class="find">
                <Icon name="search" small=true />
                <input class="input" type="search" name="q" aria-label=label.clone() placeholder=label value=query.get("q").unwrap_or_default().to_owned() />
            </div>
        }
    });
    let selects = filters
        .into_iter()
        .map(|filter| {
            let current = query.get(filter.key).unwrap_or_default().to_owned();
            let options = filter
                .options
                .into_iter()
                .map(|(value, label)| view! { <option selected={value == current} value=value.clone()>{label}</option> })
                .collect_view();
            view! {
                <select name=filter.key aria-label=filter.label><option value="">{filter.any}</option>{options}</select>
            }
        })
        .collect_view();
    view! {
        <form method="get" role="search" aria-label=format!("Filter {of}")>
            {search}{selects}{kept}<button class="btn">"Filter"</button>
        </form>
    }
    .into_any()
}
