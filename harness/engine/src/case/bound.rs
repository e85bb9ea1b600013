//! Bounds of counts, sizes and times.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, de};

use super::units::{self, ByteCount};

/// What a count, size or time must keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound<T> {
    /// `exactly`: this and nothing else; zero says that something is absent.
    Exactly(T),
    /// `at-least`: this or more.
    AtLeast(T),
    /// `at-most`: this or less.
    AtMost(T),
    /// `between: [a, b]`: from a to b, both included.
    Between(T, T),
}

impl<T: Measure> Bound<T> {
    /// The smallest value that keeps the bound, if there is a smallest.
    #[must_use]
    pub fn low(&self) -> Option<T> {
        match *self {
            Self::Exactly(value) | Self::AtLeast(value) | Self::Between(value, _) => Some(value),
            Self::AtMost(_) => None,
        }
    }

    /// The largest value that keeps the bound, if there is a largest.
    #[must_use]
    pub fn high(&self) -> Option<T> {
        match *self {
            Self::Exactly(value) | Self::AtMost(value) | Self::Between(_, value) => Some(value),
            Self::AtLeast(_) => None,
        }
    }

    /// Whether a value keeps the bound, without any tolerance.
    #[must_use]
    pub fn holds(&self, value: T) -> bool {
        self.low().is_none_or(|low| low <= value) && self.high().is_none_or(|high| value <= high)
    }
}

impl<T: Measure> fmt::Display for Bound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(value) => write!(f, "exactly {}", value.show()),
            Self::AtLeast(value) => write!(f, "at least {}", value.show()),
            Self::AtMost(value) => write!(f, "at most {}", value.show()),
            Self::Between(low, high) => write!(f, "between {} and {}", low.show(), high.show()),
        }
    }
}

impl<'de, T: Measure> Deserialize<'de> for Bound<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let keys = BoundKeys::deserialize(deserializer)?;
        keys.one().map_err(de::Error::custom)
    }
}

/// What can be bounded.
pub trait Measure: Copy + PartialOrd {
    /// Reads one from a case.
    ///
    /// # Errors
    ///
    /// When it is no quantity of this kind.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Shows one as cases write it.
    fn show(&self) -> String;
}

impl Measure for u64 {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Measure for ByteCount {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Measure for Duration {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        units::duration(deserializer)
    }

    fn show(&self) -> String {
        units::show_duration(*self)
    }
}

/// A [`Measure`] as serde can read it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured<T>(T);

impl<'de, T: Measure> Deserialize<'de> for Measured<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

/// The four keys of a bound, as they may stand among others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", bound(deserialize = "T: Measure"))]
pub(crate) struct BoundKeys<T> {
    pub(crate) exactly: Option<Measured<T>>,
    pub(crate) at_least: Option<Measured<T>>,
    pub(crate) at_most: Option<Measured<T>>,
    pub(crate) between: Option<(Measured<T>, Measured<T>)>,
}

impl<T: Measure> BoundKeys<T> {
    /// The bound, which must be there.
    pub(crate) fn one(self) -> Result<Bound<T>, BoundError> {
        self.at_most_one()?.ok_or(BoundError::Missing)
    }

    /// The bound, if one is there.
    pub(crate) fn at_most_one(self) -> Result<Option<Bound<T>>, BoundError> {
        let mut given = [
            self.exactly.map(|Measured(value)| Bound::Exactly(value)),
            self.at_least.map(|Measured(value)| Bound::AtLeast(value)),
            self.at_most.map(|Measured(value)| Bound::AtMost(value)),
            self.between.map(|(Measured(low), Measured(high))| Bound::Between(low, high)),
        ]
        .into_iter()
        .flatten();
        let bound = given.next();
        if given.next().is_some() {
            return Err(BoundError::Twice);
        }
        match bound {
            Some(Bound::Between(low, high)) if low > high => Err(BoundError::Reversed { low: low.show(), high: high.show() }),
            bound => Ok(bound),
        }
    }
}

/// What is wrong with a bound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoundError {
    /// None of the four keys.
    #[error("a bound is missing: say one of exactly, at-least, at-most, between")]
    Missing,
    /// More than one of the four keys.
    #[error("the bound is given twice: say only one of exactly, at-least, at-most, between")]
    Twice,
    /// Nothing can lie between them.
    #[error("nothing lies between {low} and {high}: the smaller one comes first")]
    Reversed {
        /// The first one.
        low: String,
        /// The second one.
        high: String,
    },
}
