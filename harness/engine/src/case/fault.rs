//! Faults: how a connection is harmed, from which moment until which.

use std::time::Duration;

use serde::Deserialize;

use super::{
    kinds::kinds,
    moment::Moment,
    units::{self, ByteCount},
};

/// A fault of a case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fault {
    /// The peer whose connections are harmed; in a pair case `server`.
    pub at: String,
    /// Which of its connections, from 1; all if absent.
    pub connection: Option<u32>,
    /// Which way the bytes go that are harmed.
    #[serde(default)]
    pub direction: Direction,
    /// What is done to them.
    pub kind: FaultKind,
    /// When it begins; `case started` unless said.
    #[serde(default = "Moment::case_started")]
    pub from: Moment,
    /// When it ends; never if absent.
    pub until: Option<Moment>,
    /// Whether the case may pass although the fault did no harm.
    #[serde(default)]
    pub optional: bool,
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From client to server.
    Upstream,
    /// From server to client.
    Downstream,
    /// Either way.
    #[default]
    Both,
}

kinds! {
    /// What a fault does.
    pub enum FaultKind, known known_faults {
        /// Connections are refused.
        Refuse(Refuse) "refuse",
        /// Connections are made by the kernel and never accepted.
        NeverAccept(NeverAccept) "never-accept",
        /// Connections are accepted, and then nothing is read or written.
        Silent(Silent) "silent",
        /// Connections are reset while the HTTP/2 handshake is under way.
        ResetAtHandshake(ResetAtHandshake) "reset-at-handshake",
        /// The peer is gone: open connections end, new ones are refused.
        Down(Down) "down",
        /// Bytes arrive later.
        Latency(Latency) "latency",
        /// Bytes arrive no faster than this.
        Bandwidth(Bandwidth) "bandwidth",
        /// Bytes arrive in small pieces.
        Slice(Slice) "slice",
        /// Bytes arrive no more, while the connection stays open.
        Stall(Stall) "stall",
        /// One direction ends with FIN.
        HalfClose(HalfClose) "half-close",
        /// The connection is reset.
        Reset(Reset) "reset",
        /// The connection ends after so many bytes.
        Cut(Cut) "cut",
        /// One bit is turned over after so many bytes.
        Corrupt(Corrupt) "corrupt",
    }
}

/// Defines fault kinds that have no fields.
macro_rules! plain_faults {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $name {}
        )+
    };
}

plain_faults! {
    /// Connections are refused.
    Refuse,
    /// Connections are made by the kernel and never accepted.
    NeverAccept,
    /// Connections are accepted, and then nothing is read or written.
    Silent,
    /// Connections are reset while the handshake is under way.
    ResetAtHandshake,
    /// Bytes arrive no more.
    Stall,
    /// One direction ends with FIN.
    HalfClose,
    /// The connection is reset.
    Reset,
}

/// The peer is gone: open connections end, new ones are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Down {
    /// How open connections end.
    #[serde(default)]
    pub close: CloseHow,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloseHow {
    /// In order.
    #[default]
    Fin,
    /// By reset.
    Rst,
}

/// Bytes arrive later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// How much later.
    #[serde(deserialize_with = "units::duration")]
    pub delay: Duration,
    /// Up to how much more, drawn from the seed.
    #[serde(default, deserialize_with = "units::duration")]
    pub jitter: Duration,
}

/// Bytes arrive no faster than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Bandwidth {
    /// Bytes in one second.
    pub per_second: ByteCount,
}

/// Bytes arrive in small pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slice {
    /// Bytes in one piece.
    pub size: ByteCount,
    /// Time between pieces.
    #[serde(default, deserialize_with = "units::duration")]
    pub every: Duration,
}

/// The connection ends after so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Bytes that still arrive.
    pub after: ByteCount,
}

/// One bit is turned over after so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrupt {
    /// Bytes that still arrive whole.
    pub after: ByteCount,
}
