//! A client that writes keys as they were given.

use proofmark_wire::Field;

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.upper-case-key",
        deviation: "The key of a request id is sent with capital letters.",
        breaks: &["metadata.key.lower-cased"],
        variant: Variant::ClientWire(|| tampering(|| UpperCaseKey)),
    }
}

#[derive(Debug)]
struct UpperCaseKey;

impl Tamper for UpperCaseKey {
    fn outgoing(&mut self, mut out: Out) -> Vec<Out> {
        if let Out::Block { fields, .. } = &mut out {
            for field in fields.iter_mut().filter(|field| field.is("x-request-id")) {
                *field = Field::new("X-Request-ID", &field.value);
            }
        }
        vec![out]
    }
}
