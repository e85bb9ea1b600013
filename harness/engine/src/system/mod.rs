//! Servers that are not in process.
//!
//! - [`process`]: any command line, under a supervisor so that nothing outlives the harness
//! - [`address`]: a server that runs already
//! - [`probe`]: what such a server shows and honours

pub mod address;
pub mod probe;
pub mod process;
