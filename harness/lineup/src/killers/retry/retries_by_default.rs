//! A client that retries methods which have no policy.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use proofmark_client::config::RetryPolicy;
use proofmark_client::policy::{Policies, RetryRules};
use proofmark_client::{CallKind, Code};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.retries-by-default",
        deviation: "A built-in policy retries UNAVAILABLE on every method that the service config says nothing of.",
        breaks: &[
            "retry.basic.no-policy-single-attempt",
            "service-config.match.entries-not-merged",
            "retry.transparent.goaway-processed-stream-not-retried",
            "retry.transparent.goaway-unprocessed-stream",
            "connection.keepalive.client-timeout-fails-calls",
            "status.conn.lost-mid-call",
        ],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Eager), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Eager;

impl RetryRules for Eager {
    fn policy_for(&self, _kind: CallKind, configured: Option<&RetryPolicy>) -> Option<RetryPolicy> {
        configured.cloned().or_else(|| Some(built_in()))
    }
}

fn built_in() -> RetryPolicy {
    RetryPolicy {
        max_attempts: 3,
        initial_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(1),
        multiplier: 2.0,
        codes: BTreeSet::from([Code::Unavailable as i32]),
    }
}
