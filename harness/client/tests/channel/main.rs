//! The channel against servers on a simulated network and a paused clock.

mod support;

mod basics;
mod cancels;
mod connections;
mod generated;
mod retries;
mod statuses;
