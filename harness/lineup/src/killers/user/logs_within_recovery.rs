//! A server whose access log sits inside recovery and auth.

use std::sync::Arc;

use proofmark_service::policy::{LogPolicy, Policies, Record};
use tonic::Code;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.logs-within-recovery",
        deviation: "Calls that panic or are not let in leave no line.",
        breaks: &["user.log.one-line-per-unary-call", "user.auth.missing-token", "user.log.one-line-per-stream-at-end"],
        variant: Variant::ServerPolicies(|| Policies { log: Arc::new(Inner), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Inner;

impl LogPolicy for Inner {
    fn at_end(&self, record: Record) -> Vec<Record> {
        if matches!(record.code, Code::Internal | Code::Unauthenticated) { Vec::new() } else { vec![record] }
    }
}
