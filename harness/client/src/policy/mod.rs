//! Every decision of the channel, as small traits with one default each.
//!
//! A trait's methods are its decisions, and their default bodies are what gRPC asks for; [`Standard`] takes them all. Something else in a
//! decision's place is a type that overrides that one method.
//!
//! - [`RetryRules`]: is it retried, how often, what counts, what is replayed, throttling, transparent retries
//! - [`BackoffRules`]: when a retry starts; reading pushback
//! - [`DeadlineRules`]: the effective timeout, its header, when it is enforced
//! - [`CancelRules`]: what a given-up call does to its stream
//! - [`StatusRules`]: from what the peer sent to a status
//! - [`MetadataRules`]: validation, `-bin`, order, initial and trailing
//! - [`ConfigRules`]: reading a service config and finding a method in it
//! - [`ConnectionRules`]: GOAWAY, reconnecting, keepalive, stream limit
//! - [`BalanceRules`]: which connection takes an attempt

mod backoff;
mod balance;
mod cancel;
mod config;
mod connection;
mod deadline;
mod metadata;
mod retry;
mod status;

use std::sync::Arc;

pub use backoff::BackoffRules;
pub use balance::{BalanceRules, Pick};
pub use cancel::{CancelPhase, CancelRules, WhyAbandoned};
pub use config::ConfigRules;
pub use connection::ConnectionRules;
pub use deadline::{DeadlineFacts, DeadlineRules};
pub use metadata::MetadataRules;
pub use retry::{Commit, Made, RetryRules};
pub(crate) use status::BASE64;
pub use status::{MissingStatus, StatusRules};

/// The default of every trait here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standard;

/// One object a decision family.
#[derive(Clone, Debug)]
pub struct Policies {
    /// Retries.
    pub retry: Arc<dyn RetryRules>,
    /// Waits before retries.
    pub backoff: Arc<dyn BackoffRules>,
    /// Deadlines.
    pub deadline: Arc<dyn DeadlineRules>,
    /// Given-up calls.
    pub cancel: Arc<dyn CancelRules>,
    /// Statuses.
    pub status: Arc<dyn StatusRules>,
    /// Metadata.
    pub metadata: Arc<dyn MetadataRules>,
    /// Service config.
    pub config: Arc<dyn ConfigRules>,
    /// Connections.
    pub connection: Arc<dyn ConnectionRules>,
    /// Load balancing.
    pub balance: Arc<dyn BalanceRules>,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            retry: Arc::new(Standard),
            backoff: Arc::new(Standard),
            deadline: Arc::new(Standard),
            cancel: Arc::new(Standard),
            status: Arc::new(Standard),
            metadata: Arc::new(Standard),
            config: Arc::new(Standard),
            connection: Arc::new(Standard),
            balance: Arc::new(Standard),
        }
    }
}
