//! Bounds on what clients send. [`Check`] collects every wrong field, so that a client learns of all
//! of them at once; `finish` turns them into one 422. Add a rule here when two services need it.

use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::problem::{FieldError, Problem};

/// The wrong fields found so far.
#[derive(Debug, Default)]
pub struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn add(&mut self, field: &str, code: &str, message: impl Into<String>) {
        self.errors.push(FieldError { field: field.to_owned(), code: code.to_owned(), message: message.into() });
    }

    /// Adds an error unless `holds`.
    pub fn require(&mut self, holds: bool, field: &str, code: &str, message: &str) {
        if !holds {
            self.add(field, code, message);
        }
    }

    /// One line of text of so many characters, without control characters.
    pub fn line(&mut self, field: &str, text: &str, length: RangeInclusive<usize>) {
        self.length(field, text, length);
        let clean = !text.chars().any(char::is_control);
        self.require(clean, field, "invalid", "Use one line of text without control characters.");
    }

    /// Text that may have several lines, without other control characters.
    pub fn text(&mut self, field: &str, text: &str, length: RangeInclusive<usize>) {
        self.length(field, text, length);
        let clean = !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
        self.require(clean, field, "invalid", "Control characters are not allowed.");
    }

    fn length(&mut self, field: &str, text: &str, length: RangeInclusive<usize>) {
        let characters = text.chars().count();
        let blank = *length.start() > 0 && text.trim().is_empty();
        if blank {
            self.add(field, "required", "Say this.");
        } else if characters < *length.start() {
            self.add(field, "too_short", format!("Use at least {} characters.", length.start()));
        } else if characters > *length.end() {
            self.add(field, "too_long", format!("Use at most {} characters.", length.end()));
        }
    }

    /// A number within bounds.
    pub fn range<T: PartialOrd + Display>(&mut self, field: &str, value: &T, range: &RangeInclusive<T>) {
        if !range.contains(value) {
            self.add(field, "out_of_range", format!("Use {} to {}.", range.start(), range.end()));
        }
    }

    /// An e-mail address, as far as a service can tell: one `@`, something on both sides, no spaces.
    pub fn email(&mut self, field: &str, address: &str) {
        self.line(field, address, 3..=254);
        let well_formed = address.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local.len() <= 64
                && !domain.is_empty()
                && !domain.contains('@')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !address.chars().any(char::is_whitespace)
        });
        self.require(well_formed, field, "invalid", "Use an address like ada@example.com.");
    }

    /// # Errors
    /// 422 with all wrong fields, when there are any.
    pub fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::fields(self.errors)) }
    }
}
