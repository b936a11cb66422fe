//! Latency in logarithmic classes: counts of classes add up over minutes, keys and routes, which
//! percentiles themselves never do. A class is 4 % wide, so a percentile read back is at most that
//! far off between `FASTEST` and `SLOWEST`. Changing the width makes stored classes unreadable.

use std::collections::BTreeMap;

use mintreu_model::view::Percentiles;

/// Microseconds of the upper bound of class 0.
const FASTEST: f64 = 50.0;
/// Ten minutes in microseconds: everything slower is of the last class.
const SLOWEST: f64 = 600_000_000.0;
/// Upper bound of a class over that of the class before.
const WIDTH: f64 = 1.04;

/// The class of a latency.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "bounded by SLOWEST")]
pub(crate) fn class(micros: i64) -> i64 {
    let micros = (micros.max(0) as f64).min(SLOWEST);
    if micros <= FASTEST { 0 } else { ((micros / FASTEST).ln() / WIDTH.ln()).ceil() as i64 }
}

/// Upper bound of a class, in microseconds.
fn upper(class: i64) -> f64 {
    FASTEST * WIDTH.powi(class.clamp(0, 500) as i32)
}

/// Requests by class.
#[derive(Debug, Default, Clone)]
pub(crate) struct Histogram(BTreeMap<i64, i64>);

impl Histogram {
    pub(crate) fn add(&mut self, class: i64, requests: i64) {
        *self.0.entry(class).or_default() += requests;
    }

    /// Milliseconds below which `share` of the requests stayed; zero without requests.
    #[expect(clippy::cast_precision_loss, reason = "a rank among requests")]
    fn percentile(&self, share: f64) -> f64 {
        let total: i64 = self.0.values().sum();
        let rank = (share * total as f64).ceil().max(1.0);
        let mut before = 0.0;
        for (&class, &requests) in &self.0 {
            let requests = requests as f64;
            if before + requests >= rank {
                let (low, high) = (if class <= 0 { 0.0 } else { upper(class - 1) }, upper(class));
                let within = (rank - before - 0.5) / requests;
                return (low + (high - low) * within).round() / 1000.0;
            }
            before += requests;
        }
        0.0
    }

    pub(crate) fn percentiles(&self) -> Percentiles {
        Percentiles { p50: self.percentile(0.50), p95: self.percentile(0.95), p99: self.percentile(0.99) }
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "samples are small")]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_five_percent_of_a_sorted_sample() {
        let mut state = 7_u64;
        let mut sample: Vec<i64> = (0..20_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                // From 60 µs to five minutes, as many in each decade.
                let exponent = f64::from(u32::try_from(state >> 40).unwrap()) / f64::from(1_u32 << 24);
                (60.0 * 5_000_000_f64.powf(exponent)) as i64
            })
            .collect();
        let mut histogram = Histogram::default();
        for &micros in &sample {
            histogram.add(class(micros), 1);
        }
        sample.sort_unstable();
        let found = histogram.percentiles();
        for (share, found) in [(0.50, found.p50), (0.95, found.p95), (0.99, found.p99)] {
            let exact = sample[(share * sample.len() as f64).ceil() as usize - 1] as f64 / 1000.0;
            assert!((found - exact).abs() <= exact * 0.05, "p{share}: {found} for {exact}");
        }
    }

    #[test]
    fn one_request_is_told_to_five_percent_from_a_fraction_of_a_millisecond_to_ten_minutes() {
        for micros in [51, 100, 999, 1_000, 31_415, 1_000_000, 59_000_000, 600_000_000] {
            let mut histogram = Histogram::default();
            histogram.add(class(micros), 1);
            let (found, exact) = (histogram.percentile(0.5), micros as f64 / 1000.0);
            assert!((found - exact).abs() <= exact * 0.05, "{found} for {exact}");
        }
    }

    #[test]
    fn nonsense_has_a_class_too() {
        assert_eq!((class(i64::MIN), class(0), class(50)), (0, 0, 0));
        assert_eq!(class(i64::MAX), class(600_000_000));
        assert!(Histogram::default().percentile(0.99).abs() < f64::EPSILON);
    }
}
