//! Check `credit`.

use std::collections::BTreeMap;

use proofmark_record::{Direction, FrameSays, What};
use proofmark_wire::{DEFAULT_WINDOW, setting};

use super::{Selector, selector::check};
use crate::judge::{Miss, View, parts_fit};

check! {
    /// The ledger of flow-control window.
    pub struct Credit {
        /// Whether more was sent than the window allowed.
        pub overdrawn: Option<bool>,
        /// Whether all window that was used was given back.
        pub returned: Option<bool>,
        select: Selector,
    }
}

impl Credit {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let mut misses = Vec::new();
        for group in view.groups(&self.select) {
            let mut ledgers: BTreeMap<(&str, u32), Ledger> = BTreeMap::new();
            for event in view.events {
                let What::Frame(frame) = &event.what else { continue };
                if !parts_fit(
                    &Selector { call: None, ..self.select.clone() },
                    &group,
                    frame.call.as_ref(),
                    Some((&frame.peer, frame.connection)),
                ) && frame.call.is_some()
                {
                    continue;
                }
                let ledger = ledgers.entry((&frame.peer, frame.connection)).or_default();
                if let Some(text) = ledger.book(frame)
                    && self.overdrawn == Some(false)
                {
                    misses.push(Miss::new(group.name("no more is sent than the window allows"), text).at(event));
                }
            }
            if self.returned == Some(true) {
                for ((peer, connection), ledger) in &ledgers {
                    if ledger.received_from_peer > ledger.returned + i64::from(DEFAULT_WINDOW) {
                        let missing = ledger.received_from_peer - ledger.returned;
                        misses.push(Miss::new(
                            group.name("window that was used is given back"),
                            format!("{missing} B are missing on connection {connection} of {peer}"),
                        ));
                    }
                }
            }
        }
        misses
    }
}

/// What one connection may send, and has.
struct Ledger {
    connection: i64,
    initial: i64,
    streams: BTreeMap<u32, i64>,
    received_from_peer: i64,
    returned: i64,
}

impl Default for Ledger {
    fn default() -> Self {
        let window = i64::from(DEFAULT_WINDOW);
        Self { connection: window, initial: window, streams: BTreeMap::new(), received_from_peer: 0, returned: 0 }
    }
}

impl Ledger {
    fn book(&mut self, frame: &proofmark_record::FrameEvent) -> Option<String> {
        let length = i64::from(frame.length);
        match (frame.direction, &frame.says) {
            (Direction::Sent, FrameSays::Settings { ack: false, values }) => {
                for (_, value) in values.iter().filter(|(id, _)| *id == setting::INITIAL_WINDOW_SIZE) {
                    let change = i64::from(*value) - self.initial;
                    self.initial += change;
                    self.streams.values_mut().for_each(|window| *window += change);
                }
            }
            (Direction::Sent, FrameSays::Window { increment }) if frame.stream == 0 => self.connection += i64::from(*increment),
            (Direction::Sent, FrameSays::Window { increment }) => {
                *self.streams.entry(frame.stream).or_insert(self.initial) += i64::from(*increment);
            }
            (Direction::Received, FrameSays::Window { increment }) if frame.stream == 0 => self.returned += i64::from(*increment),
            (Direction::Sent, FrameSays::Data { .. }) => self.received_from_peer += length,
            (Direction::Received, FrameSays::Data { .. }) => {
                self.connection -= length;
                let stream = self.streams.entry(frame.stream).or_insert(self.initial);
                *stream -= length;
                let least = self.connection.min(*stream);
                return (least < 0).then(|| format!("{} B too many on stream {}", -least, frame.stream));
            }
            _ => {}
        }
        None
    }
}
