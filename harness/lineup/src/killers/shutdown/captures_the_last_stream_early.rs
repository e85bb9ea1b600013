//! A server that captures the last stream when the shutdown begins.

use proofmark_wire::{Frame, RawFrame};

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.captures-the-last-stream-early",
        deviation: "The final GOAWAY does not name streams that were opened after the first one.",
        breaks: &["shutdown.goaway.second-carries-last-accepted"],
        variant: Variant::ServerWire(|| tampering(Early::default)),
    }
}

#[derive(Debug, Default)]
struct Early {
    seen: u32,
    captured: Option<u32>,
}

impl Tamper for Early {
    fn outgoing(&mut self, out: Out) -> Vec<Out> {
        let Out::Frame(raw) = &out else { return vec![out] };
        match (Frame::parse(raw), self.captured) {
            (Ok(Frame::Goaway { error, debug, .. }), Some(captured)) => {
                vec![Out::Frame(Frame::Goaway { last_stream: captured, error, debug }.raw(0))]
            }
            (Ok(Frame::Goaway { .. }), None) => {
                self.captured = Some(self.seen);
                vec![out]
            }
            _ => vec![out],
        }
    }

    fn incoming(&mut self, frame: RawFrame) -> Vec<RawFrame> {
        self.seen = self.seen.max(frame.stream);
        vec![frame]
    }
}
