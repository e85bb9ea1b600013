//! Check `any-of`.

use indexmap::IndexMap;
use serde::Deserialize;

use super::Check;

/// Lists of checks by name, of which one must hold as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct AnyOf(pub IndexMap<String, Vec<Check>>);
