//! Where bytes, time and chance come from.
//!
//! - [`Network`]: what can listen and connect; [`SimNetwork`] in memory and [`TcpNetwork`] on sockets
//! - [`Link`]: one end of a connection, which can also be reset
//! - [`clock`]: the only door to time; [`Clock`] gives wall time that follows the runtime's clock
//! - [`Seed`], [`Chance`]: named streams of one printed seed
//! - [`fault`]: ways to harm a connection, one file a kind
//! - [`watch`]: a value that many watch, woken in order
//! - [`proxy`]: carries a connection and applies faults to it, the same code on both networks

pub mod chance;
pub mod clock;
pub mod fault;
pub mod net;
pub mod proxy;
pub mod sim;
pub mod tcp;
pub mod watch;

pub use chance::{Chance, Seed};
pub use clock::Clock;
pub use net::{BoxFuture, BoxLink, Held, Link, Listener, Network};
pub use sim::SimNetwork;
pub use tcp::TcpNetwork;
