//! Cells of tables for spreadsheets, RFC 4180.

/// Text in quotes; what a spreadsheet would take for a formula is marked as text.
#[must_use]
pub fn cell(text: &str) -> String {
    let mark = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

/// A line of cells.
pub fn line(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut line = cells.into_iter().map(|text| cell(text.as_ref())).collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_formula_stays_text() {
        assert_eq!(cell("=HYPERLINK(\"http://x\")"), "\"'=HYPERLINK(\"\"http://x\"\")\"");
        assert_eq!(cell("GET /v1/orders/{id}"), "\"GET /v1/orders/{id}\"");
        assert_eq!(line(["a", "-1"]), "\"a\",\"'-1\"\r\n");
    }
}
