//! The machine of Proofmark.
//!
//! - [`case`]: the case language, from YAML text to typed cases
//! - [`profile`]: what operations are on the wire
//! - [`peer`]: the scripted ends of connections
//! - [`run`]: runs cases; [`transcript`], [`moments`]: what happens, and the names of what happens
//! - [`system`]: servers that are not in process
//! - [`check`], [`judge`]: what a case may say of its transcript, and what is made of it

pub mod case;
pub mod check;
pub mod judge;
pub mod moments;
pub mod peer;
pub mod profile;
pub mod run;
pub mod system;
pub mod transcript;
