//! Ways to harm a connection: one file a kind, and one line here.
//!
//! - [`Fault`]: a kind, and where it applies; a [`Proxy`](crate::proxy::Proxy) is armed with it
//! - [`Kind`]: what a kind does; everything that it does not say is harmless
//! - [`Lane`]: what it does to one direction of one connection, as long as it is armed

use std::fmt::Debug;
use std::rc::Rc;
use std::time::Duration;

use crate::chance::Chance;
use crate::clock::Instant;

/// Declares and exports the kinds, and lists their names.
macro_rules! kinds {
    ($($file:ident: $kind:ident $name:literal,)+) => {
        $(
            mod $file;
            pub use $file::$kind;
        )+

        /// The names of all kinds, as cases write them.
        pub const KINDS: &[&str] = &[$($name,)+];

        $(
            impl $kind {
                /// The name of the kind, as cases write it.
                pub const NAME: &'static str = $name;
            }
        )+
    };
}

kinds! {
    refuse: Refuse "refuse",
    never_accept: NeverAccept "never-accept",
    silent: Silent "silent",
    reset_at_handshake: ResetAtHandshake "reset-at-handshake",
    down: Down "down",
    latency: Latency "latency",
    bandwidth: Bandwidth "bandwidth",
    slice: Slice "slice",
    stall: Stall "stall",
    half_close: HalfClose "half-close",
    reset: Reset "reset",
    cut: Cut "cut",
    corrupt: Corrupt "corrupt",
}

pub use down::Close;

/// A fault that a proxy can be armed with.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its name, unique among the faults of a proxy; its chance depends on it.
    pub name: String,
    /// What it does.
    pub kind: Rc<dyn Kind>,
    /// The one connection that it applies to, counted from 1 per proxy; every one if absent.
    pub connection: Option<u32>,
    /// Which way the bytes go that it harms. Kinds that act on connections ignore it.
    pub direction: Direction,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Direction {
    /// From client to server.
    Upstream,
    /// From server to client.
    Downstream,
    /// Either way.
    #[default]
    Both,
}

impl Direction {
    /// Whether bytes that go `way` are meant.
    pub fn covers(self, way: Self) -> bool {
        self == Self::Both || self == way
    }
}

/// What a kind of fault does. A kind says how it is harmful; what it leaves out passes.
pub trait Kind: Debug {
    /// What happens to new connections while the fault is armed.
    fn entry(&self) -> Entry {
        Entry::Open
    }

    /// What it does to one direction of one connection, from now until it is lifted; nothing if `None`.
    fn lane(&self, _start: Start) -> Option<Box<dyn Lane>> {
        None
    }
}

/// What happens to new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// They are accepted.
    Open,
    /// They succeed for the client, and nobody accepts them before the fault is lifted.
    Unattended,
    /// They are refused.
    Refused,
}

/// What a lane begins with.
#[derive(Debug)]
pub struct Start {
    /// When it begins.
    pub now: Instant,
    /// The connection was made while the fault was armed.
    pub fresh: bool,
    /// Randomness for this fault on this connection in this direction alone.
    pub chance: Chance,
}

/// What an armed fault does to one direction of one connection.
///
/// Bytes are read, wait until they are due, ask to pass, are altered and then sent. Everything not overridden is harmless.
pub trait Lane: Debug {
    /// Whether anything is read from the sender.
    fn reads(&self) -> bool {
        true
    }

    /// How much later the bytes (or the end) that were just read become due.
    fn delay(&mut self) -> Duration {
        Duration::ZERO
    }

    /// Whether what waits may pass now.
    fn pass(&mut self, _now: Instant, waiting: Waiting) -> Pass {
        Pass::Bytes(waiting.bytes)
    }

    /// Changes bytes that are about to be sent. May be shown bytes again that it changed already, if they could not be sent.
    fn alter(&mut self, _bytes: &mut [u8]) {}

    /// So many bytes were sent.
    fn sent(&mut self, _bytes: usize) {}

    /// Whether, and how, something ends now. Asked after everything else, and once more after each change.
    fn ending(&self) -> Option<Ending> {
        None
    }

    /// Whether it did any harm yet.
    fn harmed(&self) -> bool;
}

/// What waits to pass.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// How many bytes; 0 when the sender's end of the stream waits.
    pub bytes: usize,
    /// Since when they were due.
    pub since: Instant,
}

/// Whether something may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// So many bytes may, at most those that wait.
    Bytes(usize),
    /// Nothing before then.
    At(Instant),
    /// Nothing while the fault is armed.
    Never,
}

/// How something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// This direction, by FIN.
    Direction,
    /// Both directions, by FIN.
    Fin,
    /// The connection, by RST to both ends.
    Reset,
}

#[cfg(test)]
pub(crate) mod testing {
    //! What the tests of kinds share.

    use super::*;
    use crate::{Seed, clock};

    pub(crate) fn start(fresh: bool) -> Start {
        Start { now: clock::now(), fresh, chance: Seed(7).stream("test") }
    }

    pub(crate) fn waiting(bytes: usize) -> Waiting {
        Waiting { bytes, since: clock::now() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let mut names = KINDS.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KINDS.len());
    }

    #[test]
    fn both_covers_either_way() {
        assert!(Direction::Both.covers(Direction::Upstream) && Direction::Both.covers(Direction::Downstream));
        assert!(!Direction::Upstream.covers(Direction::Downstream));
    }
}
