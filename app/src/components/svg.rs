//! Drawing helpers: SVG is written as text, for a chart has hundreds of nodes and none of them is
//! ever alive. All text passes `escape`.

use std::fmt::Write as _;

/// Escapes text for HTML and SVG, in content and in quoted attributes.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A number with at most two decimals, as short as it gets.
#[must_use]
pub fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A count as a coordinate. Charts have a few hundred points, far below what a float loses.
#[must_use]
pub fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// `M0 1L2 3` through the points.
#[must_use]
pub fn path(points: &[(f64, f64)]) -> String {
    points.iter().enumerate().fold(String::new(), |mut out, (index, (x, y))| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{}{} {}", if index == 0 { 'M' } else { 'L' }, short(*x), short(*y));
        out
    })
}

/// Content of a 100 × 32 sparkline: area, line, dot at the end.
#[must_use]
pub fn spark(values: &[f64]) -> Option<String> {
    if values.len() < 2 {
        return None;
    }
    let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    let span = if high > low { high - low } else { 1.0 };
    let step = 100.0 / float(values.len() - 1);
    let points: Vec<(f64, f64)> =
        values.iter().enumerate().map(|(index, value)| (float(index) * step, 27.0 - (value - low) / span * 23.0)).collect();
    let line = path(&points);
    let (x, y) = points.last().copied()?;
    Some(format!(
        r#"<path class="area" d="{line}V32H0z"/><path class="ln l1" d="{line}"/><path class="ln l1 dot" d="M{} {}h0"/>"#,
        short(x),
        short(y)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_place() {
        assert_eq!(escape("<b a=\"1\">&'"), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;");
    }

    #[test]
    fn a_sparkline_needs_two_points_and_stands_a_flat_course() {
        assert!(spark(&[1.0]).is_none());
        assert!(spark(&[0.0, 0.0]).is_some_and(|svg| !svg.contains("NaN")));
    }
}
