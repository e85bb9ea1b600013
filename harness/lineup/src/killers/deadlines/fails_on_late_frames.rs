//! A client for which frames of a call that it gave up break the connection.

use std::collections::BTreeSet;

use bytes::{BufMut, BytesMut};
use proofmark_wire::{RawFrame, kind};

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.fails-on-late-frames",
        deviation: "A frame on a stream that the client has reset is a connection error.",
        breaks: &["cancel.client.local-outcome", "deadline.client.late-response-ignored"],
        variant: Variant::ClientWire(|| tampering(Touchy::default)),
    }
}

#[derive(Debug, Default)]
struct Touchy {
    given_up: BTreeSet<u32>,
    last: u32,
    is_broken: bool,
}

impl Tamper for Touchy {
    fn outgoing(&mut self, out: Out) -> Vec<Out> {
        match &out {
            Out::Frame(frame) if frame.kind == kind::RST_STREAM => {
                self.given_up.insert(frame.stream);
            }
            Out::Block { stream, .. } => self.last = *stream,
            Out::Frame(_) => {}
        }
        if self.is_broken { vec![Out::Frame(goaway(self.last))] } else { vec![out] }
    }

    fn incoming(&mut self, frame: RawFrame) -> Vec<RawFrame> {
        self.is_broken |= matches!(frame.kind, kind::DATA | kind::HEADERS) && self.given_up.contains(&frame.stream);
        vec![frame]
    }
}

fn goaway(last: u32) -> RawFrame {
    let mut payload = BytesMut::new();
    payload.put_u32(last);
    payload.put_u32(STREAM_CLOSED);
    RawFrame::new(kind::GOAWAY, 0, 0, payload.freeze())
}

const STREAM_CLOSED: u32 = 0x5;
