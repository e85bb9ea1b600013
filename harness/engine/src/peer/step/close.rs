//! Step `close`.

use serde::Deserialize;

use crate::case::fault::CloseHow;

/// Closes the connection, in order or by reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Close(pub CloseHow);
