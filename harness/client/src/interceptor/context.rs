//! What of an incoming call travels on the calls made for it.

use crate::interceptor::{Interceptor, OutgoingCall, TraceContext};
use crate::metadata::Metadata;
use crate::policy::Policies;

/// The incoming call that an outgoing one is made for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncomingContext {
    /// `x-request-id`.
    pub request_id: Option<String>,
    /// `x-tenant-id`.
    pub tenant_id: Option<String>,
    /// The server's span, whose child each attempt becomes.
    pub trace: Option<TraceContext>,
    /// Further entries that are to travel; credentials and reserved keys among them do not.
    pub forwarded: Metadata,
}

impl IncomingContext {
    fn entries(&self, own: &Metadata, policies: &Policies) -> Metadata {
        let mut entries = Metadata::new();
        let ids = [("x-request-id", &self.request_id), ("x-tenant-id", &self.tenant_id)];
        for (key, id) in ids {
            if let Some(id) = id.as_ref().filter(|_| own.get(key).is_none()) {
                entries.push(key, id.as_str());
            }
        }
        for (key, value) in self.forwarded.iter() {
            let lower = key.to_ascii_lowercase();
            if !CREDENTIALS.contains(&lower.as_str()) && !policies.metadata.reserved(&lower) && own.get(key).is_none() {
                entries.push(key, value.clone());
            }
        }
        entries
    }
}

/// Adds the ids of a call's [`IncomingContext`] to what the application set. A key that the application set itself is left as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContextInterceptor;

impl Interceptor for ContextInterceptor {
    fn call_started(&self, call: &mut OutgoingCall, policies: &Policies) {
        let Some(context) = &call.context else { return };
        let entries = context.entries(&call.metadata, policies);
        call.metadata = policies.metadata.add_context(std::mem::take(&mut call.metadata), entries);
    }
}

const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-api-key"];
