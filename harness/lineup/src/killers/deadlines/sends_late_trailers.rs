//! A server whose handlers write their trailers although their call has expired.

use proofmark_wire::Field;

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.sends-late-trailers",
        deviation: "The late end of a handler is sent on its stream, which the deadline has ended.",
        breaks: &[
            "deadline.server.nothing-after-expiry",
            "cancel.both.neighbours-unaffected",
            "deadline.gateway.no-call-after-budget-spent",
            "deadline.server.client-stream-awaiting-input",
            "deadline.server.handler-cancelled",
            "deadline.server.server-stream-mid-response",
            "deadline.server.terminates-call",
            "deadline.server.unit-table",
            "status.passthrough.after-messages",
            "status.passthrough.every-code-unary",
            "status.wire.decimal-form",
            "user.errors.deadline-and-cancel-kept",
        ],
        variant: Variant::ServerWire(|| tampering(Late::default)),
    }
}

#[derive(Debug, Default)]
struct Late {
    expired: Vec<u32>,
}

impl Tamper for Late {
    fn outgoing(&mut self, out: Out) -> Vec<Out> {
        let Out::Block { stream, fields, end_stream: true } = &out else { return vec![out] };
        let stream = *stream;
        let is_expiry = fields.iter().any(|field| field.is("grpc-status") && field.value == *DEADLINE_EXCEEDED);
        if is_expiry {
            self.expired.push(stream);
            return vec![out];
        }
        // the handlers of expired calls come to their end when others do
        let late =
            self.expired.drain(..).map(|stream| Out::Block { stream, fields: vec![Field::new("grpc-status", "0")], end_stream: true });
        late.chain([out.clone()]).collect()
    }
}

const DEADLINE_EXCEEDED: &[u8] = b"4";
