//! Reading a service config and finding a method in it.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{ConfigRejected, MethodConfig, ServiceConfig, parse_duration};
use crate::policy::Standard;

/// Decisions about the service config.
pub trait ConfigRules: Debug + Send + Sync {
    /// Reads the whole config; one bad known field rejects all of it.
    ///
    /// # Errors
    ///
    /// What is wrong, and where.
    fn parse(&self, json: &str) -> Result<ServiceConfig, ConfigRejected> {
        ServiceConfig::parse(json, &|text| self.duration(text))
    }

    /// Reads a duration: decimal seconds with up to nine fraction digits and the suffix `s`.
    fn duration(&self, text: &str) -> Option<Duration> {
        parse_duration(text)
    }

    /// The one entry that applies to a method: the exact one, else the service's, else the default.
    fn find(&self, config: &ServiceConfig, service: &str, method: &str) -> Option<Arc<MethodConfig>> {
        let name = |service: &str, method: &str| config.named(service, method);
        name(service, method).or_else(|| name(service, "")).or_else(|| name("", ""))
    }

    /// Whether a call waits for a connection.
    fn wait_for_ready(&self, call: Option<bool>, config: Option<bool>) -> bool {
        call.or(config).unwrap_or(false)
    }

    /// The smaller of two size limits.
    fn message_limit(&self, channel: Option<usize>, config: Option<usize>) -> Option<usize> {
        match (channel, config) {
            (Some(channel), Some(config)) => Some(channel.min(config)),
            (channel, config) => channel.or(config),
        }
    }
}

impl ConfigRules for Standard {}
