//! The reference client: a gRPC channel configured by service config, on the h2 crate.
//!
//! - [`Channel`], [`Options`]: a channel, and what it can be told; also a tonic `GrpcService` (see [`tonic_service`])
//! - [`CallOptions`], [`CallHandle`], [`CallEvents`]: one call and its two ends
//! - [`config`]: the service config
//! - [`policy`]: every decision, replaceable one by one
//! - [`retry`]: the retry state machine, without I/O
//! - [`interceptor`]: logs, traces, and what of an incoming call travels on
//! - [`user_client`]: a client of the user service
//!
//! Inside: `balance` keeps connections, `connection` is one of them, `call` is one call.
//!
//! Everything runs in the caller's runtime, without threads; time and chance come from `proofmark-transport`.
//! Left out for now: hedging, client-side health checks, compression, name resolution, TLS.

mod balance;
mod call;
mod channel;
pub mod config;
pub mod interceptor;
mod metadata;
mod options;
mod outcome;
pub mod policy;
pub mod retry;
pub mod tonic_service;
mod user;

pub use call::{CallEvent, CallEvents, CallHandle, CallOver};
pub use channel::{Channel, OpenFailed, Refused};
pub use config::ConfigRejected;
pub use interceptor::IncomingContext;
pub use metadata::{Metadata, Value};
pub use options::{CallKind, CallOptions, Keepalive, Options, ReadMode, ReconnectBackoff};
pub use outcome::{AttemptEnd, Code, EndClass, Outcome, Pushback, code_by_name, code_name};
pub use policy::Policies;
pub use user::{USER_SERVICE_CONFIG, user_client};

mod connection;
