//! A server that tells of a failure in the middle of the requests only when they have ended.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_wire::{Field, Frame, RawFrame, flag, kind};

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.hears-callers-out",
        deviation: "A call whose handler fails ends after the caller's half-close, not at once.",
        breaks: &["user.batch.failure-in-the-middle", "user.panic.streaming"],
        variant: Variant::ServerWire(|| tampering(Patient::default)),
    }
}

#[derive(Debug, Default)]
struct Patient {
    half_closed: BTreeSet<u32>,
    held: BTreeMap<u32, Vec<Out>>,
}

impl Tamper for Patient {
    fn outgoing(&mut self, out: Out) -> Vec<Out> {
        match &out {
            Out::Block { stream, fields, end_stream: true } if is_failure(fields) && !self.half_closed.contains(stream) => {
                self.held.entry(*stream).or_default().push(out);
                return Vec::new();
            }
            Out::Frame(raw) if self.held.contains_key(&raw.stream) => {
                self.held.entry(raw.stream).or_default().push(out);
                return Vec::new();
            }
            Out::Frame(raw) => {
                if let Ok(Frame::Ping { ack: true, payload: [b'e', b'n', b'd', b' ', a, b, c, d] }) = Frame::parse(raw) {
                    return self.held.remove(&u32::from_be_bytes([a, b, c, d])).unwrap_or_default();
                }
            }
            Out::Block { .. } => {}
        }
        vec![out]
    }

    fn incoming(&mut self, frame: RawFrame) -> Vec<RawFrame> {
        let ends = matches!(frame.kind, kind::DATA | kind::HEADERS) && frame.has(flag::END_STREAM);
        if !ends {
            return vec![frame];
        }
        self.half_closed.insert(frame.stream);
        let [a, b, c, d] = frame.stream.to_be_bytes();
        // its answer is where what was held goes
        let cue =
            self.held.contains_key(&frame.stream).then(|| Frame::Ping { ack: false, payload: [b'e', b'n', b'd', b' ', a, b, c, d] }.raw(0));
        [Some(frame), cue].into_iter().flatten().collect()
    }
}

/// ABORTED and INTERNAL, which only handlers give.
fn is_failure(fields: &[Field]) -> bool {
    fields.iter().any(|field| field.is("grpc-status") && (*field.value == *b"10" || *field.value == *b"13"))
}
