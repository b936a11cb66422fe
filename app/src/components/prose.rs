//! Text that operators write in Markdown. Whatever they write, only harmless HTML comes out.

use leptos::prelude::*;

/// HTML of Markdown: tables and strikethrough understood, scripts, styles, images and foreign
/// attributes removed.
#[must_use]
pub fn markdown(text: &str) -> String {
    use pulldown_cmark::{Options, Parser, html};
    let mut rendered = String::new();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    html::push_html(&mut rendered, Parser::new_ext(text, options));
    ammonia::Builder::default().rm_tags(["img"]).clean(&rendered).to_string()
}

#[component]
pub fn Prose(
    /// Markdown.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! { <div class="prose" inner_html=markdown(&text)></div> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_runs_or_loads_survives() {
        let html = markdown("# Hi\n<script>alert(1)</script>\n\n<b style=\"x\" onclick=y>*b*</b> ![i](http://x/y.png) [l](javascript:z)");
        assert!(html.contains("<h1>Hi</h1>"));
        for bad in ["script", "onclick", "style", "<img", "javascript:"] {
            assert!(!html.contains(bad), "{bad} in {html}");
        }
    }
}
