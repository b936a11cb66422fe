//! The checks that forms are made of. Each adds at most one error per field.

use crate::problem::FieldError;

/// Collects field errors: `Check::new().line("name", &self.name, 1..=100).done()`.
#[derive(Debug, Default)]
pub struct Check {
    errors: Vec<FieldError>,
}

/// Characters that change how the text around them is shown, or that no person types.
#[must_use]
pub fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Whether a text can be a slug at all. What cannot need not be looked up, and PostgreSQL refuses
/// some of it.
#[must_use]
pub fn may_be_slug(text: &str) -> bool {
    !text.is_empty() && text.len() <= 100 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl Check {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn fail(mut self, field: &str, code: &str, message: impl Into<String>) -> Self {
        if !self.errors.iter().any(|error| error.field == field) {
            self.errors.push(FieldError::new(field, code, message));
        }
        self
    }

    #[must_use]
    pub fn ensure(self, holds: bool, field: &str, code: &str, message: &str) -> Self {
        if holds { self } else { self.fail(field, code, message) }
    }

    /// Characters of the trimmed text within `bounds`.
    #[must_use]
    fn length(self, field: &str, text: &str, bounds: &std::ops::RangeInclusive<usize>) -> Self {
        let length = text.trim().chars().count();
        if length == 0 && *bounds.start() > 0 {
            self.fail(field, "required", "Fill this in")
        } else if length < *bounds.start() {
            self.fail(field, "too_short", format!("Use at least {} characters", bounds.start()))
        } else if length > *bounds.end() {
            self.fail(field, "too_long", format!("Use at most {} characters", bounds.end()))
        } else {
            self
        }
    }

    /// A name or another single line: no control or direction characters, no angle brackets.
    #[must_use]
    pub fn line(self, field: &str, text: &str, bounds: std::ops::RangeInclusive<usize>) -> Self {
        let clean = !text.contains(|c| is_hostile(c) || matches!(c, '<' | '>'));
        self.length(field, text, &bounds).ensure(
            clean,
            field,
            "invalid",
            "Leave out control characters, direction marks and angle brackets",
        )
    }

    /// Several lines, Markdown included: it is sanitised when shown.
    #[must_use]
    pub fn text(self, field: &str, text: &str, bounds: std::ops::RangeInclusive<usize>) -> Self {
        let clean = !text.contains(|c| is_hostile(c) && !matches!(c, '\n' | '\r' | '\t'));
        self.length(field, text, &bounds).ensure(clean, field, "invalid", "Leave out control characters and direction marks")
    }

    #[must_use]
    pub fn email(self, field: &str, text: &str) -> Self {
        let text = text.trim();
        let whole = text.split_once('@').is_some_and(|(local, domain)| {
            let label = |label: &str| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            };
            !local.is_empty()
                && local.len() <= 64
                && !local.starts_with('.')
                && !local.ends_with('.')
                && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b))
                && domain.split('.').count() >= 2
                && domain.is_ascii()
                && domain.split('.').all(label)
        });
        self.length(field, text, &(1..=254)).ensure(whole, field, "invalid", "Enter the whole address, as in name@company.example")
    }

    /// NIST SP 800-63B: length, not composition. Bounded, since hashing costs.
    #[must_use]
    pub fn password(self, field: &str, text: &str) -> Self {
        self.length(field, text, &(10..=200)).ensure(!text.contains('\0'), field, "invalid", "Leave out the null character")
    }

    /// Lowercase letters, digits and single dashes, as in a URL.
    #[must_use]
    pub fn slug(self, field: &str, text: &str) -> Self {
        let clean = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--");
        self.length(field, text, &(2..=48)).ensure(clean, field, "invalid", "Use lowercase letters, digits and single dashes")
    }

    #[must_use]
    pub fn range<T: PartialOrd + std::fmt::Display + Copy>(self, field: &str, value: T, bounds: std::ops::RangeInclusive<T>) -> Self {
        if bounds.contains(&value) {
            self
        } else {
            self.fail(field, "out_of_range", format!("Choose a number from {} to {}", bounds.start(), bounds.end()))
        }
    }

    /// An absolute http or https URL without credentials or fragment.
    #[must_use]
    pub fn url(self, field: &str, text: &str) -> Self {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let authority = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        let whole = authority.is_some_and(|authority| {
            !authority.is_empty() && !authority.contains('@') && !text.contains('#') && text.bytes().all(|b| b.is_ascii_graphic())
        });
        self.length(field, text, &(1..=500)).ensure(whole, field, "invalid", "Enter a whole address, as in http://127.0.0.1:4001")
    }

    /// # Errors
    /// What was collected, if anything.
    pub fn done(self) -> Result<(), Vec<FieldError>> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(check: Check) -> Option<String> {
        check.done().err().and_then(|errors| errors.into_iter().next()).map(|error| error.code)
    }

    #[test]
    fn hostile_names_are_refused_and_ordinary_ones_of_any_script_pass() {
        for hostile in ["a\0b", "<script>", "abc\u{202e}cod.exe", "two\nlines"] {
            assert_eq!(code(Check::new().line("name", hostile, 1..=100)).as_deref(), Some("invalid"), "{hostile:?}");
        }
        for name in ["Fjordline Goods", "東京商店", "متجر", "O’Neil & Söhne"] {
            assert_eq!(code(Check::new().line("name", name, 1..=100)), None, "{name}");
        }
    }

    #[test]
    fn addresses_are_whole_or_refused() {
        for good in ["ines@fjordline.example", "a.b+c@mail.co.uk"] {
            assert_eq!(code(Check::new().email("email", good)), None, "{good}");
        }
        for bad in ["", "ines", "ines@fjordline", "@a.b", "a b@c.d", "a@b..c", "a@-b.c", "a@b.c\r\nBcc: x@y.z"] {
            assert!(code(Check::new().email("email", bad)).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn service_addresses_carry_no_credentials() {
        assert_eq!(code(Check::new().url("base_url", "http://127.0.0.1:4001/base")), None);
        for bad in ["ftp://x", "http://", "http://user:pw@host", "http://host/#x", "//host"] {
            assert!(code(Check::new().url("base_url", bad)).is_some(), "{bad}");
        }
    }
}
