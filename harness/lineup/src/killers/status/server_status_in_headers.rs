//! A server that says OK before it knows.

use std::collections::BTreeSet;

use proofmark_wire::Field;

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.status-in-headers",
        deviation: "Response headers carry grpc-status 0 in the hope of success; the block that ends the stream follows.",
        breaks: &["status.wire.trailers-end-stream", "metadata.reserved.handler-cannot-override", "user.get.response-trailer"],
        variant: Variant::ServerWire(|| tampering(StatusInHeaders::default)),
    }
}

#[derive(Debug, Default)]
struct StatusInHeaders {
    open: BTreeSet<u32>,
}

impl Tamper for StatusInHeaders {
    fn outgoing(&mut self, out: Out) -> Vec<Out> {
        let Out::Block { stream, mut fields, end_stream } = out else { return vec![out] };
        if end_stream && self.open.remove(&stream) {
            return vec![Out::Block { stream, fields, end_stream }];
        }
        if !end_stream {
            self.open.insert(stream);
            fields.push(Field::new("grpc-status", "0"));
            return vec![Out::Block { stream, fields, end_stream }];
        }
        let (mut head, tail): (Vec<Field>, Vec<Field>) =
            fields.into_iter().partition(|field| field.is(":status") || field.is("content-type"));
        head.push(Field::new("grpc-status", "0"));
        vec![Out::Block { stream, fields: head, end_stream: false }, Out::Block { stream, fields: tail, end_stream: true }]
    }
}
