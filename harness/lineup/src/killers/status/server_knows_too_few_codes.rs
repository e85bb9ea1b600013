//! A server whose table of codes lacks an entry.

use proofmark_wire::Field;

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.knows-too-few-codes",
        deviation: "DATA_LOSS is not in its table of codes and is sent as UNKNOWN.",
        breaks: &["status.passthrough.every-code-unary", "status.passthrough.after-messages"],
        variant: Variant::ServerWire(|| tampering(|| KnowsTooFewCodes)),
    }
}

#[derive(Debug)]
struct KnowsTooFewCodes;

impl Tamper for KnowsTooFewCodes {
    fn outgoing(&mut self, mut out: Out) -> Vec<Out> {
        if let Out::Block { fields, .. } = &mut out {
            for field in fields.iter_mut().filter(|field| field.is("grpc-status") && field.value == DATA_LOSS) {
                *field = Field::new("grpc-status", "2");
            }
        }
        vec![out]
    }
}

const DATA_LOSS: &str = "15";
