//! A client that acts on the first GOAWAY of a connection and on no further one.

use proofmark_wire::{RawFrame, kind};

use crate::killers::{Killer, Variant};
use crate::tamper::{Tamper, tampering};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.heeds-the-first-goaway-only",
        deviation: "A second GOAWAY with a lower last stream changes nothing.",
        breaks: &["shutdown.client.second-goaway-lowers-limit"],
        variant: Variant::ClientWire(|| tampering(FirstOnly::default)),
    }
}

#[derive(Debug, Default)]
struct FirstOnly {
    has_come: bool,
}

impl Tamper for FirstOnly {
    fn incoming(&mut self, frame: RawFrame) -> Vec<RawFrame> {
        let is_further = frame.kind == kind::GOAWAY && std::mem::replace(&mut self.has_come, true);
        if is_further { Vec::new() } else { vec![frame] }
    }
}
