//! What a system under test is.
//!
//! - [`ClientFactory`], [`ClientSystem`]: a client, driven by the commands of the driver protocol and seen through its events
//! - [`ServerFactory`], [`ServerSystem`]: a server, started with settings, steered by lines and signals, seen through [`ServerEvent`]s
//! - [`Tier`], [`StartError`]: what a user brings, and why a system does not start

mod client;
mod server;

pub use client::{ClientEvent, ClientFactory, ClientInfo, ClientLaunch, ClientSystem};
pub use proofmark_api::driver;
pub use server::{ServerEvent, ServerFactory, ServerInfo, ServerLaunch, ServerSystem, Signal, StoreSlot, Token};

use std::fmt;

/// What a user brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// A Rust trait, on virtual time.
    InProcess,
    /// A command line.
    Process,
    /// A host and port.
    Address,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InProcess => "in-process",
            Self::Process => "process",
            Self::Address => "address",
        })
    }
}

/// Why a system did not start. The text says what happened, what was seen and what to try next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// It failed.
    #[error("{0}")]
    Failed(String),
    /// It was not there in time, for which the machine may be to blame.
    #[error("{0}")]
    Late(String),
}
