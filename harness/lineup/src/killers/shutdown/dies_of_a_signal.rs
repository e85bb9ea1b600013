//! A server without a handler for signals: the default action ends it.

use std::sync::Arc;

use proofmark_service::policy::{Policies, ShutdownPolicy, Step};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "server.dies-of-a-signal",
        deviation: "SIGTERM and SIGINT end the process and every call in flight at once.",
        breaks: &[
            "shutdown.signal.sigterm-starts-drain",
            "shutdown.signal.sigint-starts-drain",
            "health.shutdown.state-latched",
            "health.shutdown.watchers-notified",
            "health.shutdown.check-still-answers",
            "shutdown.close.after-last-stream",
            "shutdown.close.idle-connection-at-once",
            "shutdown.exit.prompt-when-drained",
            "shutdown.goaway.second-after-round-trip",
            "shutdown.exit.status-zero",
            "shutdown.goaway.unacked-ping-bounded",
            "shutdown.grace.expiry-forces",
            "shutdown.inflight.unary-real-status",
            "shutdown.inflight.server-stream-completes",
            "shutdown.inflight.client-stream-completes",
            "shutdown.inflight.bidi-continues",
            "shutdown.long-lived.watch-does-not-hold-drain",
            "shutdown.order.health-before-goaway",
            "shutdown.order.repository-outlives-handlers",
            "shutdown.listener.new-connections-refused",
            "shutdown.peer.never-reads",
            "shutdown.peer.stalled-preface",
            "shutdown.streams.between-goaways-served",
        ],
        variant: Variant::ServerPolicies(|| Policies { shutdown: Arc::new(Mortal), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Mortal;

impl ShutdownPolicy for Mortal {
    fn plan(&self) -> Vec<Step> {
        vec![Step::CloseListener, Step::Force, Step::CloseStore]
    }

    fn cuts_calls(&self) -> bool {
        false
    }

    fn exit_status(&self, _forced: bool) -> u8 {
        143
    }
}
