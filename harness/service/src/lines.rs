//! Where hook lines and log lines go. They have one source, whatever becomes of them.

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// Takes the lines of a server as JSON objects.
pub trait Lines: Debug + Send + Sync {
    /// A hook line, driver protocol section 8.
    fn hook(&self, line: Value);

    /// An access, error or span line, service contract section 4.
    fn log(&self, line: Value);

    /// Access and span lines are wanted; otherwise they are not made.
    fn wants_logs(&self) -> bool {
        true
    }
}

/// Forgets every line.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLines;

impl Lines for NoLines {
    fn hook(&self, _line: Value) {}

    fn log(&self, _line: Value) {}

    fn wants_logs(&self) -> bool {
        false
    }
}

/// Keeps every line, for tests.
#[derive(Debug, Default)]
pub struct KeptLines {
    hooks: Mutex<Vec<Value>>,
    logs: Mutex<Vec<Value>>,
}

impl KeptLines {
    /// The hook lines so far.
    pub fn hooks(&self) -> Vec<Value> {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The log lines so far.
    pub fn logs(&self) -> Vec<Value> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Lines for KeptLines {
    fn hook(&self, line: Value) {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn log(&self, line: Value) {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}
