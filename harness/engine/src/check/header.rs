//! Check `header`.

use std::time::Duration;

use serde::Deserialize;

use super::{CheckError, Selector, selector::check};
use crate::case::{Bound, Template, text::Pattern};

/// One field of a header block or of the metadata made from it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Header {
    /// What is looked at.
    pub select: Selector,
    /// In which block.
    pub block: Block,
    /// Which field.
    pub name: String,
    /// What is demanded of it.
    pub says: HeaderSays,
}

/// Where a field is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// The request headers on the wire.
    Request,
    /// The response headers on the wire.
    Response,
    /// The trailers on the wire; a Trailers-Only block is trailers.
    Trailers,
    /// The initial metadata as the application got them.
    Initial,
    /// The trailing metadata as the application got them.
    Trailing,
    /// The metadata as the handler saw them.
    Handler,
}

/// What is demanded of a field. Values of `-bin` keys are hex; on the wire, lists are compared after joining by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderSays {
    /// It is there once, with this value.
    Is(Template),
    /// It is there with these values, in order.
    Are(Vec<Template>),
    /// It is there once, with one of these values.
    OneOf(Vec<Template>),
    /// It is there, and the pattern is found in it.
    Matches(Pattern),
    /// It is not there.
    Absent,
    /// Its values are what the call itself sent.
    Own,
    /// It is the same wherever it is looked at.
    Same,
    /// It is different wherever it is looked at.
    Distinct,
    /// Each one is smaller than the one before.
    Decreasing,
    /// Read as a timeout it keeps this bound.
    Decoded(Bound<Duration>),
}

check! {
    /// The keys of the check.
    struct Keys {
        /// In which block.
        #[serde(rename = "in")]
        pub block: Block,
        /// Which field.
        pub name: String,
        /// [`HeaderSays::Is`].
        pub is: Option<Template>,
        /// [`HeaderSays::Are`].
        pub are: Option<Vec<Template>>,
        /// [`HeaderSays::OneOf`].
        pub one_of: Option<Vec<Template>>,
        /// [`HeaderSays::Matches`].
        pub matches: Option<Pattern>,
        /// [`HeaderSays::Absent`].
        #[serde(default)]
        pub absent: bool,
        /// [`HeaderSays::Own`].
        #[serde(default)]
        pub own: bool,
        /// [`HeaderSays::Same`].
        #[serde(default)]
        pub same: bool,
        /// [`HeaderSays::Distinct`].
        #[serde(default)]
        pub distinct: bool,
        /// [`HeaderSays::Decreasing`].
        #[serde(default)]
        pub decreasing: bool,
        /// [`HeaderSays::Decoded`].
        pub decoded: Option<Bound<Duration>>,
        select: Selector,
    }
}

impl TryFrom<Keys> for Header {
    type Error = CheckError;

    fn try_from(keys: Keys) -> Result<Self, CheckError> {
        let mut given = [
            keys.is.map(HeaderSays::Is),
            keys.are.map(HeaderSays::Are),
            keys.one_of.map(HeaderSays::OneOf),
            keys.matches.map(HeaderSays::Matches),
            keys.absent.then_some(HeaderSays::Absent),
            keys.own.then_some(HeaderSays::Own),
            keys.same.then_some(HeaderSays::Same),
            keys.distinct.then_some(HeaderSays::Distinct),
            keys.decreasing.then_some(HeaderSays::Decreasing),
            keys.decoded.map(HeaderSays::Decoded),
        ]
        .into_iter()
        .flatten();
        match (given.next(), given.next()) {
            (Some(says), None) => {
                Ok(Self { select: keys.select, block: keys.block, name: keys.name, says })
            }
            _ => Err(CheckError::HeaderSays),
        }
    }
}
