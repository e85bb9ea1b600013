//! Systems that are not in process.
//!
//! - [`process`]: any command line, under a supervisor so that nothing outlives the harness
//! - [`driver`]: a client, as a process that makes calls when it is told to
//! - [`kit`]: takes a driver through its protocol alone
//! - [`address`]: a server that runs already
//! - [`probe`]: what such a server shows and honours

pub mod address;
pub mod driver;
pub mod kit;
pub mod probe;
pub mod process;
