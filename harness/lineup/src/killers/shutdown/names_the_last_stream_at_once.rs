//! A server whose first GOAWAY names the last stream that it has seen.

use proofmark_wire::{Frame, RawFrame};

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.names-the-last-stream-at-once",
        deviation: "The first GOAWAY carries the last stream seen, not the largest id there is.",
        breaks: &["shutdown.goaway.first-with-max-id"],
        variant: Variant::ServerWire(|| tampering(AtOnce::default)),
    }
}

#[derive(Debug, Default)]
struct AtOnce {
    seen: u32,
}

impl Tamper for AtOnce {
    fn outgoing(&mut self, out: Out) -> Vec<Out> {
        let Out::Frame(raw) = &out else { return vec![out] };
        match Frame::parse(raw) {
            Ok(Frame::Goaway { last_stream: LARGEST, error, debug }) => {
                vec![Out::Frame(Frame::Goaway { last_stream: self.seen, error, debug }.raw(0))]
            }
            _ => vec![out],
        }
    }

    fn incoming(&mut self, frame: RawFrame) -> Vec<RawFrame> {
        self.seen = self.seen.max(frame.stream);
        vec![frame]
    }
}

/// The largest id of a stream.
const LARGEST: u32 = 0x7fff_ffff;
