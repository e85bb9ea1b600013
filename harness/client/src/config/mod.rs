//! The service config: JSON in, checked settings out (gRFC A2, A6, A21, A24; service_config.proto).
//!
//! - [`ServiceConfig`]: the whole; one bad known field rejects all of it, unknown fields are ignored
//! - `method`: `methodConfig`, names and their uniqueness
//! - `retry`: `retryPolicy` and `retryThrottling`
//! - `balancing`: `loadBalancingConfig` and `loadBalancingPolicy`
//! - `field`: typed access to JSON that knows where it is

mod balancing;
mod field;
mod method;
mod retry;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use balancing::Balancing;
pub use field::parse_duration;
pub use method::MethodConfig;
pub use retry::{RetryPolicy, Throttling};

use crate::config::field::Field;

/// A service config that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("service config rejected: {place}: {problem}")]
pub struct ConfigRejected {
    /// Where, as a path into the JSON (`methodConfig[0].timeout`).
    pub place: String,
    /// What is wrong there, and what is wanted.
    pub problem: String,
}

/// A checked service config.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceConfig {
    /// How connections are chosen.
    pub balancing: Balancing,
    /// The token bucket of retries.
    pub throttling: Option<Throttling>,
    methods: BTreeMap<(String, String), Arc<MethodConfig>>,
}

impl ServiceConfig {
    /// Reads a config. `duration` reads one duration text.
    ///
    /// # Errors
    ///
    /// The first bad known field, or that the text is no JSON object.
    pub fn parse(json: &str, duration: &dyn Fn(&str) -> Option<Duration>) -> Result<Self, ConfigRejected> {
        let value = serde_json::from_str(json).map_err(|error| ConfigRejected { place: "text".into(), problem: error.to_string() })?;
        let root = Field::root(&value, duration);
        root.object()?;
        if let Some(health) = root.get("healthCheckConfig") {
            return Err(health.bad("client-side health checking is not supported yet; leave the field out"));
        }
        Ok(Self {
            balancing: balancing::read(&root)?,
            throttling: root.get("retryThrottling").map(|field| retry::read_throttling(&field)).transpose()?,
            methods: method::read_all(&root)?,
        })
    }

    /// The entry with exactly this name; an empty method or service means absent.
    pub fn named(&self, service: &str, method: &str) -> Option<Arc<MethodConfig>> {
        if self.methods.is_empty() {
            return None;
        }
        self.methods.get(&(service.to_owned(), method.to_owned())).cloned()
    }
}

#[cfg(test)]
mod tests;
