//! What all calls of a server share.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderValue;
use proofmark_transport::{Chance, Clock, Seed};
use serde_json::{Value, json};

use crate::call::Call;
use crate::gateway::Upstream;
use crate::health::Health;
use crate::hooks::Hooks;
use crate::interceptor::auth::Validator;
use crate::lines::Lines;
use crate::policy::Policies;
use crate::settings::Settings;
use crate::store::steered::SteeredStore;

/// A running service without its connections.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) policies: Policies,
    pub(crate) lines: Arc<dyn Lines>,
    pub(crate) clock: Clock,
    pub(crate) hooks: Arc<Hooks>,
    pub(crate) health: Arc<Health>,
    pub(crate) store: Arc<SteeredStore>,
    pub(crate) store_answered: Arc<AtomicBool>,
    pub(crate) validator: Option<Validator>,
    pub(crate) upstream: Option<Arc<dyn Upstream>>,
    pub(crate) ids: Ids,
    pub(crate) panic_stacks: bool,
    pub(crate) calls: AtomicUsize,
}

impl App {
    /// Writes an error line: what callers are not told of.
    pub(crate) fn log_error(&self, call: &Call, text: &str, stack: Option<String>) {
        let Some(text) = self.policies.log.error_text(text) else { return };
        let mut line = json!({"line": "error", "method": call.path(), "request-id": call.request_id_text(), "text": text});
        if let Some(stack) = stack {
            line["stack"] = json!(stack);
        }
        add_call(&mut line, call);
        tracing::debug!(method = call.path(), text, "error");
        self.lines.log(line);
    }

    /// The number of calls in flight.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

/// Says which call of the harness a line is about.
pub(crate) fn add_call(line: &mut Value, call: &Call) {
    if let Some(name) = call.name() {
        line["call"] = json!(name);
    }
}

/// Draws ids.
#[derive(Debug)]
pub(crate) struct Ids {
    requests: Mutex<Chance>,
    users: Mutex<Chance>,
    traces: Mutex<Chance>,
}

impl Ids {
    /// `generation` sets the starts of one store apart, so that ids that are kept do not come again.
    pub(crate) fn new(seed: Seed, generation: u64) -> Self {
        let stream = |name: &str| Mutex::new(seed.stream(&format!("service.{name}.{generation}")));
        Self { requests: stream("request-id"), users: stream("user-id"), traces: stream("trace-id") }
    }

    pub(crate) fn request(&self) -> HeaderValue {
        let [high, low] = bits(&self.requests);
        HeaderValue::from_str(&format!("{high:016x}{low:016x}")).unwrap_or_else(|_| HeaderValue::from_static("none"))
    }

    pub(crate) fn user(&self) -> String {
        let [high, low] = bits(&self.users);
        format!("{high:016x}{low:016x}")
    }

    pub(crate) fn trace(&self) -> u128 {
        let [high, low] = bits(&self.traces);
        (u128::from(high) << 64 | u128::from(low)).max(1)
    }

    pub(crate) fn span(&self) -> u64 {
        bits(&self.traces)[0].max(1)
    }
}

fn bits(chance: &Mutex<Chance>) -> [u64; 2] {
    let mut chance = chance.lock().unwrap_or_else(PoisonError::into_inner);
    [chance.bits(), chance.bits()]
}
