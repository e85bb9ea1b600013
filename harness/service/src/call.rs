//! What is known of one call. Its interceptors, its handler and the task that owns its stream share it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Uri};
use proofmark_transport::clock::Instant;
use tonic::Code;

use crate::trace::TraceParent;

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    uri: Uri,
    authority: Option<String>,
    peer: SocketAddr,
    arrived: Instant,
    name: Option<String>,
    previous_attempts: Option<u32>,
    request_id: OnceLock<HeaderValue>,
    tenant_id: OnceLock<HeaderValue>,
    subject: OnceLock<String>,
    trace: OnceLock<Trace>,
    wants_headers: AtomicBool,
    breaks_connection: AtomicBool,
    is_reset_by_panic: AtomicBool,
    state: Mutex<State>,
}

/// The call's own span and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) own: TraceParent,
    pub(crate) incoming: Option<TraceParent>,
    pub(crate) state: Vec<HeaderValue>,
}

#[derive(Debug, Default)]
struct State {
    asked: Option<Duration>,
    deadline: Option<Instant>,
    ending: Option<Code>,
    initial: HeaderMap,
    trailing: HeaderMap,
    metadata: HeaderMap,
}

impl Call {
    pub(crate) fn new(uri: Uri, fields: &HeaderMap, peer: SocketAddr, arrived: Instant) -> Self {
        let authority = uri.authority().map(ToString::to_string).or_else(|| text(fields, "host"));
        Self {
            uri,
            authority,
            peer,
            arrived,
            name: text(fields, "x-proofmark-call"),
            previous_attempts: text(fields, "grpc-previous-rpc-attempts").and_then(|value| value.parse().ok()),
            request_id: OnceLock::new(),
            tenant_id: OnceLock::new(),
            subject: OnceLock::new(),
            trace: OnceLock::new(),
            wants_headers: AtomicBool::new(false),
            breaks_connection: AtomicBool::new(false),
            is_reset_by_panic: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    pub(crate) fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    pub(crate) fn arrived(&self) -> Instant {
        self.arrived
    }

    pub(crate) fn age(&self) -> Duration {
        self.arrived.elapsed()
    }

    /// The name that the harness knows the call by; only such calls have hook lines.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) fn previous_attempts(&self) -> u32 {
        self.previous_attempts.unwrap_or(0)
    }

    pub(crate) fn set_request_id(&self, id: HeaderValue) {
        let _ = self.request_id.set(id);
    }

    pub(crate) fn request_id(&self) -> Option<&HeaderValue> {
        self.request_id.get()
    }

    pub(crate) fn request_id_text(&self) -> &str {
        self.request_id().and_then(|id| id.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn set_tenant_id(&self, id: HeaderValue) {
        let _ = self.tenant_id.set(id);
    }

    pub(crate) fn tenant_id(&self) -> Option<&HeaderValue> {
        self.tenant_id.get()
    }

    pub(crate) fn set_subject(&self, subject: String) {
        let _ = self.subject.set(subject);
    }

    pub(crate) fn subject(&self) -> Option<&str> {
        self.subject.get().map(String::as_str)
    }

    pub(crate) fn set_trace(&self, trace: Trace) {
        let _ = self.trace.set(trace);
    }

    pub(crate) fn trace(&self) -> Option<&Trace> {
        self.trace.get()
    }

    /// Publishes how long the call may take; the clock starts at `from`.
    pub(crate) fn set_deadline(&self, limit: Duration, from: Instant) {
        let mut state = self.state();
        state.asked = Some(limit);
        state.deadline = Some(from.checked_add(limit.min(FAR)).unwrap_or(from + FAR));
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.state().deadline
    }

    /// The whole time that the call has.
    pub(crate) fn asked(&self) -> Option<Duration> {
        self.state().asked
    }

    /// The time that remains.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let state = self.state();
        let asked = state.asked?;
        let passed = self.arrived.elapsed();
        // far deadlines are cut for the timer, not for handlers
        if asked > FAR { Some(asked.saturating_sub(passed)) } else { Some(state.deadline?.saturating_duration_since(Instant::now())) }
    }

    /// Says how the call ends that its owner is about to drop.
    pub(crate) fn set_ending(&self, code: Code) {
        self.state().ending.get_or_insert(code);
    }

    /// How a dropped call ended; without a word of its owner it was cancelled.
    pub(crate) fn ending(&self) -> Code {
        self.state().ending.unwrap_or(Code::Cancelled)
    }

    /// Asks for the headers to leave before there is a message.
    pub(crate) fn request_headers(&self) {
        self.wants_headers.store(true, Ordering::Relaxed);
    }

    pub(crate) fn wants_headers(&self) -> bool {
        self.wants_headers.load(Ordering::Relaxed)
    }

    /// Asks for the end of the whole connection.
    pub(crate) fn break_connection(&self) {
        self.breaks_connection.store(true, Ordering::Relaxed);
    }

    pub(crate) fn breaks_connection(&self) -> bool {
        self.breaks_connection.load(Ordering::Relaxed)
    }

    /// Asks for a reset in place of a status.
    pub(crate) fn reset_by_panic(&self) {
        self.is_reset_by_panic.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_reset_by_panic(&self) -> bool {
        self.is_reset_by_panic.load(Ordering::Relaxed)
    }

    /// Adds to the metadata that goes before the first message.
    pub(crate) fn add_initial(&self, fields: HeaderMap) {
        append(&mut self.state().initial, fields);
    }

    /// Adds to the metadata that goes with the status.
    pub(crate) fn add_trailing(&self, fields: HeaderMap) {
        append(&mut self.state().trailing, fields);
    }

    pub(crate) fn take_initial(&self) -> HeaderMap {
        std::mem::take(&mut self.state().initial)
    }

    pub(crate) fn has_initial(&self) -> bool {
        !self.state().initial.is_empty()
    }

    pub(crate) fn take_trailing(&self) -> HeaderMap {
        std::mem::take(&mut self.state().trailing)
    }

    /// Keeps what a handler may see.
    pub(crate) fn set_metadata(&self, fields: HeaderMap) {
        self.state().metadata = fields;
    }

    pub(crate) fn metadata(&self) -> HeaderMap {
        self.state().metadata.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends every value of `fields`.
pub(crate) fn append(to: &mut HeaderMap, fields: HeaderMap) {
    let mut last = None;
    for (name, value) in fields {
        let Some(name) = name.or_else(|| last.clone()) else { continue };
        last = Some(name.clone());
        to.append(name, value);
    }
}

/// The code by its name.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

fn text(fields: &HeaderMap, name: &str) -> Option<String> {
    fields.get(name)?.to_str().ok().map(str::to_owned)
}

/// No timer is set further away: thirty years.
const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);
