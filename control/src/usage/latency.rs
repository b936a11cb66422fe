//! Latency in logarithmic classes: counts of classes add up over minutes, keys and routes, which
//! percentiles themselves never do. A class is 9 % wide and is read as its middle, so a percentile
//! read back is less than 5 % off between `FASTEST` and `SLOWEST`. Changing the width makes stored
//! classes unreadable.
//!
//! In rows of hours and days a histogram is text, `class:requests,` again and again, so that adding to one
//! is appending to it, whatever the engine.

use std::fmt::{self, Display};

use mintreu_model::view::Percentiles;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Microseconds of the upper bound of class 0.
const FASTEST: f64 = 50.0;
/// Ten minutes in microseconds: everything slower is of the last class.
const SLOWEST: f64 = 600_000_000.0;
/// Upper bound of a class over that of the class before.
const WIDTH: f64 = 1.09;

/// The class of a latency.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "bounded by SLOWEST")]
fn class(micros: i64) -> u16 {
    let micros = (micros.max(0) as f64).min(SLOWEST);
    if micros <= FASTEST { 0 } else { ((micros / FASTEST).ln() / WIDTH.ln()).ceil() as u16 }
}

/// Milliseconds in the middle of a class.
fn middle(class: u16) -> f64 {
    if class == 0 {
        return FASTEST / 2_000.0;
    }
    (FASTEST * WIDTH.powf(f64::from(class.min(500)) - 0.5)).round() / 1_000.0
}

/// Requests by class, in the order of classes. Most sums of a minute have few, which lie with them.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Histogram(SmallVec<[Requests; 4]>);

/// Requests of one class: the class in the upper 16 bits of a word, their number in the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u16, i64)", into = "(u16, i64)")]
struct Requests(u64);

const NUMBER_BITS: u32 = 48;
const NUMBER_MOST: u64 = (1 << NUMBER_BITS) - 1;

impl Requests {
    fn new(class: u16, number: u64) -> Self {
        Self(u64::from(class) << NUMBER_BITS | number.min(NUMBER_MOST))
    }

    fn class(self) -> u16 {
        (self.0 >> NUMBER_BITS) as u16
    }

    fn number(self) -> u64 {
        self.0 & NUMBER_MOST
    }
}

impl From<(u16, i64)> for Requests {
    fn from((class, number): (u16, i64)) -> Self {
        Self::new(class, number.max(0).cast_unsigned())
    }
}

impl From<Requests> for (u16, i64) {
    fn from(requests: Requests) -> Self {
        (requests.class(), requests.number().cast_signed())
    }
}

impl Histogram {
    pub(crate) fn add(&mut self, micros: i64, requests: i64) {
        self.add_to(class(micros), requests.max(0).cast_unsigned());
    }

    fn add_to(&mut self, class: u16, requests: u64) {
        let place = self.0.partition_point(|before| before.class() < class);
        match self.0.get_mut(place) {
            Some(found) if found.class() == class => *found = Requests::new(class, found.number().saturating_add(requests)),
            _ => self.0.insert(place, Requests::new(class, requests)),
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for requests in &other.0 {
            self.add_to(requests.class(), requests.number());
        }
    }

    /// Adds what was written, in any number of pieces.
    pub(crate) fn read(&mut self, text: &str) {
        for entry in text.split_terminator(',') {
            let numbers = entry.split_once(':').and_then(|(class, requests)| Some((class.parse().ok()?, requests.parse().ok()?)));
            if let Some((class, requests)) = numbers {
                self.add_to(class, requests);
            }
        }
    }

    /// Milliseconds below which `share` of the requests stayed; zero without requests.
    #[expect(clippy::cast_precision_loss, reason = "a rank among requests")]
    fn percentile(&self, share: f64) -> f64 {
        let total: u64 = self.0.iter().map(|requests| requests.number()).sum();
        let rank = (share * total as f64).ceil().max(1.0);
        let mut before = 0;
        for requests in &self.0 {
            before += requests.number();
            if before as f64 >= rank {
                return middle(requests.class());
            }
        }
        0.0
    }

    pub(crate) fn percentiles(&self) -> Percentiles {
        Percentiles { p50: self.percentile(0.50), p95: self.percentile(0.95), p99: self.percentile(0.99) }
    }
}

impl Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|requests| write!(f, "{}:{},", requests.class(), requests.number()))
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
            histogram.add(micros, 1);
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
            histogram.add(micros, 1);
            let (found, exact) = (histogram.percentile(0.5), micros as f64 / 1000.0);
            assert!((found - exact).abs() <= exact * 0.05, "{found} for {exact}");
        }
    }

    #[test]
    fn nonsense_has_a_class_too() {
        assert_eq!((class(i64::MIN), class(0), class(50)), (0, 0, 0));
        assert_eq!(class(i64::MAX), class(600_000_000));
        let mut histogram = Histogram::default();
        histogram.read("x:1,7,:,3:,,9:2");
        assert_eq!(histogram.to_string(), "9:2,");
        assert!(Histogram::default().percentile(0.99).abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_written_in_pieces_is_read_as_one() {
        let (mut one, mut two, mut both) = (Histogram::default(), Histogram::default(), Histogram::default());
        for (micros, requests) in [(10, 3), (900, 1), (900, 4), (70_000, 2)] {
            one.add(micros, requests);
            two.add(micros * 7, requests);
            both.add(micros, requests);
            both.add(micros * 7, requests);
        }
        let mut read = Histogram::default();
        read.read(&format!("{one}{two}"));
        assert_eq!(read, both);
    }
}
