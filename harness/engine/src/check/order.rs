//! Check `order`.

use serde::Deserialize;

use crate::case::Moment;

/// These moments came one after the other, and all of them came.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Order(pub Vec<Moment>);
