//! Texts that a case expects: word for word, or by pattern.

use std::fmt;

use regex::Regex;
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};

/// A regular expression, compiled when the case is loaded.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// When it is no regular expression.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        Regex::new(text).map(Self).map_err(|source| PatternError { text: text.to_owned(), source })
    }

    /// Whether the pattern is found in a text.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// A text that is no regular expression.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{text}` is no regular expression")]
pub struct PatternError {
    text: String,
    source: regex::Error,
}

/// What a status message must be: `text`, or `{matches: pattern}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Exactly this.
    Is(String),
    /// Something in which the pattern is found.
    Matches(Pattern),
}

impl Expected {
    /// Whether a text is as expected.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::Is(expected) => expected == text,
            Self::Matches(pattern) => pattern.is_match(text),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(text) => write!(f, "`{text}`"),
            Self::Matches(pattern) => write!(f, "{pattern}"),
        }
    }
}

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ExpectedVisitor)
    }
}

/// A field of a line of the system's log: a text, or `/pattern/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldText(pub Expected);

impl<'de> Deserialize<'de> for FieldText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(pattern) => Pattern::parse(pattern).map(|pattern| Self(Expected::Matches(pattern))).map_err(de::Error::custom),
            None => Ok(Self(Expected::Is(text))),
        }
    }
}

struct ExpectedVisitor;

impl<'de> Visitor<'de> for ExpectedVisitor {
    type Value = Expected;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or {matches: pattern}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Expected, E> {
        Ok(Expected::Is(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Expected, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Keys {
            matches: Pattern,
        }
        let keys = Keys::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Ok(Expected::Matches(keys.matches))
    }
}
