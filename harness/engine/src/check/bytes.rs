//! Check `bytes`.

use proofmark_record::{Direction, What};

use super::{Actor, Selector, selector::check};
use crate::case::ByteCount;
use crate::judge::{Miss, View, count, parts_fit};

check! {
    /// How many bytes of DATA went over the wire.
    pub struct Bytes {
        /// Who sent them.
        pub by: Option<Actor>,
        select: Selector,
        bound: ByteCount,
    }
}

impl Bytes {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let mut misses = Vec::new();
        for group in view.groups(&self.select) {
            let window = match view.window(&self.select, &group) {
                Ok(window) => window,
                Err(miss) => return vec![miss],
            };
            let mut sum = 0;
            for event in window {
                let What::Frame(frame) = &event.what else { continue };
                let ours = frame.direction == Direction::Sent;
                let by = self.by.is_none_or(|by| (by == Actor::Peer) == ours);
                let attempt = self.select.attempt.is_none_or(|attempt| attempt == frame.attempt);
                if by
                    && attempt
                    && frame.frame == "DATA"
                    && parts_fit(&self.select, &group, frame.call.as_ref(), Some((&frame.peer, frame.connection)))
                {
                    sum += u64::from(frame.length);
                }
            }
            misses.extend(count(&group, "of DATA", &self.bound, ByteCount(sum), None));
        }
        misses
    }
}
