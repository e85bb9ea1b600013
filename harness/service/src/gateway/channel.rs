//! An upstream behind the reference channel.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use proofmark_client::interceptor::{LogInterceptor, TraceContext, TraceInterceptor};
use proofmark_client::{
    CallEvent, CallEvents, CallHandle, CallKind, CallOptions, Channel, IncomingContext, Metadata, OpenFailed, Options, Outcome, Value,
};
use proofmark_transport::{BoxFuture, Clock, Network, Seed};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::gateway::{Upstream, UpstreamCall, UpstreamMessages};
use crate::grpc::metadata;

/// Asks over a channel. Dropping a call's future or stream cancels it.
#[derive(Clone, Debug)]
pub struct ChannelUpstream(Channel);

impl ChannelUpstream {
    /// Opens a channel to these addresses: round robin, three attempts at most, no timeout but the caller's.
    ///
    /// # Errors
    ///
    /// There is no address.
    pub fn open(network: Arc<dyn Network>, clock: Clock, seed: Seed, addresses: Vec<SocketAddr>) -> Result<Self, OpenFailed> {
        let seed = seed.derive("service.upstream");
        let options = Options {
            service_config: Some(CONFIG.to_owned()),
            interceptors: vec![Arc::new(LogInterceptor), Arc::new(TraceInterceptor::new(seed))],
            ..Options::new(network, clock, seed, addresses)
        };
        Channel::open(options).map(Self)
    }

    /// Asks over a channel that is open. It needs a [`TraceInterceptor`] for calls to carry their trace.
    pub fn new(channel: Channel) -> Self {
        Self(channel)
    }

    fn start(&self, call: UpstreamCall, kind: CallKind) -> Result<(CallHandle, CallEvents), Status> {
        let trace = call.trace.map(|trace| TraceContext {
            trace_id: trace.parent.trace,
            span_id: trace.parent.span,
            flags: trace.parent.flags,
            state: trace.state,
        });
        let options = CallOptions {
            metadata: outgoing(&call.metadata),
            timeout: call.timeout,
            request: Some(call.message),
            context: Some(IncomingContext { trace, ..IncomingContext::default() }),
            ..CallOptions::new(call.method, kind)
        };
        self.0.start(options).map_err(|refused| Status::internal(refused.to_string()))
    }
}

impl Upstream for ChannelUpstream {
    fn unary(&self, call: UpstreamCall) -> BoxFuture<'static, Result<Bytes, Status>> {
        let started = self.start(call, CallKind::Unary);
        Box::pin(async move {
            let (_handle, mut events) = started?;
            let mut answer = None;
            while let Some(event) = events.next().await {
                match event {
                    CallEvent::Headers(_) => {}
                    CallEvent::Message(message) => answer = Some(message),
                    CallEvent::Ended(outcome) if outcome.is_ok() => break,
                    CallEvent::Ended(outcome) => return Err(status(outcome)),
                }
            }
            answer.ok_or_else(|| Status::internal("the upstream gave no message"))
        })
    }

    fn server_streaming(&self, call: UpstreamCall) -> UpstreamMessages {
        let state = Some(self.start(call, CallKind::ServerStreaming));
        Box::pin(stream::unfold(state, |state| async {
            let (handle, mut events) = match state? {
                Ok(started) => started,
                Err(status) => return Some((Err(status), None)),
            };
            loop {
                match events.next().await? {
                    CallEvent::Headers(_) => {}
                    CallEvent::Message(message) => return Some((Ok(message), Some(Ok((handle, events))))),
                    CallEvent::Ended(outcome) if outcome.is_ok() => return None,
                    CallEvent::Ended(outcome) => return Some((Err(status(outcome)), None)),
                }
            }
        }))
    }
}

fn outgoing(fields: &HeaderMap) -> Metadata {
    let entries = fields.iter().map(|(name, value)| {
        let value = match metadata::decode(value.as_bytes()).filter(|_| metadata::is_binary(name)) {
            Some(bytes) => Value::Bytes(bytes.into()),
            None => Value::Text(String::from_utf8_lossy(value.as_bytes()).into_owned()),
        };
        (name.as_str().to_owned(), value)
    });
    entries.collect()
}

/// Code, message and details pass on; what else the upstream said of its own hop does not.
fn status(outcome: Outcome) -> Status {
    let code = Code::from_i32(outcome.code as i32);
    Status::with_details_and_metadata(code, outcome.message, outcome.details.unwrap_or_default(), MetadataMap::new())
}

/// Retries as in service contract section 9; the time is the incoming call's.
const CONFIG: &str = r#"{
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [{
        "name": [{"service": "user.v1.UserService"}],
        "retryPolicy": {
            "maxAttempts": 3, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]
        }
    }]
}"#;
