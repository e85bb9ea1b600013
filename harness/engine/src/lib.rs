//! The machine of Proofmark.
//!
//! - [`case`]: the case language, from YAML text to typed cases.
//! - [`check`]: what a case may say of its transcript.
//! - [`peer`]: the scripted ends of connections.

pub mod case;
pub mod check;
pub mod moments;
pub mod peer;
pub mod profile;
pub mod run;
pub mod transcript;
