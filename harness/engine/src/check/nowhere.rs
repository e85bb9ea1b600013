//! Check `nowhere`.

use serde::Deserialize;

use crate::case::Template;

/// A text that must not be found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nowhere {
    /// The text.
    pub text: Template,
    /// Where it must not be; in all of them if empty.
    #[serde(default, rename = "in")]
    pub places: Vec<Place>,
}

/// Where a text may leak to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// What the system sent to its caller.
    Wire,
    /// What the system wrote down.
    Log,
    /// What the system sent upstream.
    Downstream,
}
