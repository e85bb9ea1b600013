//! A server for which an empty result is an error.

use std::collections::BTreeSet;

use proofmark_wire::{Field, kind};

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.empty-lists-fail",
        deviation: "A response stream without messages ends with NOT_FOUND.",
        breaks: &[
            "user.list.streams-in-order",
            "user.chat.interleaved",
            "status.wire.ok-is-explicit",
            "user.metadata.ids-reach-log-and-downstream",
        ],
        variant: Variant::ServerWire(|| tampering(Wanting::default)),
    }
}

#[derive(Debug, Default)]
struct Wanting {
    with_data: BTreeSet<u32>,
}

impl Tamper for Wanting {
    fn outgoing(&mut self, mut out: Out) -> Vec<Out> {
        match &mut out {
            Out::Frame(raw) if raw.kind == kind::DATA => {
                self.with_data.insert(raw.stream);
            }
            Out::Block { stream, fields, end_stream: true } if !self.with_data.contains(stream) => {
                for field in fields.iter_mut().filter(|field| field.is("grpc-status") && *field.value == *b"0") {
                    *field = Field::new("grpc-status", "5");
                }
            }
            _ => {}
        }
        vec![out]
    }
}
