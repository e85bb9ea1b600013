//! The channel: opened once, calls started on it, closed by the last handle.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use http::HeaderValue;
use http::uri::Authority;
use proofmark_transport::clock::now;
use proofmark_transport::{Clock, Seed};
use tokio::sync::mpsc;

use crate::balance::{Balancer, Board, Event};
use crate::call::request::RequestHead;
use crate::call::{CallCell, CallEvents, CallHandle, CallRun, CellLimits, Jitter, Progress};
use crate::config::{Balancing, ConfigRejected, MethodConfig, ServiceConfig};
use crate::interceptor::{Interceptor, OutgoingCall};
use crate::options::{CallOptions, Options};
use crate::policy::{DeadlineFacts, Policies};
use crate::retry::{RetryMachine, Throttle};

/// Why a channel was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenFailed {
    /// The service config is invalid.
    #[error(transparent)]
    Config(#[from] ConfigRejected),
    /// There is nothing to connect to.
    #[error("a channel needs at least one address")]
    NoAddress,
    /// Authority or user agent cannot be sent.
    #[error("`{0}` cannot be sent in a request header")]
    BadHeader(String),
}

/// The channel refuses to make a call: the arguments are illegal, and nothing was sent. Says what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// A gRPC channel. Clones are the same channel; when the last of them, and of the ends of its calls, is dropped, it is closed.
#[derive(Clone, Debug)]
pub struct Channel {
    shared: Arc<Shared>,
    alive: Arc<Alive>,
}

impl Channel {
    /// Opens a channel. It connects when its load balancing says so. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// The settings cannot be used; nothing was started.
    pub fn open(options: Options) -> Result<Self, OpenFailed> {
        let first = options.addresses.first().ok_or(OpenFailed::NoAddress)?;
        let authority = options.authority.clone().unwrap_or_else(|| first.to_string());
        let authority = Authority::try_from(authority.as_str()).map_err(|_| OpenFailed::BadHeader(authority))?;
        let agent = options.user_agent.as_ref().map_or_else(|| AGENT.to_owned(), |prefix| format!("{prefix} {AGENT}"));
        let user_agent = HeaderValue::try_from(&agent).map_err(|_| OpenFailed::BadHeader(agent))?;
        let config = match &options.service_config {
            Some(json) => options.policies.config.parse(json)?,
            None => ServiceConfig::default(),
        };
        let (balancer, events, board) = Balancer::new(&options, config.balancing);
        tokio::spawn(balancer.run());
        let shared = Arc::new(Shared {
            balancing: config.balancing,
            throttle: Mutex::new(Throttle::new(config.throttling)),
            config,
            policies: options.policies,
            interceptors: options.interceptors,
            clock: options.clock,
            authority,
            user_agent,
            max_send: options.max_send,
            max_receive: options.max_receive.unwrap_or(MAX_RECEIVE),
            retry_buffer: options.retry_buffer.unwrap_or(RETRY_BUFFER),
            disable_retries: options.disable_retries,
            board,
            events,
            seed: options.seed,
            calls: Mutex::default(),
            picks: AtomicU64::new(0),
        });
        Ok(Self { alive: Arc::new(Alive(shared.clone())), shared })
    }

    /// Starts a call.
    ///
    /// # Errors
    ///
    /// Path or metadata cannot be sent; nothing was sent.
    pub fn start(&self, options: CallOptions) -> Result<(CallHandle, CallEvents), Refused> {
        let (run, handle, events) = self.prepare(options)?;
        tokio::spawn(run.run());
        Ok((handle, events))
    }

    /// A call that is ready to be run.
    pub(crate) fn prepare(&self, options: CallOptions) -> Result<(CallRun, CallHandle, CallEvents), Refused> {
        let CallOptions { method, kind, metadata, timeout, wait_for_ready, request, read, context } = options;
        let shared = &self.shared;
        let policies = &shared.policies;
        let settings = shared.settings(&method);
        let settings = settings.as_deref();
        let started = now();
        let mut call = OutgoingCall { number: 0, method, kind, metadata, context, started, wall: shared.clock.wall() };
        for interceptor in &shared.interceptors {
            interceptor.call_started(&mut call, policies);
        }
        let head = RequestHead::new(&shared.authority, &call.method, &shared.user_agent, &call.metadata, policies)?;
        let timeout = policies.deadline.effective(timeout, settings.and_then(|settings| settings.timeout));
        let facts = timeout.map(|timeout| DeadlineFacts {
            started,
            timeout,
            attempt_started: None,
            opened: None,
            last_sent: None,
            headers: None,
            last_message: None,
            half_closed: None,
        });
        let limit = |channel, config: fn(&MethodConfig) -> Option<usize>| policies.config.message_limit(channel, settings.and_then(config));
        let limits = CellLimits {
            max_send: limit(shared.max_send, |settings| settings.max_request).unwrap_or(usize::MAX),
            retry_buffer: shared.retry_buffer,
        };
        let cell = Arc::new(CallCell::new(limits, policies.retry.clone(), read, facts));
        if kind.single_request() {
            // a request that is too large ends the call, which says so
            let _ = cell.push(&request.unwrap_or_default());
            cell.half_close();
        }
        call.number = shared.remember(&cell);
        let policy = settings.and_then(|settings| settings.retry.as_ref()).filter(|_| !shared.disable_retries);
        let run = CallRun {
            wait_for_ready: policies.config.wait_for_ready(wait_for_ready, settings.and_then(|settings| settings.wait_for_ready)),
            max_receive: limit(Some(shared.max_receive), |settings| settings.max_response).unwrap_or(usize::MAX),
            progress: Mutex::new(Progress {
                machine: RetryMachine::new(policies.retry.policy_for(kind, policy)),
                jitter: Jitter::of_call(shared.seed, call.number),
                earlier: None,
                before: None,
            }),
            shared: shared.clone(),
            cell: cell.clone(),
            head,
            call,
            ended: false,
        };
        Ok((run, CallHandle::new(cell.clone(), self.alive.clone()), CallEvents::new(cell, self.alive.clone())))
    }

    /// Ends all calls with CANCELLED and closes all connections.
    pub fn close(&self) {
        self.shared.close();
    }
}

/// What a channel's handles and calls share.
pub(crate) struct Shared {
    pub(crate) policies: Policies,
    pub(crate) interceptors: Vec<Arc<dyn Interceptor>>,
    pub(crate) balancing: Balancing,
    pub(crate) throttle: Mutex<Throttle>,
    pub(crate) board: Arc<Board>,
    config: ServiceConfig,
    clock: Clock,
    authority: Authority,
    user_agent: HeaderValue,
    max_send: Option<usize>,
    max_receive: usize,
    retry_buffer: usize,
    disable_retries: bool,
    events: mpsc::UnboundedSender<Event>,
    seed: Seed,
    calls: Mutex<Calls>,
    picks: AtomicU64,
}

#[derive(Default)]
struct Calls {
    next: u64,
    running: BTreeMap<u64, Weak<CallCell>>,
    closed: bool,
}

impl Shared {
    /// The service config's entry for a path.
    fn settings(&self, path: &str) -> Option<Arc<MethodConfig>> {
        let (service, method) = path.strip_prefix('/')?.rsplit_once('/')?;
        self.policies.config.find(&self.config, service, method)
    }

    /// Asks for a connection.
    pub(crate) fn wake(&self) {
        // a closed channel shows in its picture
        let _ = self.events.send(Event::Wake);
    }

    pub(crate) fn count_pick(&self) -> u64 {
        self.picks.fetch_add(1, Ordering::Relaxed)
    }

    fn remember(&self, cell: &Arc<CallCell>) -> u64 {
        let mut calls = self.calls();
        calls.next += 1;
        let number = calls.next;
        calls.running.insert(number, Arc::downgrade(cell));
        if calls.closed {
            cell.cancel();
        }
        number
    }

    pub(crate) fn forget(&self, number: u64) {
        self.calls().running.remove(&number);
    }

    fn close(&self) {
        let running: Vec<_> = {
            let mut calls = self.calls();
            calls.closed = true;
            calls.running.values().filter_map(Weak::upgrade).collect()
        };
        running.iter().for_each(|cell| cell.cancel());
        let _ = self.events.send(Event::Close);
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("authority", &self.authority).field("balancing", &self.balancing).finish_non_exhaustive()
    }
}

/// Held by every handle of a channel and both ends of its calls; the last one to go closes the channel.
#[derive(Debug)]
pub(crate) struct Alive(Arc<Shared>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.close();
    }
}

const AGENT: &str = concat!("grpc-rust-proofmark/", env!("CARGO_PKG_VERSION"));

/// Largest response message, unless it is said otherwise.
const MAX_RECEIVE: usize = 4 * 1024 * 1024;

/// What a call keeps for retries, unless it is said otherwise.
const RETRY_BUFFER: usize = 256 * 1024;
