//! A server that translates its codes to HTTP statuses.

use proofmark_wire::Field;

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.http-status-from-code",
        deviation: "A failure before the first message has the HTTP status that its code stands for: NOT_FOUND is 404.",
        breaks: &["status.wire.http-status-200"],
        variant: Variant::ServerWire(|| tampering(|| HttpStatusFromCode)),
    }
}

#[derive(Debug)]
struct HttpStatusFromCode;

impl Tamper for HttpStatusFromCode {
    fn outgoing(&mut self, mut out: Out) -> Vec<Out> {
        if let Out::Block { fields, .. } = &mut out {
            let code = fields.iter().find(|field| field.is("grpc-status")).map(|field| field.value.clone()).unwrap_or_default();
            let status = match &code[..] {
                b"5" => "404",
                b"7" => "403",
                b"13" => "500",
                b"14" => "503",
                b"16" => "401",
                _ => return vec![out],
            };
            fields.iter_mut().filter(|field| field.is(":status")).for_each(|field| *field = Field::new(":status", status));
        }
        vec![out]
    }
}
