//! What a channel and a call can be told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proofmark_transport::{Clock, Network, Seed};

use crate::interceptor::{IncomingContext, Interceptor};
use crate::metadata::Metadata;
use crate::policy::Policies;

/// Settings of a channel. Make one with [`Options::new`] and change what differs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where connections come from.
    pub network: Arc<dyn Network>,
    /// Wall time, for logs.
    pub clock: Clock,
    /// All chance of the channel comes from named streams of this.
    pub seed: Seed,
    /// The backends, in order. At least one.
    pub addresses: Vec<SocketAddr>,
    /// Service config JSON; `None` is the empty config.
    pub service_config: Option<String>,
    /// `:authority`; the first address by default.
    pub authority: Option<String>,
    /// The application's prefix of `user-agent`.
    pub user_agent: Option<String>,
    /// Keepalive PINGs (gRFC A8); none by default.
    pub keepalive: Option<Keepalive>,
    /// Largest request message; unlimited by default.
    pub max_send: Option<usize>,
    /// Largest response message; 4 MiB by default.
    pub max_receive: Option<usize>,
    /// How many bytes of request messages a call keeps for retries; 256 KiB by default.
    pub retry_buffer: Option<usize>,
    /// Ignore retry policies. Transparent retries stay.
    pub disable_retries: bool,
    /// Waits between failed connection attempts.
    pub reconnect_backoff: ReconnectBackoff,
    /// What stands between application and calls, outermost first.
    pub interceptors: Vec<Arc<dyn Interceptor>>,
    /// Every decision of the channel.
    pub policies: Policies,
}

impl Options {
    /// Defaults for `addresses` on `network`.
    pub fn new(network: Arc<dyn Network>, clock: Clock, seed: Seed, addresses: Vec<SocketAddr>) -> Self {
        Self {
            network,
            clock,
            seed,
            addresses,
            service_config: None,
            authority: None,
            user_agent: None,
            keepalive: None,
            max_send: None,
            max_receive: None,
            retry_buffer: None,
            disable_retries: false,
            reconnect_backoff: ReconnectBackoff::default(),
            interceptors: Vec::new(),
            policies: Policies::default(),
        }
    }
}

/// Keepalive as gRFC A8 describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// Silence after which a PING is sent. Below 10 s it counts as 10 s.
    pub time: Duration,
    /// Silence after a PING that ends the connection.
    pub timeout: Duration,
    /// Also while no call is open.
    pub without_calls: bool,
}

/// Exponential backoff between the starts of connection attempts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReconnectBackoff {
    /// The first wait.
    pub initial: Duration,
    /// No nominal wait is longer.
    pub max: Duration,
    /// Each nominal wait is the one before times this.
    pub multiplier: f64,
    /// Each wait is off its nominal value by up to this share, either way.
    pub jitter: f64,
}

impl Default for ReconnectBackoff {
    fn default() -> Self {
        Self { initial: Duration::from_secs(1), max: Duration::from_secs(120), multiplier: 1.6, jitter: 0.2 }
    }
}

/// The kind of a method. Cardinality rules need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallKind {
    /// One request, one response.
    Unary,
    /// One request, a stream of responses.
    ServerStreaming,
    /// A stream of requests, one response.
    ClientStreaming,
    /// A stream each way.
    BidiStreaming,
}

impl CallKind {
    /// Whether exactly one request goes in with the call.
    pub fn single_request(self) -> bool {
        matches!(self, Self::Unary | Self::ServerStreaming)
    }

    /// Whether success means exactly one response.
    pub fn single_response(self) -> bool {
        matches!(self, Self::Unary | Self::ClientStreaming)
    }
}

/// When messages of a response stream are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadMode {
    /// As fast as they come, while the application keeps up.
    #[default]
    Automatic,
    /// Only as many as were asked for; the peer gets no further window until then.
    OnDemand,
}

/// What a call is.
#[derive(Clone, Debug)]
pub struct CallOptions {
    /// The path, `/package.Service/Method`.
    pub method: String,
    /// Its kind.
    pub kind: CallKind,
    /// The application's metadata, in order, keys as written.
    pub metadata: Metadata,
    /// The deadline, from now.
    pub timeout: Option<Duration>,
    /// Overrides `waitForReady` of the service config.
    pub wait_for_ready: Option<bool>,
    /// The request of a unary or server-streaming call; an empty message by default.
    pub request: Option<Bytes>,
    /// When responses are read.
    pub read: ReadMode,
    /// The incoming call that this one is made for.
    pub context: Option<IncomingContext>,
}

impl CallOptions {
    /// A call of `method` without anything else.
    pub fn new(method: impl Into<String>, kind: CallKind) -> Self {
        Self {
            method: method.into(),
            kind,
            metadata: Metadata::new(),
            timeout: None,
            wait_for_ready: None,
            request: None,
            read: ReadMode::Automatic,
            context: None,
        }
    }
}
