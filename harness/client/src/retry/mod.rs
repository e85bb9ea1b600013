//! Retries without I/O.
//!
//! - [`RetryMachine`]: what follows an attempt, given how it ended
//! - [`Throttle`]: the channel's token bucket

mod machine;
mod throttle;

pub use machine::{RetryMachine, Verdict};
pub use throttle::Throttle;
