//! A server whose drain changes what it announces and not what it does: the final GOAWAY is on the wire, and streams above it are still
//! served.

use bytes::Bytes;
use proofmark_wire::{ErrorCode, Frame, RawFrame, kind};

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.serves-after-the-final-goaway",
        deviation: "A stream above the last stream of the final GOAWAY is handed to a handler.",
        breaks: &["shutdown.streams.after-final-goaway-not-executed"],
        variant: Variant::ServerWire(|| tampering(Announcing::default)),
    }
}

#[derive(Debug, Default)]
struct Announcing {
    seen: u32,
    /// The last stream when the first GOAWAY was sent.
    at_first: Option<u32>,
    /// The ack of the PING that the system still waits for.
    held: Option<RawFrame>,
}

impl Tamper for Announcing {
    fn outgoing(&mut self, out: Out) -> Vec<Out> {
        let Out::Frame(raw) = &out else { return vec![out] };
        match Frame::parse(raw) {
            Ok(Frame::Goaway { .. }) if self.at_first.is_none() => self.at_first = Some(self.seen),
            Ok(Frame::Ping { ack: true, payload: CUE }) => {
                let announced = Frame::Goaway { last_stream: self.seen, error: ErrorCode::NO_ERROR, debug: Bytes::new() };
                return vec![Out::Frame(announced.raw(0))];
            }
            _ => {}
        }
        vec![out]
    }

    fn incoming(&mut self, frame: RawFrame) -> Vec<RawFrame> {
        if frame.kind == kind::HEADERS && frame.stream > self.seen {
            self.seen = frame.stream;
            return [Some(frame), self.held.take()].into_iter().flatten().collect();
        }
        let is_ack = matches!(Frame::parse(&frame), Ok(Frame::Ping { ack: true, .. }));
        if is_ack && self.at_first.is_some_and(|first| self.seen > first) {
            self.held = Some(frame);
            return vec![Frame::Ping { ack: false, payload: CUE }.raw(0)];
        }
        vec![frame]
    }
}

/// A PING in place of the ack; its answer is where the GOAWAY goes.
const CUE: [u8; 8] = *b"announce";
