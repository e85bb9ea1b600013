//! A server that reads nothing more of its open calls once it has said goodbye.

use proofmark_wire::{RawFrame, kind};

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.stops-reading-after-goaway",
        deviation: "Messages that open calls send after GOAWAY are not read.",
        breaks: &["shutdown.inflight.client-stream-completes", "shutdown.inflight.bidi-continues"],
        variant: Variant::ServerWire(|| tampering(Deaf::default)),
    }
}

#[derive(Debug, Default)]
struct Deaf {
    seen: u32,
    at_first: Option<u32>,
}

impl Tamper for Deaf {
    fn outgoing(&mut self, out: Out) -> Vec<Out> {
        if matches!(&out, Out::Frame(raw) if raw.kind == kind::GOAWAY) {
            self.at_first.get_or_insert(self.seen);
        }
        vec![out]
    }

    fn incoming(&mut self, frame: RawFrame) -> Vec<RawFrame> {
        self.seen = self.seen.max(frame.stream);
        let is_of_open_call = self.at_first.is_some_and(|first| frame.stream <= first);
        if frame.kind == kind::DATA && is_of_open_call { Vec::new() } else { vec![frame] }
    }
}
