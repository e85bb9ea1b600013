//! Templates: quoted texts of a case with parts that are filled in when it runs.
//!
//! `{n}` the number of the repetition, `{lane}` that of the enclosing `at-once` one, `{fill 6KiB}` so much text,
//! `{hex ff}` bytes that are no text, `{text ...}` the hex of that text, `{token}` and `{token expired}` bearer tokens.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

use super::{
    hex::{Hex, HexError, to_hex},
    units::{ByteCount, UnitError, parse_bytes},
};

/// A text with parts that are filled in when the case runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// When braces do not match, or what is between them is no word of the language.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            parts.extend(literal(&rest[..open]));
            let inside = &rest[open + 1..];
            let close = inside.find('}').ok_or_else(|| TemplateError::Unclosed { text: text.to_owned() })?;
            parts.push(Part::parse(&inside[..close])?);
            rest = &inside[close + 1..];
        }
        parts.extend(literal(rest));
        Ok(Self { text: text.to_owned(), parts })
    }

    /// The text as the case has it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the text is to be, now.
    #[must_use]
    pub fn expand(&self, context: &Context<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in &self.parts {
            part.write(context, &mut bytes);
        }
        bytes
    }

    /// What the text is to be, now, where it must be text: bytes that are none are replaced.
    #[must_use]
    pub fn expand_text(&self, context: &Context<'_>) -> String {
        String::from_utf8_lossy(&self.expand(context)).into_owned()
    }

    /// Whether nothing is to be filled in.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Literal(_)))
    }

    /// Whether a bearer token is to be filled in.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Token | Part::ExpiredToken))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Its name tells the loader that braces must stand in quotes.
        #[derive(Deserialize)]
        #[serde(rename = "Template")]
        struct Text(String);
        let Text(text) = Text::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// What a template is filled in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a> {
    /// The number of the repetition, from 1.
    pub n: u64,
    /// The number of the enclosing `at-once` repetition, from 1.
    pub lane: u64,
    /// A bearer token that is good in this run.
    pub token: &'a str,
    /// A bearer token that was good once.
    pub expired_token: &'a str,
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace that is never closed.
    #[error("`{text}` has a `{{` without a `}}`")]
    Unclosed {
        /// The whole text.
        text: String,
    },
    /// No such word.
    #[error(
        "`{{{word}}}` is no template; there are {{n}}, {{lane}}, {{fill 6KiB}}, {{hex ff}}, {{text ...}}, {{token}}, {{token expired}}"
    )]
    Unknown {
        /// What stands between the braces.
        word: String,
    },
    /// `fill` with a wrong size.
    #[error(transparent)]
    Fill(#[from] UnitError),
    /// `hex` with something else.
    #[error(transparent)]
    Hex(#[from] HexError),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Number,
    Lane,
    Fill(ByteCount),
    Hex(Hex),
    TextAsHex(String),
    Token,
    ExpiredToken,
}

impl Part {
    fn parse(inside: &str) -> Result<Self, TemplateError> {
        let (word, rest) = inside.split_once(' ').unwrap_or((inside, ""));
        match (word, rest) {
            ("n", "") => Ok(Self::Number),
            ("lane", "") => Ok(Self::Lane),
            ("token", "") => Ok(Self::Token),
            ("token", "expired") => Ok(Self::ExpiredToken),
            ("fill", size) => Ok(Self::Fill(parse_bytes(size)?)),
            ("hex", digits) => Ok(Self::Hex(Hex::parse(digits)?)),
            ("text", text) => Ok(Self::TextAsHex(text.to_owned())),
            _ => Err(TemplateError::Unknown { word: inside.to_owned() }),
        }
    }

    fn write(&self, context: &Context<'_>, bytes: &mut Vec<u8>) {
        match self {
            Self::Literal(text) => bytes.extend_from_slice(text.as_bytes()),
            Self::Number => bytes.extend_from_slice(context.n.to_string().as_bytes()),
            Self::Lane => bytes.extend_from_slice(context.lane.to_string().as_bytes()),
            Self::Fill(size) => bytes.extend((b'a'..=b'z').cycle().take(size.as_usize())),
            Self::Hex(Hex(raw)) => bytes.extend_from_slice(raw),
            Self::TextAsHex(text) => bytes.extend_from_slice(to_hex(text.as_bytes()).as_bytes()),
            Self::Token => bytes.extend_from_slice(context.token.as_bytes()),
            Self::ExpiredToken => bytes.extend_from_slice(context.expired_token.as_bytes()),
        }
    }
}

fn literal(text: &str) -> Option<Part> {
    (!text.is_empty()).then(|| Part::Literal(text.to_owned()))
}
