//! `methodConfig`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::config::ConfigRejected;
use crate::config::field::Field;
use crate::config::retry::{self, RetryPolicy};

/// Settings of the methods that one entry names. Nothing is filled in from other entries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MethodConfig {
    /// The default timeout.
    pub timeout: Option<Duration>,
    /// The default for waiting for readiness.
    pub wait_for_ready: Option<bool>,
    /// Largest request message.
    pub max_request: Option<usize>,
    /// Largest response message.
    pub max_response: Option<usize>,
    /// Retries.
    pub retry: Option<RetryPolicy>,
}

type Methods = BTreeMap<(String, String), Arc<MethodConfig>>;

pub(crate) fn read_all(root: &Field<'_>) -> Result<Methods, ConfigRejected> {
    let mut methods = Methods::new();
    let Some(entries) = root.get("methodConfig") else {
        return Ok(methods);
    };
    for entry in entries.list()? {
        entry.object()?;
        let config = Arc::new(read(&entry)?);
        let names = entry.get("name").map_or_else(|| Ok(Vec::new()), |names| names.list())?;
        for name in names {
            let key = read_name(&name)?;
            if methods.insert(key, config.clone()).is_some() {
                return Err(name.bad("this name occurs a second time; a name may occur once in the whole config"));
            }
        }
    }
    Ok(methods)
}

fn read(entry: &Field<'_>) -> Result<MethodConfig, ConfigRejected> {
    if let Some(hedging) = entry.get("hedgingPolicy") {
        return Err(hedging.bad("hedging is not supported yet; use retryPolicy or leave the field out"));
    }
    Ok(MethodConfig {
        timeout: entry.get("timeout").map(|field| field.duration()).transpose()?,
        wait_for_ready: entry.get("waitForReady").map(|field| field.bool()).transpose()?,
        max_request: entry.get("maxRequestMessageBytes").map(|field| size(&field)).transpose()?,
        max_response: entry.get("maxResponseMessageBytes").map(|field| size(&field)).transpose()?,
        retry: entry.get("retryPolicy").map(|field| retry::read_policy(&field)).transpose()?,
    })
}

fn read_name(name: &Field<'_>) -> Result<(String, String), ConfigRejected> {
    name.object()?;
    let part = |key| name.get(key).map_or(Ok(""), |field| field.text());
    let (service, method) = (part("service")?, part("method")?);
    if service.is_empty() && !method.is_empty() {
        return Err(name.bad("a name with a method needs a service"));
    }
    Ok((service.to_owned(), method.to_owned()))
}

fn size(field: &Field<'_>) -> Result<usize, ConfigRejected> {
    let bytes = field.quoted_integer().and_then(|bytes| u32::try_from(bytes).ok());
    bytes.and_then(|bytes| usize::try_from(bytes).ok()).ok_or_else(|| field.wanted("a number of bytes from 0"))
}
