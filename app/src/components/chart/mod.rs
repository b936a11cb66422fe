//! Charts, drawn on the server as one SVG in percentages, so that text keeps its size at every
//! width. Each speaks: direct labels, dashes besides colour, a sentence for those who do not see
//! it, and a table behind it. `StackedBars` for counts by kind, `Lines` for percentiles.

pub mod bars;
mod frame;
pub mod lines;

pub use bars::StackedBars;
pub use lines::Lines;

/// One kind of thing over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub label: String,
    /// One value for each label of the chart.
    pub values: Vec<f64>,
    /// Shown beside the label in the key: “628,898”.
    pub total: Option<String>,
    /// Colour 1–5; see `tokens.css`.
    pub colour: u8,
}

impl Series {
    #[must_use]
    pub fn new(label: impl Into<String>, colour: u8, values: Vec<f64>) -> Self {
        Self { label: label.into(), values, total: None, colour: colour.clamp(1, 5) }
    }

    #[must_use]
    pub fn total(self, total: impl Into<String>) -> Self {
        Self { total: Some(total.into()), ..self }
    }

    fn value(&self, index: usize) -> f64 {
        self.values.get(index).copied().filter(|value| value.is_finite()).unwrap_or(0.0)
    }
}

/// How values are written on the axis and in the table.
pub type Format = fn(f64) -> String;

/// `12500` → “12.5 k”: counts on an axis.
#[must_use]
pub fn count(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{} M", super::svg::short(value / 1e6)),
        size if size >= 1e3 => format!("{} k", super::svg::short(value / 1e3)),
        _ => super::svg::short(value),
    }
}

/// `41` → “41 ms”.
#[must_use]
pub fn milliseconds(value: f64) -> String {
    format!("{} ms", super::svg::short(value))
}
