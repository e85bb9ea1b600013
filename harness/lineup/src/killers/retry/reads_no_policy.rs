//! A client that parses retry policies and never consults them.

use std::sync::Arc;

use proofmark_client::CallKind;
use proofmark_client::config::RetryPolicy;
use proofmark_client::policy::{Policies, RetryRules};

use crate::killers::{Killer, Variant};

pub(super) fn killer() -> Killer {
    Killer {
        name: "client.reads-no-policy",
        deviation: "A retry policy in the service config changes nothing.",
        breaks: &[
            "retry.basic.retryable-status-is-retried",
            "retry.basic.other-status-is-final",
            "retry.basic.max-attempts-includes-first",
            "retry.basic.last-attempt-is-what-the-caller-sees",
            "retry.basic.unknown-status-with-policy",
            "retry.basic.reset-before-headers-uses-mapped-status",
            "retry.basic.connection-loss-before-headers",
            "retry.basic.http-error-without-grpc-status",
            "retry.backoff.first-delay-window",
            "retry.backoff.jitter-varies",
            "retry.backoff.grows-by-multiplier",
            "retry.backoff.capped-at-max",
            "retry.pushback.delay-is-exact",
            "retry.pushback.zero-retries-at-once",
            "retry.throttle.stops-at-half",
            "retry.replay.stream-messages-in-order",
            "retry.replay.later-messages-once",
            "retry.deadline.spans-all-attempts",
            "retry.attempts-header.counts-preceding-attempts",
            "service-config.match.exact-method-wins",
            "service-config.match.fallback-order",
            "retry.backoff.cancel-while-waiting",
        ],
        variant: Variant::ClientPolicies(|| Policies { retry: Arc::new(Deaf), ..Policies::default() }),
    }
}

#[derive(Debug)]
struct Deaf;

impl RetryRules for Deaf {
    fn policy_for(&self, _kind: CallKind, _configured: Option<&RetryPolicy>) -> Option<RetryPolicy> {
        None
    }
}
