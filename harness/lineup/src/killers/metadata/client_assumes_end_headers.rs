//! A client that takes the first frame for the whole header block.

use proofmark_wire::{RawFrame, flag, kind};

use crate::killers::{Killer, Variant};
use crate::tamper::{Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.assumes-end-headers",
        deviation: "END_HEADERS is assumed on HEADERS, and CONTINUATION is not read.",
        breaks: &["metadata.size.continuation"],
        variant: Variant::ClientWire(|| tampering(|| AssumesEndHeaders)),
    }
}

#[derive(Debug)]
struct AssumesEndHeaders;

impl Tamper for AssumesEndHeaders {
    fn incoming(&mut self, mut frame: RawFrame) -> Vec<RawFrame> {
        match frame.kind {
            kind::CONTINUATION => Vec::new(),
            kind::HEADERS => {
                frame.flags |= flag::END_HEADERS;
                vec![frame]
            }
            _ => vec![frame],
        }
    }
}
