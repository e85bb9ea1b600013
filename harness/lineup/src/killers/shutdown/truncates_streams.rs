//! A server that ends its response streams when the shutdown begins, as if they were complete.

use std::collections::BTreeSet;

use proofmark_wire::{Field, kind};

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.truncates-streams-at-the-signal",
        deviation: "Response streams in flight end with OK after the message that is being sent.",
        breaks: &["shutdown.inflight.server-stream-completes", "shutdown.inflight.bidi-continues", "shutdown.peer.never-reads"],
        variant: Variant::ServerWire(|| tampering(Truncating::default)),
    }
}

#[derive(Debug, Default)]
struct Truncating {
    open: BTreeSet<u32>,
    cut: BTreeSet<u32>,
}

impl Tamper for Truncating {
    fn outgoing(&mut self, out: Out) -> Vec<Out> {
        match &out {
            Out::Block { stream, .. } if self.cut.contains(stream) => return Vec::new(),
            Out::Block { stream, end_stream: false, .. } => {
                self.open.insert(*stream);
            }
            Out::Block { stream, .. } => {
                self.open.remove(stream);
            }
            Out::Frame(raw) if self.cut.contains(&raw.stream) => return Vec::new(),
            Out::Frame(raw) if raw.kind == kind::GOAWAY => {
                let open = std::mem::take(&mut self.open);
                self.cut.extend(&open);
                let ends =
                    open.into_iter().map(|stream| Out::Block { stream, fields: vec![Field::new("grpc-status", "0")], end_stream: true });
                return ends.chain([out.clone()]).collect();
            }
            Out::Frame(_) => {}
        }
        vec![out]
    }
}
