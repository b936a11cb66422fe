//! Pages of a list: where one is, the pages around, how many rows a page.

use leptos::prelude::*;

use super::query::Query;

/// Rows a page that people may choose.
const SIZES: [i64; 3] = [25, 50, 100];

#[component]
pub fn Pagination(
    /// Rows over all pages.
    total: i64,
) -> impl IntoView {
    let query = Query::current();
    let state = query.list();
    let size = state.limit();
    let last = ((total + size - 1) / size).max(1);
    let page = i64::from(state.page.unwrap_or(1)).clamp(1, last);
    let (from, to) = (((page - 1) * size + 1).min(total), (page * size).min(total));
    if total <= SIZES[0] {
        return view! { <div class="pager"><span>{rows(total)}</span></div> }.into_any();
    }
    let link = |number: i64| query.with("page", &if number > 1 { number.to_string() } else { String::new() }).href();
    let step = |label: &'static str, number: i64| {
        if (1..=last).contains(&number) {
            view! { <li><a href=link(number) rel=if number < page { "prev" } else { "next" }>{label}</a></li> }.into_any()
        } else {
            view! { <li><span class="off">{label}</span></li> }.into_any()
        }
    };
    let numbers = window(page, last)
        .into_iter()
        .map(|number| match number {
            Some(number) => {
                let here = (number == page).then_some("page");
                view! { <li><a href=link(number) aria-current=here><span class="vh">"Page "</span>{number}</a></li> }.into_any()
            }
            None => view! { <li aria-hidden="true">"…"</li> }.into_any(),
        })
        .collect_view();
    let sizes = SIZES
        .into_iter()
        .map(|rows| {
            let here = (rows == size).then_some("true");
            view! { <a href=query.with("limit", &rows.to_string()).href() aria-current=here>{rows}</a> }
        })
        .collect_view();
    view! {
        <div class="pager">
            <span class="hide-s">{format!("{from}–{to} of {}", thousands(total))}</span>
            <nav aria-label="Pages">
                <ul>{step("Previous", page - 1)}{numbers}{step("Next", page + 1)}</ul>
            </nav>
            <nav class="segment" aria-label="Rows a page">{sizes}</nav>
        </div>
    }
    .into_any()
}

fn rows(total: i64) -> String {
    if total == 1 { "1 row".into() } else { format!("{total} rows") }
}

/// Numbers to show: the first, the last, and those beside the page; `None` is a gap.
fn window(page: i64, last: i64) -> Vec<Option<i64>> {
    let mut shown = Vec::new();
    let mut before = 0;
    for number in (1..=last).filter(|number| *number == 1 || *number == last || (page - 1..=page + 1).contains(number)) {
        if number > before + 1 {
            shown.push(None);
        }
        shown.push(Some(number));
        before = number;
    }
    shown
}

/// `1284` → “1,284”.
#[must_use]
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        out.push('−');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_shown_are_the_ends_and_the_neighbours() {
        assert_eq!(window(1, 13), [Some(1), Some(2), None, Some(13)]);
        assert_eq!(window(6, 13), [Some(1), None, Some(5), Some(6), Some(7), None, Some(13)]);
        assert_eq!(window(2, 2), [Some(1), Some(2)]);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(thousands(655_587), "655,587");
        assert_eq!(thousands(-1_000), "−1,000");
        assert_eq!(thousands(12), "12");
    }
}
