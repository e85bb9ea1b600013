//! Carries a connection and applies faults to it.
