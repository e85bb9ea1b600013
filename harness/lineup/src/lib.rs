//! Who stands in the line-up.
//!
//! - [`reference_client`]: the reference client as a client system

pub mod reference_client;
