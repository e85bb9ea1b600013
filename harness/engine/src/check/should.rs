//! Check `should`.

use serde::Deserialize;

use super::Check;

/// Checks of which a miss is only a warning.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Should(pub Vec<Check>);
