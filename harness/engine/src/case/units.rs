//! Quantities as cases write them: always with their unit.
//!
//! `80ms`, `99.999999ms`, `16KiB`. A bare number is refused, since nobody can tell what it counts. Fractions are
//! exact: `1.5s` is 1500 ms, and what does not come out in whole nanoseconds or bytes is refused, too.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, de};

/// A number of bytes, written `0B`, `16KiB`, `1MiB` or `1GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ByteCount(pub u64);

impl ByteCount {
    /// The number of bytes as a `usize`, as large as this machine allows.
    #[must_use]
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scale, unit) =
            BYTE_UNITS.iter().rev().find(|(scale, _)| self.0 != 0 && self.0.is_multiple_of(*scale)).unwrap_or(&BYTE_UNITS[0]);
        write!(f, "{}{unit}", self.0 / scale)
    }
}

impl<'de> Deserialize<'de> for ByteCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_bytes(&text).map_err(de::Error::custom)
    }
}

/// What is wrong with a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// A bare number, and the units it could have had.
    #[error("`{number}` has no unit: write {number}{}, {number}{} or another of {}", examples.0, examples.1, known.join(", "))]
    NoUnit {
        /// The number as written.
        number: String,
        /// Two units for the examples.
        examples: (&'static str, &'static str),
        /// All units of this quantity.
        known: Vec<&'static str>,
    },
    /// A number with a unit that does not exist.
    #[error("`{text}` has the unknown unit `{unit}`; units are {}", known.join(", "))]
    UnknownUnit {
        /// The whole text.
        text: String,
        /// What stands where the unit should.
        unit: String,
        /// All units of this quantity.
        known: Vec<&'static str>,
    },
    /// No number at all.
    #[error("`{text}` is no {quantity}; one is written {example}")]
    NoNumber {
        /// The whole text.
        text: String,
        /// `time` or `size`.
        quantity: &'static str,
        /// How one is written.
        example: &'static str,
    },
    /// A fraction of the smallest unit, or more than can be held.
    #[error("`{text}` cannot be held exactly in whole {grain}")]
    Inexact {
        /// The whole text.
        text: String,
        /// The smallest unit.
        grain: &'static str,
    },
}

/// Reads a time: `ns us ms s min h`.
///
/// # Errors
///
/// When the unit is missing or unknown, or the time is not a whole number of nanoseconds.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let nanos = parse(text, &TIME)?;
    Ok(Duration::from_nanos(nanos))
}

/// Reads a size: `B KiB MiB GiB`.
///
/// # Errors
///
/// When the unit is missing or unknown, or the size is not a whole number of bytes.
pub fn parse_bytes(text: &str) -> Result<ByteCount, UnitError> {
    parse(text, &SIZE).map(ByteCount)
}

/// Writes a time the way cases do, in the largest unit that leaves no fraction.
#[must_use]
pub fn show_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let (scale, unit) =
        TIME_UNITS.iter().rev().find(|(scale, _)| nanos != 0 && nanos.is_multiple_of(u128::from(*scale))).unwrap_or(&(1_000_000, "ms"));
    format!("{}{unit}", nanos / u128::from(*scale))
}

/// For `#[serde(deserialize_with)]`: a time with its unit.
///
/// # Errors
///
/// As [`parse_duration`].
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map_err(de::Error::custom)
}

/// For `#[serde(default, deserialize_with)]`: a time that may be left out.
///
/// # Errors
///
/// As [`parse_duration`].
pub fn maybe_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

/// For `#[serde(default, deserialize_with)]`: a plain number, in quotes or not, that may be left out.
///
/// # Errors
///
/// When the text is no number.
pub fn maybe_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(de::Error::custom(format!("`{text}` is no number from 0 to {}", u32::MAX))),
    }
}

/// What a quantity is made of.
struct Quantity {
    name: &'static str,
    example: &'static str,
    grain: &'static str,
    units: &'static [(u64, &'static str)],
    /// Which two units the message about a bare number shows.
    shown: (&'static str, &'static str),
}

fn parse(text: &str, quantity: &Quantity) -> Result<u64, UnitError> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let known = || quantity.units.iter().map(|(_, unit)| *unit).collect();
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        None => (number, ""),
        Some(_) => ("", ""),
    };
    if whole.is_empty() || fraction.contains('.') {
        return Err(UnitError::NoNumber { text: text.to_owned(), quantity: quantity.name, example: quantity.example });
    }
    if unit.is_empty() {
        return Err(UnitError::NoUnit { number: number.to_owned(), examples: quantity.shown, known: known() });
    }
    let Some((scale, _)) = quantity.units.iter().find(|(_, name)| *name == unit) else {
        return Err(UnitError::UnknownUnit { text: text.to_owned(), unit: unit.to_owned(), known: known() });
    };
    scaled(whole, fraction, *scale).ok_or_else(|| UnitError::Inexact { text: text.to_owned(), grain: quantity.grain })
}

/// `whole.fraction` times `scale`, if that is a whole number that can be held.
fn scaled(whole: &str, fraction: &str, scale: u64) -> Option<u64> {
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let divisor = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let product = digits.checked_mul(u128::from(scale))?;
    if !product.is_multiple_of(divisor) {
        return None;
    }
    u64::try_from(product / divisor).ok()
}

const TIME_UNITS: &[(u64, &str)] =
    &[(1, "ns"), (1_000, "us"), (1_000_000, "ms"), (1_000_000_000, "s"), (60 * 1_000_000_000, "min"), (3_600 * 1_000_000_000, "h")];

const BYTE_UNITS: &[(u64, &str)] = &[(1, "B"), (1 << 10, "KiB"), (1 << 20, "MiB"), (1 << 30, "GiB")];

const TIME: Quantity = Quantity { name: "time", example: "300ms or 2s", grain: "nanoseconds", units: TIME_UNITS, shown: ("ms", "s") };

const SIZE: Quantity = Quantity { name: "size", example: "100B or 16KiB", grain: "bytes", units: BYTE_UNITS, shown: ("B", "KiB") };
