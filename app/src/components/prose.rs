//! Text that operators write in Markdown. Whatever they write, only harmless HTML comes out.

use leptos::prelude::*;

/// HTML of Markdown: tables and strikethrough understood, scripts, styles, images and foreign
/// attributes removed. The page has its own heading of the first level, so theirs become second.
#[must_use]
pub fn markdown(text: &str) -> String {
    use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
    let mut rendered = String::new();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events = Parser::new_ext(text, options).map(|event| match event {
        Event::Start(Tag::Heading { level: HeadingLevel::H1, id, classes, attrs }) => {
            Event::Start(Tag::Heading { level: HeadingLevel::H2, id, classes, attrs })
        }
        Event::End(TagEnd::Heading(HeadingLevel::H1)) => Event::End(TagEnd::Heading(HeadingLevel::H2)),
        event => event,
    });
    html::push_html(&mut rendered, events);
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
        assert!(html.contains("<h2>Hi</h2>"));
        for bad in ["script", "onclick", "style", "<img", "javascript:"] {
            assert!(!html.contains(bad), "{bad} in {html}");
        }
    }
}
