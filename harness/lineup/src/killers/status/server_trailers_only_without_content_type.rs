//! A server that forgets what it answers with.

use crate::killers::{Killer, Variant};
use crate::tamper::{Out, Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.trailers-only-without-content-type",
        deviation: "A failure before the first message has no content-type.",
        breaks: &["status.trailers-only.server-shape"],
        variant: Variant::ServerWire(|| tampering(|| TrailersOnlyWithoutContentType)),
    }
}

#[derive(Debug)]
struct TrailersOnlyWithoutContentType;

impl Tamper for TrailersOnlyWithoutContentType {
    fn outgoing(&mut self, mut out: Out) -> Vec<Out> {
        if let Out::Block { fields, end_stream: true, .. } = &mut out {
            fields.retain(|field| !field.is("content-type"));
        }
        vec![out]
    }
}
