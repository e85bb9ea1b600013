//! Who stands in the line-up.
//!
//! - [`reference_client`], [`reference_server`]: the references as systems
//! - [`killers`]: variants that are broken on purpose; [`tamper`]: changes the frames that a system sends

pub mod killers;
pub mod reference_client;
pub mod reference_server;
pub mod tamper;
