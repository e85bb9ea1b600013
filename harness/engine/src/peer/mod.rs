//! The scripted ends of connections.
//!
//! - [`conn`]: one HTTP/2 connection, either end, well-behaved until told otherwise
//! - [`backend`]: a scripted server with its rules; [`serve`]: what it does without any
//! - [`script`], [`step`]: what a script may do, one file a step
//! - [`tasks`]: what lives as long as the case

pub mod backend;
pub mod conn;
pub mod script;
pub mod serve;
pub mod step;
pub mod tasks;
