//! Code with a little colour: strings, comments, and the keywords of the four languages of the
//! examples. Not a parser; what it does not know stays plain.

use leptos::prelude::*;

use super::svg::escape;

const KEYWORDS: [&str; 10] = ["curl", "const", "await", "import", "from", "return", "use", "new", "POST", "GET"];

/// Marks up code. A comment is a line that begins with `#` or `//`.
#[must_use]
pub fn highlight(code: &str) -> String {
    let lines: Vec<String> = code.lines().map(line).collect();
    lines.join("\n")
}

fn span(class: &str, text: &str) -> String {
    format!(r#"<span class="{class}">{}</span>"#, escape(text))
}

fn line(text: &str) -> String {
    let start = text.trim_start();
    if start.starts_with("//") || start.starts_with('#') {
        return span("c", text);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = if matches!(first, '"' | '\'' | '`') {
            let end = rest.char_indices().skip(1).find(|(_, letter)| *letter == first).map_or(rest.len(), |(at, _)| at + 1);
            let (string, tail) = rest.split_at(end);
            out.push_str(&span("s", string));
            tail
        } else if first.is_alphanumeric() || first == '_' || first == '$' {
            let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '$')).unwrap_or(rest.len());
            let (word, tail) = rest.split_at(end);
            if KEYWORDS.contains(&word) {
                out.push_str(&span("k", word));
            } else {
                out.push_str(&escape(word));
            }
            tail
        } else {
            let (letter, tail) = rest.split_at(first.len_utf8());
            out.push_str(&escape(letter));
            tail
        };
        rest = taken;
    }
    out
}

#[component]
pub fn Code(
    /// What it is, for screen readers: “Example answer”.
    #[prop(into)]
    label: String,
    #[prop(into)] code: String,
) -> impl IntoView {
    view! {
        <pre class="code" tabindex="0" role="region" aria-label=label><code inner_html=highlight(&code)></code></pre>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_keywords_and_comments_are_marked_and_everything_is_escaped() {
        assert_eq!(highlight("const a = '<b>';"), r#"<span class="k">const</span> a = <span class="s">&#39;&lt;b&gt;&#39;</span>;"#);
        assert_eq!(highlight("# no <tag>"), r#"<span class="c"># no &lt;tag&gt;</span>"#);
        assert_eq!(highlight("\"open"), r#"<span class="s">&quot;open</span>"#);
    }
}
