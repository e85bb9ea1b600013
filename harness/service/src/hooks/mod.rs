//! The test hooks of driver protocol section 8, only there when they are switched on.
//!
//! - [`Run`]: one run of a handler; its lines tell what the handler saw, and being dropped is its notice that the call is over
//! - [`word`]: the words of `rpc-behavior`
//! - [`perform`]: what the words do
//! - [`steering`]: the lines that switch store, health and validator

pub(crate) mod perform;
pub mod steering;
pub(crate) mod word;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use proofmark_transport::Clock;
use serde_json::{Map, Value, json};
use tonic::Code;

use crate::call::Call;
use crate::grpc::metadata;
use crate::lines::Lines;
use crate::policy::Policies;

/// The switch and the counter of the hooks.
#[derive(Debug)]
pub(crate) struct Hooks {
    on: bool,
    lines: Arc<dyn Lines>,
    clock: Clock,
    runs: AtomicU64,
}

impl Hooks {
    pub(crate) fn new(on: bool, lines: Arc<dyn Lines>, clock: Clock) -> Self {
        Self { on, lines, clock, runs: AtomicU64::new(0) }
    }

    /// `rpc-behavior` is obeyed.
    pub(crate) fn are_on(&self) -> bool {
        self.on
    }

    /// Begins a run of a handler; the first thing that a handler does.
    pub(crate) fn begin(self: &Arc<Self>, call: &Arc<Call>, policies: &Policies) -> Run {
        let watched = self.on && call.name().is_some();
        let number = if watched { self.runs.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
        let lines = RunLines { hooks: self.clone(), call: call.clone(), number, watched };
        if watched {
            lines.begin(policies);
        }
        Run(Arc::new(RunState { lines, ended: AtomicBool::new(false) }), true)
    }

    /// A line without a call.
    pub(crate) fn say(&self, line: Value) {
        if self.on {
            self.lines.hook(line);
        }
    }

    fn at_seconds(&self) -> f64 {
        self.clock.elapsed().as_secs_f64()
    }
}

/// A run of a handler. Dropped before its end, it says that the handler was cancelled.
#[derive(Debug)]
pub(crate) struct Run(Arc<RunState>, bool);

#[derive(Debug)]
struct RunState {
    lines: RunLines,
    ended: AtomicBool,
}

impl Run {
    /// What the store writes its lines with.
    pub(crate) fn lines(&self) -> RunLines {
        self.0.lines.clone()
    }

    /// The handler is left.
    pub(crate) fn end(&self, code: Code) {
        if !self.0.ended.swap(true, Ordering::Relaxed) {
            self.0.lines.end(Some(code));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.1 || self.0.ended.swap(true, Ordering::Relaxed) {
            return;
        }
        if std::thread::panicking() {
            self.0.lines.end(Some(Code::Internal));
        } else {
            self.0.lines.cancelled();
            self.0.lines.end(None);
        }
    }
}

/// Writes the lines of one run.
#[derive(Clone, Debug)]
pub(crate) struct RunLines {
    hooks: Arc<Hooks>,
    call: Arc<Call>,
    number: u64,
    watched: bool,
}

impl RunLines {
    /// The request stream is over for the handler.
    pub(crate) fn read(&self, messages: usize, clean: bool) {
        self.say("read", json!({"messages": messages, "clean": clean}));
    }

    /// The repository was asked, or gave a row.
    pub(crate) fn store(&self, operation: &str, ok: bool) {
        if self.watched {
            self.say("store", json!({"operation": operation, "ok": ok}));
        }
    }

    fn begin(&self, policies: &Policies) {
        let call = &self.call;
        let mut line =
            json!({"hook": "begin", "call": call.name(), "run": self.number, "method": call.path(), "atSeconds": self.hooks.at_seconds()});
        let Value::Object(keys) = &mut line else { return };
        if let (Some(remaining), Some(asked)) = (call.remaining(), call.asked()) {
            keys.insert("remainingSeconds".to_owned(), json!(policies.deadline.shown(remaining, asked).as_secs_f64()));
        }
        if let Some(authority) = call.authority() {
            keys.insert("authority".to_owned(), json!(authority));
        }
        if let Some(subject) = call.subject() {
            keys.insert("subject".to_owned(), json!(subject));
        }
        keys.insert("metadata".to_owned(), shown(&call.metadata()));
        self.hooks.lines.hook(line);
    }

    fn cancelled(&self) {
        self.say("cancelled", json!({"atSeconds": self.hooks.at_seconds()}));
    }

    fn end(&self, code: Option<Code>) {
        self.say("end", code.map_or(json!({}), |code| json!({"code": i32::from(code)})));
    }

    fn say(&self, hook: &str, further: Value) {
        if !self.watched {
            return;
        }
        let mut line = Map::new();
        line.insert("hook".to_owned(), json!(hook));
        line.insert("call".to_owned(), json!(self.call.name()));
        line.insert("run".to_owned(), json!(self.number));
        if let Value::Object(further) = further {
            line.extend(further);
        }
        self.hooks.lines.hook(Value::Object(line));
    }
}

/// Metadata as driver protocol section 2 writes it: one entry a value, bytes in base64.
fn shown(fields: &HeaderMap) -> Value {
    let entry = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        let key = name.as_str();
        if metadata::is_binary(name) {
            return metadata::decode(value.as_bytes()).map(|bytes| json!({"key": key, "bytes": STANDARD.encode(bytes)}));
        }
        Some(match std::str::from_utf8(value.as_bytes()) {
            Ok(text) => json!({"key": key, "text": text}),
            Err(_) => json!({"key": key, "bytes": STANDARD.encode(value.as_bytes())}),
        })
    };
    fields.iter().filter_map(entry).collect()
}
