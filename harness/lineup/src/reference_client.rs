//! The reference client as a client system: commands of the driver protocol in, events out.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proofmark_client::policy::Policies;
use proofmark_client::{CallEvent, CallEvents, CallHandle, CallKind, CallOptions, Channel, Keepalive, Metadata, Options, Value};
use proofmark_system::driver::{self, Command, Event, command, event};
use proofmark_system::{ClientEvent, ClientFactory, ClientInfo, ClientLaunch, ClientSystem, StartError};
use proofmark_transport::{BoxFuture, Clock, Network};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::{self, UnboundedSender};

/// Makes [`Policies`] for one start of the client.
pub type MakePolicies = Arc<dyn Fn() -> Policies + Send + Sync>;

/// Puts something between the client and its network.
pub type WrapNetwork = Arc<dyn Fn(Arc<dyn Network>) -> Arc<dyn Network> + Send + Sync>;

/// The reference client, or a variant of it.
#[derive(Clone)]
pub struct ReferenceClient {
    name: String,
    policies: MakePolicies,
    wrap: WrapNetwork,
}

impl ReferenceClient {
    /// The reference itself.
    pub fn new() -> Self {
        Self { name: "reference".into(), policies: Arc::new(Policies::default), wrap: Arc::new(|network| network) }
    }

    /// A variant with other policies, or behind another network.
    pub fn variant(name: &str, policies: MakePolicies, wrap: WrapNetwork) -> Self {
        Self { name: name.to_owned(), policies, wrap }
    }
}

impl Default for ReferenceClient {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for ReferenceClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReferenceClient").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ClientFactory for ReferenceClient {
    fn info(&self) -> ClientInfo {
        ClientInfo {
            name: self.name.clone(),
            version: env!("CARGO_PKG_VERSION").into(),
            features: FEATURES.iter().map(|feature| (*feature).to_owned()).collect(),
        }
    }

    fn start(&self, launch: ClientLaunch) -> BoxFuture<'_, Result<Box<dyn ClientSystem>, StartError>> {
        let network = (self.wrap)(launch.network.clone());
        let driver =
            Driver { policies: (self.policies)(), network, launch: launch.clone(), channels: BTreeMap::new(), calls: BTreeMap::new() };
        Box::pin(async move { Ok(Box::new(driver) as Box<dyn ClientSystem>) })
    }
}

/// What it declares, in the words of the driver protocol, section 4.
pub const FEATURES: &[&str] = &[
    DRIVER,
    "service-config",
    "service-config-text",
    "addresses",
    "wait-for-ready",
    "authority",
    "user-agent",
    "keepalive",
    "message-limits",
    "retry-switch",
    "retry-buffer",
    "on-demand-read",
    "reconnect-backoff",
    "cancel-status",
    "retry",
    "round-robin",
];

/// Not of that page: a client that takes commands at all.
const DRIVER: &str = "driver";

struct Driver {
    policies: Policies,
    network: Arc<dyn Network>,
    launch: ClientLaunch,
    channels: BTreeMap<u32, Channel>,
    calls: BTreeMap<u32, Arc<CallSlot>>,
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("channels", &self.channels).finish_non_exhaustive()
    }
}

/// A call and its send lane: sends of one call run in order, and nothing else waits for them.
struct CallSlot {
    handle: CallHandle,
    lane: UnboundedSender<LaneCommand>,
}

enum LaneCommand {
    Send { id: u32, message: Bytes },
    HalfClose { id: u32 },
}

impl ClientSystem for Driver {
    fn command(&mut self, command: Command) {
        let id = command.id;
        match command.kind {
            Some(command::Kind::Describe(_)) => self.answer(id, described()),
            Some(command::Kind::OpenChannel(open)) => {
                let answer = self.open(open);
                self.answer(id, answer);
            }
            Some(command::Kind::CloseChannel(close)) => match self.channels.remove(&close.channel) {
                Some(channel) => {
                    channel.close();
                    self.answer(id, ok());
                }
                None => self.answer(id, no_such("channel", close.channel)),
            },
            Some(command::Kind::StartCall(start)) => self.start_call(id, start),
            Some(command::Kind::Send(send)) if send.uncompressed => {
                self.answer(id, unsupported("send.uncompressed", "the reference client does not have it yet"));
            }
            Some(command::Kind::Send(send)) => match self.calls.get(&send.call) {
                Some(slot) => {
                    let message = payload(send.message.unwrap_or_default());
                    // the lane lives as long as the slot
                    let _ = slot.lane.send(LaneCommand::Send { id, message });
                }
                None => self.answer(id, no_such("call", send.call)),
            },
            Some(command::Kind::HalfClose(half_close)) => match self.calls.get(&half_close.call) {
                Some(slot) => {
                    let _ = slot.lane.send(LaneCommand::HalfClose { id });
                }
                None => self.answer(id, no_such("call", half_close.call)),
            },
            Some(command::Kind::Read(read)) => match self.calls.get(&read.call) {
                Some(slot) => slot.handle.read(u64::from(read.count.unwrap_or(1))),
                None => self.answer(id, no_such("call", read.call)),
            },
            Some(command::Kind::Cancel(cancel)) => match self.calls.get(&cancel.call) {
                Some(slot) => {
                    slot.handle.cancel();
                    slot.handle.read_all();
                    self.answer(id, ok());
                }
                None => self.answer(id, no_such("call", cancel.call)),
            },
            Some(command::Kind::Resolve(_)) => self.answer(id, unsupported("resolve", "the channel has fixed addresses")),
            None => self.answer(id, unsupported("unknown", "unknown command")),
        }
    }
}

/// Calls and connections end with their driver.
impl Drop for Driver {
    fn drop(&mut self) {
        self.channels.values().for_each(Channel::close);
    }
}

impl Driver {
    fn show(&self) -> Show {
        Show { events: self.launch.events.clone(), clock: self.launch.clock.clone() }
    }

    fn answer(&self, re: u32, kind: event::Kind) {
        self.show().event(Some(re), kind);
    }

    fn open(&mut self, open: driver::OpenChannel) -> event::Kind {
        if let Some(field) = undeclared(&open) {
            return unsupported(&format!("open_channel.{field}"), "the reference client does not have it yet");
        }
        let addresses: Result<Vec<SocketAddr>, _> = open.addresses.iter().map(|address| address.parse()).collect();
        let Ok(addresses) = addresses else { return error("an address is not ip:port".into()) };
        let seed = self.launch.seed.derive(&format!("channel {}", open.channel));
        let mut options = Options::new(self.network.clone(), self.launch.clock.clone(), seed, addresses);
        options.service_config = open.service_config;
        options.authority = (!open.authority.is_empty()).then_some(open.authority);
        options.user_agent = (!open.user_agent.is_empty()).then_some(open.user_agent);
        options.keepalive = open.keepalive.map(|keepalive| Keepalive {
            time: seconds(keepalive.time_seconds),
            timeout: seconds(keepalive.timeout_seconds),
            without_calls: keepalive.without_calls,
        });
        options.max_send = open.max_send_bytes.map(|size| size as usize);
        options.max_receive = open.max_receive_bytes.map(|size| size as usize);
        options.retry_buffer = open.retry_buffer_bytes.map(|size| size as usize);
        options.disable_retries = open.disable_retries;
        if let Some(backoff) = open.reconnect_backoff {
            options.reconnect_backoff.initial = seconds(backoff.initial_seconds);
            options.reconnect_backoff.max = seconds(backoff.max_seconds);
        }
        options.policies = self.policies.clone();
        match Channel::open(options) {
            Ok(channel) => {
                self.channels.insert(open.channel, channel);
                ok()
            }
            Err(refused) => event::Kind::Refused(driver::Refused { text: refused.to_string() }),
        }
    }

    fn start_call(&mut self, id: u32, start: driver::StartCall) {
        let Some(channel) = self.channels.get(&start.channel) else {
            return self.answer(id, no_such("channel", start.channel));
        };
        let kind = match start.kind() {
            driver::CallKind::Unary => CallKind::Unary,
            driver::CallKind::ServerStreaming => CallKind::ServerStreaming,
            driver::CallKind::ClientStreaming => CallKind::ClientStreaming,
            driver::CallKind::BidiStreaming => CallKind::BidiStreaming,
            driver::CallKind::Unspecified => return self.answer(id, unsupported("start_call.kind", "unknown kind")),
        };
        if start.codec != driver::Codec::Raw as i32 {
            return self.answer(id, unsupported("start_call.codec", "the reference client does not have it yet"));
        }
        let mut options = CallOptions::new(start.method, kind);
        options.metadata = metadata(start.metadata);
        options.timeout = start.timeout_seconds.map(seconds);
        options.wait_for_ready = start.wait_for_ready;
        options.request = start.request.map(payload);
        if start.read_policy == driver::ReadPolicy::OnDemand as i32 {
            options.read = proofmark_client::ReadMode::OnDemand;
        }
        self.answer(id, ok());
        let call = start.call;
        match channel.start(options) {
            Ok((handle, events)) => {
                let (lane, commands) = mpsc::unbounded_channel();
                let slot = Arc::new(CallSlot { handle, lane });
                self.calls.insert(call, slot.clone());
                tokio::spawn(show_call(call, events, self.show()));
                tokio::spawn(run_lane(Arc::downgrade(&slot), commands, self.show()));
            }
            Err(refused) => {
                let words = driver::ended::Words { text: refused.to_string() };
                let outcome = Some(driver::ended::Outcome::Refused(words));
                self.show().event(None, event::Kind::Ended(driver::Ended { call, outcome }));
            }
        }
    }
}

async fn run_lane(slot: std::sync::Weak<CallSlot>, mut commands: mpsc::UnboundedReceiver<LaneCommand>, show: Show) {
    while let Some(command) = commands.recv().await {
        let Some(slot) = slot.upgrade() else { return };
        let (id, answer) = match command {
            LaneCommand::Send { id, message } => match slot.handle.send(message).await {
                Ok(()) => (id, ok()),
                Err(over) => (id, event::Kind::Refused(driver::Refused { text: over.to_string() })),
            },
            LaneCommand::HalfClose { id } => {
                slot.handle.half_close();
                (id, ok())
            }
        };
        show.event(Some(id), answer);
    }
}

async fn show_call(call: u32, mut events: CallEvents, show: Show) {
    while let Some(event) = events.next().await {
        let kind = match event {
            CallEvent::Headers(headers) => event::Kind::Headers(driver::Headers { call, metadata: entries(&headers) }),
            CallEvent::Message(message) => event::Kind::Message(shown(call, &message)),
            CallEvent::Ended(outcome) => event::Kind::Ended(driver::Ended {
                call,
                outcome: Some(driver::ended::Outcome::Status(driver::ended::Status {
                    code: outcome.code as i32,
                    message: outcome.message,
                    details: outcome.details.unwrap_or_default(),
                    trailers: entries(&outcome.trailers),
                })),
            }),
        };
        show.event(None, kind);
    }
}

#[derive(Clone, Debug)]
struct Show {
    events: UnboundedSender<ClientEvent>,
    clock: Clock,
}

impl Show {
    fn event(&self, re: Option<u32>, kind: event::Kind) {
        // the harness has gone where nobody takes events any more
        let _ = self.events.send(ClientEvent::Shown(Event { re, at_seconds: self.clock.elapsed().as_secs_f64(), kind: Some(kind) }));
    }
}

/// The first field that is given and belongs to a feature that is not declared.
fn undeclared(open: &driver::OpenChannel) -> Option<&'static str> {
    let fields = [
        ("target", !open.target.is_empty()),
        ("scripted_resolver", open.scripted_resolver),
        ("dns_service_config", open.dns_service_config),
        ("connect", open.connect),
        ("watch_state", open.watch_state),
        ("tls", open.tls.is_some()),
        ("compression", !open.compression.is_empty()),
        ("max_attempts_limit", open.max_attempts_limit.is_some()),
        ("disable_health_check", open.disable_health_check),
    ];
    fields.into_iter().find_map(|(name, is_given)| is_given.then_some(name))
}

fn described() -> event::Kind {
    event::Kind::Described(driver::Described {
        protocol: 1,
        driver: "reference".into(),
        language: "rust".into(),
        library: "proofmark-client".into(),
        library_version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        features: FEATURES.iter().filter(|feature| **feature != DRIVER).map(|feature| (*feature).to_owned()).collect(),
    })
}

fn ok() -> event::Kind {
    event::Kind::Ok(driver::Ok {})
}

fn error(text: String) -> event::Kind {
    event::Kind::Error(driver::Error { text })
}

fn no_such(what: &str, number: u32) -> event::Kind {
    error(format!("there is no {what} {number}"))
}

fn unsupported(what: &str, reason: &str) -> event::Kind {
    event::Kind::Unsupported(driver::Unsupported { what: what.into(), reason: reason.into() })
}

fn shown(call: u32, message: &Bytes) -> driver::Message {
    const SHOWN: usize = 1024;
    let size = u32::try_from(message.len()).unwrap_or(u32::MAX);
    if message.len() <= SHOWN {
        driver::Message { call, size, data: message.clone(), sha256: Bytes::new() }
    } else {
        driver::Message { call, size, data: Bytes::new(), sha256: Sha256::digest(message).to_vec().into() }
    }
}

fn payload(payload: driver::Payload) -> Bytes {
    let Some(size) = payload.size else { return payload.data };
    let pattern = if payload.data.is_empty() { Bytes::from_static(&[0]) } else { payload.data };
    pattern.iter().copied().cycle().take(size as usize).collect()
}

fn metadata(entries: Vec<driver::Metadata>) -> Metadata {
    let mut metadata = Metadata::new();
    for entry in entries {
        let value = match entry.value {
            Some(driver::metadata::Value::Text(text)) => Value::Text(text),
            Some(driver::metadata::Value::Bytes(bytes)) => Value::Bytes(bytes),
            None => Value::Text(String::new()),
        };
        metadata.push(entry.key, value);
    }
    metadata
}

fn entries(metadata: &Metadata) -> Vec<driver::Metadata> {
    metadata
        .iter()
        .map(|(key, value)| {
            let value = match value {
                Value::Text(text) => driver::metadata::Value::Text(text.clone()),
                Value::Bytes(bytes) => driver::metadata::Value::Bytes(bytes.clone()),
            };
            driver::Metadata { key: key.to_owned(), value: Some(value) }
        })
        .collect()
}

/// Seconds as a duration, with saturation: 1e11 s must not wrap around.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}
