//! The reference user service: every operational habit in place, on the h2 crate.
