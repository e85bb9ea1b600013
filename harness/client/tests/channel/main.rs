//! The channel against servers on a simulated network and a paused clock.

mod support;

mod basics;
mod cancels;
mod connections;
mod generated;
mod repeatable;
mod retries;
mod statuses;
