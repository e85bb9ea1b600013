//! A server whose map of errors has no row for the end of a call's context.

use std::sync::Arc;

use proofmark_service::policy::{LogPolicy, Policies, Record};
use tonic::Code;

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.logs-cancellation-as-internal",
        deviation: "A call that was cancelled or ran out of time is logged as INTERNAL.",
        breaks: &[
            "user.errors.deadline-and-cancel-kept",
            "user.list.cancel-stops-work",
            "user.log.one-line-per-stream-at-end",
            "health.watch.cancel-releases-watcher",
        ],
        variant: Variant::ServerPolicies(|| Policies { log: Arc::new(Unmapped), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Unmapped;

impl LogPolicy for Unmapped {
    fn at_end(&self, mut record: Record) -> Vec<Record> {
        if matches!(record.code, Code::Cancelled | Code::DeadlineExceeded) {
            record.code = Code::Internal;
        }
        vec![record]
    }
}
