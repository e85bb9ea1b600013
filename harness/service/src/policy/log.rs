//! What the access log says.

use std::fmt::Debug;
use std::time::Duration;

use tonic::Code;

/// What is known of a call when it has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its path.
    pub method: String,
    /// How it ended.
    pub code: Code,
    /// From its headers to its end.
    pub duration: Duration,
    /// Its request id.
    pub request_id: String,
    /// Its tenant.
    pub tenant_id: Option<String>,
}

/// Decisions about the access log.
pub trait LogPolicy: Debug + Send + Sync {
    /// The lines that are written when a call ends.
    fn at_end(&self, record: Record) -> Vec<Record> {
        vec![record]
    }

    /// The lines that are written when a call begins.
    fn at_begin(&self, _record: Record) -> Vec<Record> {
        Vec::new()
    }

    /// A call that was dropped has a line.
    fn when_dropped(&self, record: Record) -> Vec<Record> {
        self.at_end(record)
    }

    /// What goes to the log of a failure that callers are not told of.
    fn error_text(&self, text: &str) -> Option<String> {
        Some(text.to_owned())
    }
}
