//! Numbers and switches as HTML forms send them (text, empty, `on`) and as JSON sends them, read
//! by one set of functions for `#[serde(deserialize_with)]`.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserializer, de};

struct Number<T>(PhantomData<T>);

impl<T: FromStr + TryFrom<i64>> de::Visitor<'_> for Number<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        T::try_from(value).map(Some).map_err(|_| E::custom("the number is out of range"))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        i64::try_from(value).map_err(|_| E::custom("the number is out of range")).and_then(|value| self.visit_i64(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
        let value = value.trim();
        if value.is_empty() {
            return Ok(None);
        }
        value.parse().map(Some).map_err(|_| E::custom("expected a whole number"))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// A number, its text, or nothing.
///
/// # Errors
/// When it is something else.
pub fn optional_number<'de, D: Deserializer<'de>, T: FromStr + TryFrom<i64>>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(Number(PhantomData))
}

/// A number or its text.
///
/// # Errors
/// When it is missing or something else.
pub fn number<'de, D: Deserializer<'de>, T: FromStr + TryFrom<i64>>(deserializer: D) -> Result<T, D::Error> {
    optional_number(deserializer)?.ok_or_else(|| de::Error::custom("expected a whole number"))
}

struct Switch;

impl de::Visitor<'_> for Switch {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
        Ok(value)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<bool, E> {
        match value {
            "on" | "true" | "1" => Ok(true),
            "" | "off" | "false" | "0" => Ok(false),
            _ => Err(E::custom("expected true or false")),
        }
    }
}

/// A boolean, or what a checkbox sends. Give the field `#[serde(default)]`: an unticked box sends
/// nothing.
///
/// # Errors
/// When it is something else.
pub fn switch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    deserializer.deserialize_any(Switch)
}
