//! Check `stimulus`.

use serde::Deserialize;

use super::Check;

/// Checks that prove that the harm was done: a miss makes the case inconclusive.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Stimulus(pub Vec<Check>);
