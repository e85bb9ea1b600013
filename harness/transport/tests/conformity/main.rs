//! Networks and faults: each behaviour is asserted once and holds on the simulated network and on loopback TCP.

// `cfg(test)` says no more than the place of this file; clippy goes by it
#[cfg(test)]
#[macro_use]
mod common;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod network;
#[cfg(test)]
mod replay;
