//! Check `connections`.

use proofmark_record::{Actor as By, Direction, Ending, FrameSays, What};

use crate::judge::{Miss, View, count};
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

impl Connections {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let mut misses = Vec::new();
        for group in view.groups(&self.select) {
            let window = match view.window(&self.select, &group) {
                Ok(window) => window,
                Err(miss) => return vec![miss],
            };
            let here = |peer: &str, connection: u32| {
                let peer_fits = self.select.peer.as_deref().or(group.peer.as_deref()).is_none_or(|wanted| wanted == peer);
                peer_fits && self.select.connection.or(group.connection).is_none_or(|wanted| wanted == connection)
            };
            let seen = window.iter().filter(|event| self.counts(&event.what, &here)).count();
            misses.extend(count(&group, "connections", &self.bound, seen as u64, None));
        }
        misses
    }

    fn counts(&self, what: &What, here: &dyn Fn(&str, u32) -> bool) -> bool {
        let by = |system: bool| self.closed_by.is_none_or(|wanted| (wanted == Actor::System) == system);
        match (self.how, what) {
            (Some(ConnectionEnd::Refused), What::ConnectionRefused { peer, connection, .. }) => here(peer, *connection),
            (Some(ConnectionEnd::Goaway), What::Frame(frame)) => {
                let system = frame.direction == Direction::Received;
                matches!(frame.says, FrameSays::Goaway { .. }) && here(&frame.peer, frame.connection) && by(system)
            }
            (Some(ConnectionEnd::Fin), What::ConnectionClosed { peer, connection, by: who, how: Ending::Fin })
            | (Some(ConnectionEnd::Rst), What::ConnectionClosed { peer, connection, by: who, how: Ending::Rst }) => {
                here(peer, *connection) && by(*who == By::System)
            }
            (None, What::ConnectionClosed { peer, connection, by: who, .. }) => {
                self.closed_by.is_some() && here(peer, *connection) && by(*who == By::System)
            }
            (None, What::ConnectionOpened { peer, connection }) => self.closed_by.is_none() && here(peer, *connection),
            _ => false,
        }
    }
}
