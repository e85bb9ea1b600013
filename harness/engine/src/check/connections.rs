//! Check `connections`.

use serde::Deserialize;

use super::{Actor, Selector, selector::check};

check! {
    /// How many connections there were, of all or of those that ended in some way.
    pub struct Connections {
        /// Who closed them.
        pub closed_by: Option<Actor>,
        /// How they ended.
        pub how: Option<ConnectionEnd>,
        select: Selector,
        bound: u64,
    }
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionEnd {
    /// In order.
    Fin,
    /// By reset.
    Rst,
    /// Announced by GOAWAY.
    Goaway,
    /// It was never made.
    Refused,
}
