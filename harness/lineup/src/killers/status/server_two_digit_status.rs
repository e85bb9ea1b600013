//! A server that writes every code with two digits.

use proofmark_wire::Field;

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.two-digit-status",
        deviation: "grpc-status has two digits: NOT_FOUND is `05`.",
        breaks: &["status.wire.decimal-form", "status.passthrough.every-code-unary", "deadline.server.expiry-wire-form"],
        variant: Variant::ServerWire(|| tampering(|| TwoDigitStatus)),
    }
}

#[derive(Debug)]
struct TwoDigitStatus;

impl Tamper for TwoDigitStatus {
    fn outgoing(&mut self, mut out: Out) -> Vec<Out> {
        if let Out::Block { fields, .. } = &mut out {
            for field in fields.iter_mut().filter(|field| field.is("grpc-status") && field.value.len() == 1) {
                *field = Field::new("grpc-status", [b"0", &field.value[..]].concat());
            }
        }
        vec![out]
    }
}
