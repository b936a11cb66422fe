//! Choosing the range: presets as links, two days as a form that works without a script.

use leptos::prelude::*;

use super::range::Range;
use crate::components::{icon::Icon, query::Query, range::SegmentedRange, time::short_day};

#[component]
pub fn RangeChoice(
    range: Range,
    /// Offers the quota period.
    #[prop(optional)]
    period: bool,
) -> impl IntoView {
    let mut options = vec![("24h", "24 h"), ("7d", "7 days"), ("14d", "14 days"), ("30d", "30 days"), ("90d", "90 days")];
    if period {
        options.push(("period", "This period"));
    }
    let day = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d").to_string();
    let (from, to) = (day(range.from()), day(range.to() - chrono::TimeDelta::seconds(1)));
    let label = if range.current == "custom" {
        format!("{} – {}", short_day(range.from(), range.now), short_day(range.to() - chrono::TimeDelta::seconds(1), range.now))
    } else {
        "Other days".to_owned()
    };
    let kept = Query::current()
        .others(&["range", "from", "to"])
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    view! {
        <SegmentedRange options=options current=range.current.clone() />
        <details class="menu menu-end" data-menu="">
            <summary class="btn">{label}<Icon name="down" small=true /></summary>
            <form class="menu-list days" method="get">
                <div class="field"><label for="days-from">"From"</label><input class="input" id="days-from" type="date" name="from" value=from required /></div>
                <div class="field"><label for="days-to">"To, included"</label><input class="input" id="days-to" type="date" name="to" value=to required /></div>
                {kept}
                <p class="hint">"Days in UTC."</p>
                <button class="btn btn-primary">"Show"</button>
            </form>
        </details>
    }
}
