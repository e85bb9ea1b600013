//! The token bucket that all calls of a channel share (gRFC A6, 'Throttling Retry Attempts').

use crate::config::Throttling;
use crate::policy::RetryRules;

/// Counts failures and successes; in thousandths of a token. Without a config it never holds anything back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    config: Option<Throttling>,
    tokens: i64,
}

impl Throttle {
    /// A full bucket.
    pub fn new(config: Option<Throttling>) -> Self {
        Self { config, tokens: config.map_or(0, |config| config.max_tokens) }
    }

    /// Tokens left, in thousandths.
    pub fn tokens(&self) -> i64 {
        self.tokens
    }

    /// Books a success.
    pub fn success(&mut self, rules: &dyn RetryRules) {
        if let Some(config) = self.config {
            self.tokens = rules.after_success(self.tokens, config.token_ratio, config.max_tokens);
        }
    }

    /// Books a failure.
    pub fn failure(&mut self, rules: &dyn RetryRules) {
        if self.config.is_some() {
            self.tokens = rules.after_failure(self.tokens);
        }
    }

    /// Whether retries are held back.
    pub fn holds_back(&self, rules: &dyn RetryRules) -> bool {
        self.config.is_some_and(|config| rules.throttled(self.tokens, config.max_tokens))
    }
}
