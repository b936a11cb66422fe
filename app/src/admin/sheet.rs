//! The tables of the back office as files for spreadsheets: which figures stand for which column of
//! the page, so that the choice of columns holds for both. Times are RFC 3339 in UTC.

use mintreu_control::csv::line;

use crate::components::{card::slug, columns::shown, query::Query};

/// Of a column of the page, by its label: the heading in the file, and how its text is made. A
/// column may be several figures.
pub type Figure<T> = (&'static str, &'static str, fn(&T) -> String);

/// A table as a file. The id of its rows is always the first figure.
pub struct Sheet<T: 'static> {
    /// Name of the file, plural.
    pub of: &'static str,
    pub id: fn(&T) -> String,
    pub figures: &'static [Figure<T>],
}

/// The figures of a sheet that a person chose.
pub struct Chosen<T: 'static> {
    id: fn(&T) -> String,
    figures: Vec<&'static Figure<T>>,
}

impl<T> Clone for Chosen<T> {
    fn clone(&self) -> Self {
        Self { id: self.id, figures: self.figures.clone() }
    }
}

impl<T> Sheet<T> {
    /// The figures whose columns are shown where the URL has this query.
    #[must_use]
    pub fn choose(&self, query: &Query) -> Chosen<T> {
        let mut keys: Vec<String> = self.figures.iter().map(|(column, ..)| slug(column)).collect();
        keys.dedup();
        let shown = shown(&keys, query);
        let is_shown = |column: &str| {
            let key = slug(column);
            keys.iter().zip(&shown).any(|(one, shown)| *shown && *one == key)
        };
        Chosen { id: self.id, figures: self.figures.iter().filter(|(column, ..)| is_shown(column)).collect() }
    }
}

impl<T> Chosen<T> {
    #[must_use]
    pub fn heading(&self) -> String {
        line(std::iter::once("id").chain(self.figures.iter().map(|(_, heading, _)| *heading)))
    }

    #[must_use]
    pub fn row(&self, one: &T) -> String {
        line(std::iter::once((self.id)(one)).chain(self.figures.iter().map(|(.., text)| text(one))))
    }
}

/// Text that may be missing.
#[must_use]
pub fn maybe(text: Option<impl ToString>) -> String {
    text.map_or_else(String::new, |text| text.to_string())
}
