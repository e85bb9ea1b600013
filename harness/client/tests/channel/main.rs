//! The channel against servers on a simulated network and a paused clock.

mod support;

mod basics;
