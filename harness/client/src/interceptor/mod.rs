//! What stands between an application and its calls (service contract §4).
//!
//! - [`Interceptor`]: sees calls above and attempts below the retry layer
//! - [`ContextInterceptor`]: ids and trace of the incoming call travel on
//! - [`TraceInterceptor`]: one span an attempt, `traceparent` on each
//! - [`LogInterceptor`]: one line a call

mod context;
mod log;
mod trace;

use std::fmt::Debug;
use std::net::SocketAddr;
use std::time::SystemTime;

use proofmark_transport::clock::{Instant, now};

pub use context::{ContextInterceptor, IncomingContext};
pub use log::LogInterceptor;
pub use trace::{TraceContext, TraceInterceptor};

use crate::metadata::Metadata;
use crate::options::CallKind;
use crate::outcome::Outcome;
use crate::policy::Policies;

/// Sees every call and every attempt. Started in order, ended in the opposite one.
pub trait Interceptor: Debug + Send + Sync {
    /// A call starts; its metadata may be added to.
    fn call_started(&self, call: &mut OutgoingCall, policies: &Policies) {
        let _ = (call, policies);
    }

    /// An attempt starts; metadata of its own may be added.
    fn attempt_started(&self, attempt: &mut OutgoingAttempt<'_>) {
        let _ = attempt;
    }

    /// An attempt ended.
    fn attempt_ended(&self, attempt: &OutgoingAttempt<'_>, outcome: &Outcome) {
        let _ = (attempt, outcome);
    }

    /// A call ended.
    fn call_ended(&self, call: &OutgoingCall, outcome: &Outcome) {
        let _ = (call, outcome);
    }
}

/// A call on its way out.
#[derive(Clone, Debug)]
pub struct OutgoingCall {
    /// Its number on the channel, from 1; 0 before it is made.
    pub number: u64,
    /// The path.
    pub method: String,
    /// Its kind.
    pub kind: CallKind,
    /// The application's metadata and what interceptors added.
    pub metadata: Metadata,
    /// The incoming call that it is made for.
    pub context: Option<IncomingContext>,
    /// When it started.
    pub started: Instant,
    /// The same as wall time.
    pub wall: SystemTime,
}

/// An attempt on its way out.
#[derive(Clone, Debug)]
pub struct OutgoingAttempt<'a> {
    /// Its call.
    pub call: &'a OutgoingCall,
    /// How many streams the call had before.
    pub number: u32,
    /// Where it goes.
    pub peer: SocketAddr,
    /// When it started.
    pub started: Instant,
    /// Metadata of this attempt alone.
    pub metadata: Metadata,
    /// Its span, once one is made.
    pub span: Option<TraceContext>,
}

impl<'a> OutgoingAttempt<'a> {
    pub(crate) fn new(call: &'a OutgoingCall, number: u32, peer: SocketAddr) -> Self {
        Self { call, number, peer, started: now(), metadata: Metadata::new(), span: None }
    }
}
