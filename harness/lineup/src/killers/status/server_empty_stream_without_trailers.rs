//! A server that ends a stream without messages without a status.

use std::collections::BTreeSet;

use proofmark_wire::kind;

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.empty-stream-without-trailers",
        deviation: "A stream that is OK and has no messages ends without grpc-status.",
        breaks: &[
            "status.wire.ok-is-explicit",
            "user.chat.interleaved",
            "user.list.streams-in-order",
            "user.metadata.ids-reach-log-and-downstream",
        ],
        variant: Variant::ServerWire(|| tampering(EmptyStreamWithoutTrailers::default)),
    }
}

#[derive(Debug, Default)]
struct EmptyStreamWithoutTrailers {
    with_messages: BTreeSet<u32>,
}

impl Tamper for EmptyStreamWithoutTrailers {
    fn outgoing(&mut self, mut out: Out) -> Vec<Out> {
        match &mut out {
            Out::Frame(frame) if frame.kind == kind::DATA => {
                self.with_messages.insert(frame.stream);
            }
            Out::Block { stream, fields, end_stream: true } if !self.with_messages.remove(stream) => {
                fields.retain(|field| !(field.is("grpc-status") && field.value == "0"));
            }
            _ => {}
        }
        vec![out]
    }
}
