//! Money: minor units of a currency, integers only. Every rounding is half away from zero.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Currencies that a plan can be priced in; all of them have two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub enum Currency {
    #[default]
    #[serde(rename = "EUR")]
    Eur,
    #[serde(rename = "USD")]
    Usd,
    #[serde(rename = "GBP")]
    Gbp,
}

impl Currency {
    pub const ALL: [Self; 3] = [Self::Eur, Self::Usd, Self::Gbp];

    /// ISO 4217.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Eur => "EUR",
            Self::Usd => "USD",
            Self::Gbp => "GBP",
        }
    }

    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Eur => "€",
            Self::Usd => "$",
            Self::Gbp => "£",
        }
    }

    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.code() == code)
    }
}

/// `amount` in minor units, so €12.50 is 1250.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Money {
    pub amount: i64,
    pub currency: Currency,
}

impl Money {
    #[must_use]
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Reads `12`, `12.5` or `12.50`; `None` for anything else or beyond a hundred million.
    #[must_use]
    pub fn parse_major(text: &str, currency: Currency) -> Option<Self> {
        let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 9 || fraction.len() > 2 || !digits(whole) || !digits(fraction) {
            return None;
        }
        let minor: i64 = format!("{fraction:0<2}").parse().ok()?;
        Some(Self::new(whole.parse::<i64>().ok()? * 100 + minor, currency))
    }

    /// `12.50`, for form fields.
    #[must_use]
    pub fn major(self) -> String {
        let sign = if self.amount < 0 { "-" } else { "" };
        let amount = self.amount.unsigned_abs();
        format!("{sign}{}.{:02}", amount / 100, amount % 100)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.amount < 0 { "−" } else { "" };
        let amount = self.amount.unsigned_abs();
        write!(f, "{sign}{}{}.{:02}", self.currency.symbol(), group(amount / 100), amount % 100)
    }
}

/// Digits in groups of three: `1,234,567`.
#[must_use]
pub fn group(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `amount × part / whole`, rounded half away from zero. `None` when `whole` is zero or the
/// result does not fit.
#[must_use]
pub fn prorate(amount: i64, part: i64, whole: i64) -> Option<i64> {
    if whole == 0 {
        return None;
    }
    let (product, whole) = (i128::from(amount) * i128::from(part), i128::from(whole));
    let doubled = product.checked_mul(2)?;
    let half = whole.abs() * doubled.signum() * whole.signum();
    let rounded = (doubled + half * whole.signum()).checked_div(whole.checked_mul(2)?)?;
    i64::try_from(rounded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_prorations_come_out_to_the_cent() {
        assert_eq!(prorate(1000, 1, 2), Some(500));
        assert_eq!(prorate(1995, 8, 30), Some(532));
        assert_eq!(prorate(1995, 22, 30), Some(1463));
        assert_eq!(prorate(-1000, 881_032, 2_419_200), Some(-364));
        assert_eq!(prorate(5, 1, 2), Some(3));
        assert_eq!(prorate(-5, 1, 2), Some(-3));
        assert_eq!(prorate(1, 1, 0), None);
    }

    #[test]
    fn prices_typed_by_people_are_read_or_refused() {
        let read = |text| Money::parse_major(text, Currency::Eur).map(|money| money.amount);
        assert_eq!(read("12"), Some(1200));
        assert_eq!(read("12.5"), Some(1250));
        assert_eq!(read(" 0.07 "), Some(7));
        for nonsense in ["", ".5", "1,5", "1.234", "-1", "1e3", "9999999999"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn amounts_are_shown_with_groups_and_sign() {
        assert_eq!(Money::new(123_456_789, Currency::Eur).to_string(), "€1,234,567.89");
        assert_eq!(Money::new(-5, Currency::Usd).to_string(), "−$0.05");
    }
}
