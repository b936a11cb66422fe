//! Filters that lists of the back office share.

use crate::components::{badge::humanise, list::Filter};

/// One of the states by their names in the REST API.
#[must_use]
pub fn statuses(names: impl IntoIterator<Item = &'static str>) -> Filter {
    Filter {
        key: "status",
        label: "Status",
        any: "Any status",
        options: names.into_iter().map(|name| (name.to_owned(), humanise(name))).collect(),
    }
}
