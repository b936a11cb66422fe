//! Which columns a list shows. The choice is in the URL, `cols=tenant&cols=owner`, and a form of the
//! URL makes it; the CSV of the list follows it too.

use leptos::prelude::*;

use super::{icon::Icon, query::Query, table::Column};

/// The key in the URL, once for each column.
const COLS: &str = "cols";

/// Whether each column is shown: the first, which names the row, always; the others as the URL
/// says, and all of them where it names none that is there.
#[must_use]
pub fn shown(keys: &[String], query: &Query) -> Vec<bool> {
    let chosen: Vec<&str> = query.all(COLS).collect();
    let is_chosen = |key: &String| chosen.contains(&key.as_str());
    let any = keys.iter().any(is_chosen);
    keys.iter().enumerate().map(|(index, key)| index == 0 || !any || is_chosen(key)).collect()
}

/// The menu of columns.
#[component]
pub fn ColumnChooser(
    /// What is listed, plural.
    #[prop(into)]
    of: String,
    columns: Vec<Column>,
    /// Whether each of them is shown.
    shown: Vec<bool>,
) -> impl IntoView {
    let query = Query::current();
    let first = columns.first().map(Column::key);
    let kept =
        query.others(&[COLS]).into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view();
    let boxes = columns
        .into_iter()
        .zip(shown)
        .skip(1)
        .map(|(column, shown)| {
            view! { <label><input type="checkbox" name=COLS value=column.key() checked=shown />{column.label().to_owned()}</label> }
        })
        .collect_view();
    let narrowed = query.all(COLS).next().is_some();
    let all = narrowed.then(|| view! { <a href=query.without(&[COLS]).href()>"Show all columns"</a> });
    view! {
        <details class="menu menu-end" data-menu="">
            <summary class="btn">"Columns"<Icon name="down" small=true /></summary>
            <form class="menu-list" method="get" aria-label=format!("Columns of {of}")>
                {kept}
                <input type="hidden" name=COLS value=first />
                {boxes}
                <hr />
                <button>"Show these columns"</button>
                {all}
            </form>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_column_stays_and_an_unknown_choice_shows_all() {
        let keys = ["tenant", "status", "owner"].map(str::to_owned);
        let shown = |query| shown(&keys, &Query::parse(query));
        assert_eq!(shown(""), [true, true, true]);
        assert_eq!(shown("cols=tenant&cols=owner"), [true, false, true]);
        assert_eq!(shown("cols=tenant"), [true, false, false]);
        assert_eq!(shown("cols=nothing&cols="), [true, true, true]);
    }
}
