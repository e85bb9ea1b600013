//! What a case may say of its transcript: one file a kind of check.
//!
//! - [`Check`]: all kinds, in the order of the language.
//! - [`Selector`]: the keys that choose what is looked at.

mod any_of;
mod attempts;
mod bytes;
mod config;
mod connections;
mod credit;
mod details;
mod exit;
mod frames;
mod gap;
mod handlers;
mod header;
mod lines;
mod log;
mod memory;
mod messages;
mod nowhere;
mod order;
mod outcome;
mod peak;
mod selector;
mod should;
mod spans;
mod stimulus;
mod store_calls;
mod stored;

use crate::case::kinds::kinds;
use crate::judge::{Miss, View};

pub use self::{
    any_of::AnyOf,
    attempts::Attempts,
    bytes::Bytes,
    config::Config,
    connections::{ConnectionEnd, Connections},
    credit::Credit,
    details::{Details, DetailsSay},
    exit::Exit,
    frames::{FrameWhere, Frames, Pick},
    gap::Gap,
    handlers::{Handlers, Saw},
    header::{Block, Header, HeaderSays},
    log::{Log, LogLevel},
    memory::Memory,
    messages::{End, Messages},
    nowhere::{Nowhere, Place},
    order::Order,
    outcome::Outcome,
    peak::{Peak, PeakOf},
    selector::{Actor, Each, Selector},
    should::Should,
    spans::Spans,
    stimulus::Stimulus,
    store_calls::StoreCalls,
    stored::{Stored, Writes},
};

kinds! {
    /// One thing that must be true of the transcript.
    pub enum Check, known known_checks {
        /// How calls ended, as the application was told.
        Outcome(Box<Outcome>) "outcome",
        /// Messages that arrived at one end: which, or how many.
        Messages(Box<Messages>) "messages",
        /// The status details of calls.
        Details(Box<Details>) "details",
        /// One field of a header block or of the metadata made from it.
        Header(Box<Header>) "header",
        /// How many streams were opened for calls.
        Attempts(Box<Attempts>) "attempts",
        /// How many connections there were.
        Connections(Box<Connections>) "connections",
        /// How many frames went over the wire.
        Frames(Box<Frames>) "frames",
        /// How many bytes of DATA went over the wire.
        Bytes(Box<Bytes>) "bytes",
        /// Runs of the system's handlers, and what they saw.
        Handlers(Box<Handlers>) "handlers",
        /// How often the store was asked.
        StoreCalls(Box<StoreCalls>) "store-calls",
        /// How many were open at one time, at most.
        Peak(Box<Peak>) "peak",
        /// Lines of the system's log.
        Log(Box<Log>) "log",
        /// How often each write is in what a `list` call found.
        Stored(Stored) "stored",
        /// The time between two moments.
        Gap(Box<Gap>) "gap",
        /// Moments that came one after the other.
        Order(Order) "order",
        /// How the system's process ended.
        Exit(Exit) "exit",
        /// What became of the service config.
        Config(Config) "config",
        /// A text that must not be found.
        Nowhere(Nowhere) "nowhere",
        /// The resident size of the system's process.
        Memory(Box<Memory>) "memory",
        /// The ledger of flow-control window.
        Credit(Box<Credit>) "credit",
        /// Spans that the system wrote.
        Spans(Box<Spans>) "spans",
        /// Checks that prove that the harm was done: a miss makes the case inconclusive.
        Stimulus(Stimulus) "stimulus",
        /// Checks of which a miss is only a warning.
        Should(Should) "should",
        /// Lists of checks by name, of which one must hold as a whole.
        AnyOf(AnyOf) "any-of",
    }
}

/// Why a check makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// None or several of the keys that say something about a field.
    #[error("a header check says one thing: is, are, one-of, matches, absent, own, same, distinct, decreasing or decoded")]
    HeaderSays,
    /// Neither bytes nor a message.
    #[error("status details are either `hex`, or `type` with the `json` of its fields")]
    DetailsSay,
}

impl Check {
    /// What is wrong, by this check alone.
    pub fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        if self.select().is_some_and(|select| select.each.is_some() && view.groups(select).is_empty()) {
            return vec![Miss::new("something to look at, one by one", "there is no such call, peer or connection")];
        }
        match self {
            Self::Outcome(check) => check.judge(view),
            Self::Messages(check) => check.judge(view),
            Self::Details(check) => check.judge(view),
            Self::Header(check) => check.judge(view),
            Self::Attempts(check) => check.judge(view),
            Self::Connections(check) => check.judge(view),
            Self::Frames(check) => check.judge(view),
            Self::Bytes(check) => check.judge(view),
            Self::Handlers(check) => check.judge(view),
            Self::StoreCalls(check) => check.judge(view),
            Self::Peak(check) => check.judge(view),
            Self::Log(check) => check.judge(view),
            Self::Stored(check) => check.judge(view),
            Self::Gap(check) => check.judge(view),
            Self::Order(check) => check.judge(view),
            Self::Exit(check) => check.judge(view),
            Self::Config(check) => check.judge(view),
            Self::Nowhere(check) => check.judge(view),
            Self::Memory(check) => check.judge(view),
            Self::Credit(check) => check.judge(view),
            Self::Spans(check) => check.judge(view),
            Self::AnyOf(check) => check.judge(view),
            Self::Stimulus(checks) => checks.0.iter().flat_map(|check| check.judge(view)).collect(),
            Self::Should(checks) => checks.0.iter().flat_map(|check| check.judge(view)).collect(),
        }
    }

    fn select(&self) -> Option<&Selector> {
        Some(match self {
            Self::Outcome(check) => &check.select,
            Self::Messages(check) => &check.select,
            Self::Details(check) => &check.select,
            Self::Header(check) => &check.select,
            Self::Attempts(check) => &check.select,
            Self::Connections(check) => &check.select,
            Self::Frames(check) => &check.select,
            Self::Bytes(check) => &check.select,
            Self::Handlers(check) => &check.select,
            Self::StoreCalls(check) => &check.select,
            Self::Peak(check) => &check.select,
            Self::Log(check) => &check.select,
            Self::Gap(check) => &check.select,
            Self::Credit(check) => &check.select,
            Self::Spans(check) => &check.select,
            Self::Stored(_) | Self::Order(_) | Self::Exit(_) | Self::Config(_) | Self::Nowhere(_) | Self::Memory(_) => return None,
            Self::Stimulus(_) | Self::Should(_) | Self::AnyOf(_) => return None,
        })
    }
}
