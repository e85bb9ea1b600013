//! The reference user service: every operational habit in place, on the `h2` crate.
//!
//! - [`start`], [`Server`]: a running server; [`Settings`] and [`Environment`] are what it is given
//! - [`Policies`]: its decisions, each replaceable
//! - [`Lines`]: where its hook and log lines go
//! - [`connection`]: connections and the task that owns a call's stream
//! - [`grpc`]: header values, message prefixes and header blocks
//! - [`interceptor`]: what surrounds every handler, in one visible order
//! - [`user`], [`health`], [`gateway`]: the services and whom they ask
//! - [`domain`]: what can go wrong, and the one table of statuses
//! - [`store`]: where users are kept
//! - [`hooks`]: what test hooks report and obey

mod app;
mod call;
mod connection;
pub mod domain;
pub mod environment;
pub mod gateway;
pub mod grpc;
mod health;
pub mod hooks;
mod interceptor;
pub mod lines;
pub mod policy;
pub mod server;
pub mod settings;
mod shutdown;
pub mod store;
pub mod trace;
pub mod user;

pub use domain::DomainError;
pub use environment::{Calling, Environment, ExposureError, HooksConfig, StoreConfig, Token};
pub use gateway::{ChannelUpstream, Upstream, UpstreamCall, UpstreamMessages, UpstreamTrace};
pub use hooks::steering::SteeringError;
pub use lines::{KeptLines, Lines, NoLines};
pub use policy::Policies;
pub use server::{ExitStatus, Server, Signal, StartError, start};
pub use settings::{SettingError, Settings};
pub use store::{MemorySlot, SqliteStore, Store};
