//! The service as a gateway: asking another one on behalf of a call.
//!
//! - [`Upstream`]: who is asked
//! - [`ChannelUpstream`]: asks over the reference channel
//! - [`Gateway`]: what travels on from one incoming call to those it causes

mod channel;

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, HeaderName, HeaderValue};
use proofmark_transport::BoxFuture;
use tonic::Status;

pub use channel::ChannelUpstream;

use crate::app::App;
use crate::call::Call;
use crate::grpc::block::{REQUEST_ID, TENANT_ID};
use crate::grpc::metadata;
use crate::trace::TraceParent;

/// Another server. Dropping what a method gives cancels the call.
pub trait Upstream: Debug + Send + Sync {
    /// Makes a unary call and gives the response message.
    fn unary(&self, call: UpstreamCall) -> BoxFuture<'static, Result<Bytes, Status>>;

    /// Makes a server-streaming call and gives the response messages as they come; after an error nothing follows.
    fn server_streaming(&self, call: UpstreamCall) -> UpstreamMessages;
}

/// The response messages of a call to another server.
pub type UpstreamMessages = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

/// A call to another server.
#[derive(Clone, Debug)]
pub struct UpstreamCall {
    /// The path of the method.
    pub method: &'static str,
    /// Custom metadata, ids among it.
    pub metadata: HeaderMap,
    /// The span that every attempt becomes a child of; each attempt writes its own `traceparent`. Absent: they carry none but what `metadata` has.
    pub trace: Option<UpstreamTrace>,
    /// How long it may take; absent: as long as it takes.
    pub timeout: Option<Duration>,
    /// The serialised request.
    pub message: Bytes,
}

/// Where the attempts of a call belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamTrace {
    /// The span of the incoming call.
    pub parent: TraceParent,
    /// `tracestate` as it came.
    pub state: Option<String>,
}

/// What one incoming call causes.
#[derive(Debug)]
pub(crate) struct Gateway {
    app: Arc<App>,
    call: Arc<Call>,
    first: Option<Duration>,
    made: AtomicUsize,
}

impl Gateway {
    pub(crate) fn new(app: Arc<App>, call: Arc<Call>) -> Self {
        let first = call.remaining();
        Self { app, call, first, made: AtomicUsize::new(0) }
    }

    /// There is somebody to ask.
    pub(crate) fn has_upstream(&self) -> bool {
        self.app.upstream.is_some()
    }

    pub(crate) async fn unary(&self, method: &'static str, message: Bytes) -> Result<Bytes, Status> {
        let (upstream, outgoing) = self.prepare(method, message, false)?;
        let answer = upstream.unary(outgoing);
        if self.app.policies.gateway.detaches() {
            return tokio::spawn(answer).await.map_err(|_| Status::internal("internal error"))?;
        }
        answer.await
    }

    pub(crate) fn server_streaming(&self, method: &'static str, message: Bytes) -> Result<UpstreamMessages, Status> {
        let (upstream, outgoing) = self.prepare(method, message, true)?;
        Ok(upstream.server_streaming(outgoing))
    }

    fn prepare(&self, method: &'static str, message: Bytes, streaming: bool) -> Result<(&Arc<dyn Upstream>, UpstreamCall), Status> {
        let upstream = self.app.upstream.as_ref().ok_or_else(|| Status::failed_precondition("there is no upstream"))?;
        let policy = &self.app.policies.gateway;
        let timeout = policy.timeout(self.call.remaining(), self.first, self.app.settings.downstream_timeout);
        if timeout.is_some_and(|timeout| timeout.is_zero()) && !policy.calls_without_time() {
            return Err(Status::deadline_exceeded("deadline exceeded"));
        }
        let incoming = self.call.metadata();
        let nth = self.made.fetch_add(1, Ordering::Relaxed);
        let mut metadata = self.metadata(&incoming);
        let trace = self.trace(&mut metadata);
        let metadata = policy.metadata(metadata, &incoming, nth, streaming);
        Ok((upstream, UpstreamCall { method, metadata, trace, timeout, message }))
    }

    /// Ids and the keys that are configured, each with all its values.
    fn metadata(&self, incoming: &HeaderMap) -> HeaderMap {
        let mut outgoing = HeaderMap::new();
        if let Some(id) = self.call.request_id() {
            outgoing.insert(REQUEST_ID, id.clone());
        }
        if let Some(tenant) = self.call.tenant_id() {
            outgoing.insert(TENANT_ID, tenant.clone());
        }
        for name in incoming.keys() {
            let travels = self.app.policies.gateway.travels(name, &self.app.settings.forwards);
            if travels && !metadata::is_reserved(name) && !OURS.contains(name) {
                for value in incoming.get_all(name) {
                    outgoing.append(name.clone(), value.clone());
                }
            }
        }
        outgoing
    }

    fn trace(&self, outgoing: &mut HeaderMap) -> Option<UpstreamTrace> {
        let trace = self.call.trace()?;
        let state: Vec<_> = trace.state.iter().filter_map(|state| state.to_str().ok()).collect();
        let state = (!state.is_empty()).then(|| state.join(","));
        let Some(fixed) = self.app.policies.tracing.fixed(trace.own, trace.incoming) else {
            return Some(UpstreamTrace { parent: trace.own, state });
        };
        let values = [Some(fixed.to_string()), state];
        for (name, value) in OURS[2..].iter().zip(values) {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                outgoing.insert(name.clone(), value);
            }
        }
        None
    }
}

/// Keys that have their own way to travel.
static OURS: [HeaderName; 4] = [REQUEST_ID, TENANT_ID, HeaderName::from_static("traceparent"), HeaderName::from_static("tracestate")];
