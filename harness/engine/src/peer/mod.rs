//! The scripted ends of connections.
//!
//! - [`step`]: what a script may do.

pub mod step;
