//! Systems that are not in process.
//!
//! - [`process`]: any command line, under a [`supervisor`] so that nothing outlives the harness
//! - [`driver`]: a client, as a process that makes calls when it is told to
//! - [`kit`]: takes a driver through its protocol alone
//! - `container`: a server from an image, where the feature `containers` is on
//! - [`address`]: a server that runs already
//! - [`probe`]: what such a server shows and honours

pub mod address;
#[cfg(feature = "containers")]
pub mod container;
pub mod driver;
pub mod kit;
mod lines;
pub mod probe;
pub mod process;
pub mod supervisor;
