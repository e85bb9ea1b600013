//! Operations: what a call asks for, whatever the service.

use std::time::Duration;

use serde::Deserialize;

use super::{names::StatusCode, units};

/// What a call asks for. A profile maps it to a method, a message and metadata.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// One request, one answer at once.
    Unary,
    /// As `unary`, and the request's metadata come back as initial and as trailing metadata.
    Echo,
    /// One request, never an answer.
    Hang,
    /// A write to the store.
    Write,
    /// What the store holds, as a stream.
    List,
    /// A stream of requests, one answer.
    Upload,
    /// A stream both ways, each message answered at once.
    Chat,
    /// One request, an answer after a while.
    Slow(Slow),
    /// One request, answered by this status.
    Fail(StatusCode),
    /// One request, and the handler breaks.
    Raise(Raise),
    /// One request, a stream of answers.
    Stream(Stream),
    /// One question about the health of a service.
    Check(String),
    /// Every change of the health of a service.
    Watch(String),
    /// One request that a gateway passes on.
    Relay(Relay),
    /// A method of the service's own contract, `package.Service/Method`.
    Rpc(String),
}

impl Operation {
    /// The name that cases use.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unary => "unary",
            Self::Echo => "echo",
            Self::Hang => "hang",
            Self::Write => "write",
            Self::List => "list",
            Self::Upload => "upload",
            Self::Chat => "chat",
            Self::Slow(_) => "slow",
            Self::Fail(_) => "fail",
            Self::Raise(_) => "raise",
            Self::Stream(_) => "stream",
            Self::Check(_) => "check",
            Self::Watch(_) => "watch",
            Self::Relay(_) => "relay",
            Self::Rpc(_) => "rpc",
        }
    }
}

/// An answer after a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    /// How long the handler takes.
    #[serde(rename = "for", deserialize_with = "units::duration")]
    pub takes: Duration,
    /// Whether the handler does not look at cancellation.
    #[serde(default)]
    pub stubborn: bool,
}

/// How a handler breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Raise {
    /// It panics.
    Panic,
    /// It throws a plain error.
    Throw,
    /// It returns a status within another error.
    WrappedStatus,
    /// It raises an error that carries OK.
    OkAsError,
}

/// A stream of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stream {
    /// How many; without end if absent.
    pub messages: Option<u32>,
    /// Time between them.
    #[serde(deserialize_with = "units::maybe_duration")]
    pub every: Option<Duration>,
    /// The status it ends with; OK if absent.
    pub ends: Option<StatusCode>,
}

/// What a gateway asks upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Relay {
    /// How long it waits before it asks.
    #[serde(rename = "for", deserialize_with = "units::maybe_duration")]
    pub waits: Option<Duration>,
    /// How many calls in sequence; one if absent.
    pub calls: Option<u32>,
    /// How many calls at once.
    pub parallel: Option<u32>,
    /// Whether it asks for a stream.
    pub list: bool,
}
