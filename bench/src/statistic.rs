//! Medians with the middle half around them.

use std::fmt;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Summary {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Summary {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        let at = |hundredths: usize| quantile(&values, hundredths);
        Self { low: at(25), median: at(50), high: at(75) }
    }

    /// Of the quotients of values that were measured together.
    pub(crate) fn ratio<'a>(of: impl IntoIterator<Item = &'a f64>, to: impl IntoIterator<Item = &'a f64>) -> Self {
        Self::of(of.into_iter().zip(to).map(|(of, to)| of / to))
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.median.abs() >= 100.0 {
            0
        } else if self.median.abs() >= 10.0 {
            1
        } else {
            2
        };
        f.pad(&format!("{:.digits$} ({:.digits$}–{:.digits$})", self.median, self.low, self.high))
    }
}

/// Of sorted values.
pub(crate) fn quantile<T: Copy + Default>(sorted: &[T], hundredths: usize) -> T {
    let index = (sorted.len() * hundredths / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}
