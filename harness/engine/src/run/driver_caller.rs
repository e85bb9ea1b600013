//! Makes the calls of a client case: tells a client system what to do and writes down what it shows.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

use bytes::Bytes;
use proofmark_api::driver::{
    CallKind as Kind, Cancel, CloseChannel, Command, Describe, Event, HalfClose, Metadata, OpenChannel, Payload, Resolve, Send, StartCall,
    command, ended, event, metadata, open_channel,
};
use proofmark_record::{CallKind, CallRef, Direction, End, Outcome, Owed, StatusSeen, Text, What};
use proofmark_system::{ClientEvent, ClientSystem};
use proofmark_wire::binary;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

use super::stage::{Local, Round, Stage};
use super::wire_caller::has_sends;
use crate::case::given::{Channel, Compression, Switch};
use crate::case::{Call, CallStep};
use crate::moments::Scope;
use crate::peer::conn::keep;
use crate::profile::{self, Plan, Side};

/// Drives a client system. Clones are the same one.
#[derive(Clone)]
pub struct DriverCaller(Rc<Inner>);

struct Inner {
    stage: Stage,
    system: RefCell<Box<dyn ClientSystem>>,
    options: Channel,
    service_config: Option<String>,
    addresses: RefCell<Vec<SocketAddr>>,
    scripted_resolver: bool,
    next_id: Cell<u32>,
    channels: RefCell<BTreeMap<String, ChannelState>>,
    calls: RefCell<BTreeMap<u32, CallRef>>,
    numbers: RefCell<BTreeMap<CallRef, u32>>,
    answers: RefCell<BTreeMap<u32, oneshot::Sender<event::Kind>>>,
    has_failed: Cell<bool>,
}

#[derive(Clone, Debug)]
enum ChannelState {
    Open(u32),
    Refused(String),
}

impl DriverCaller {
    /// Drives `system`, whose events come from `events`.
    pub fn new(
        stage: &Stage,
        system: Box<dyn ClientSystem>,
        events: UnboundedReceiver<ClientEvent>,
        options: Channel,
        service_config: Option<String>,
        addresses: Vec<SocketAddr>,
        scripted_resolver: bool,
    ) -> Self {
        let caller = Self(Rc::new(Inner {
            stage: stage.clone(),
            system: RefCell::new(system),
            options,
            service_config,
            addresses: RefCell::new(addresses),
            scripted_resolver,
            next_id: Cell::new(1),
            channels: RefCell::default(),
            calls: RefCell::default(),
            numbers: RefCell::default(),
            answers: RefCell::default(),
            has_failed: Cell::new(false),
        }));
        let listening = caller.clone();
        stage.tasks().spawn(async move { listening.listen(events).await });
        caller
    }

    /// The channels there are.
    pub fn channels(&self) -> Vec<String> {
        self.0.channels.borrow().keys().cloned().collect()
    }

    /// Opens a channel where there is none of this name.
    pub async fn connect(&self, via: &str) {
        self.channel(via).await;
    }

    /// Closes a channel.
    pub async fn close(&self, via: &str) {
        let state = self.0.channels.borrow_mut().remove(via);
        match state {
            Some(ChannelState::Open(channel)) => {
                self.ask(command::Kind::CloseChannel(CloseChannel { channel })).await;
            }
            _ => self.owed(format!("`close: {via}`, but there is no such channel")),
        }
    }

    /// The scripted resolver says something new on every channel.
    pub async fn resolve(&self, addresses: Option<Vec<SocketAddr>>, service_config: Option<String>) {
        if let Some(addresses) = addresses {
            self.0.addresses.replace(addresses);
        }
        self.0.stage.transcript().write(What::Resolver { direction: Direction::Sent });
        let channels: Vec<u32> = self
            .0
            .channels
            .borrow()
            .values()
            .filter_map(|state| if let ChannelState::Open(channel) = state { Some(*channel) } else { None })
            .collect();
        for channel in channels {
            let resolve = Resolve { channel, addresses: self.address_texts(), service_config: service_config.clone(), error: None };
            self.ask(command::Kind::Resolve(resolve)).await;
        }
    }

    /// Waits until everything that the driver has shown is written down: the answer to a command comes behind it.
    pub async fn settle(&self) {
        self.ask(command::Kind::Describe(Describe {})).await;
    }

    /// Cancels a call.
    pub fn cancel(&self, call: &CallRef) {
        self.0.stage.transcript().write(What::CallCancelled { call: call.clone() });
        let number = self.0.numbers.borrow().get(call).copied();
        if let Some(call) = number {
            self.tell(command::Kind::Cancel(Cancel { call }));
        }
    }

    /// Starts a call and leaves it to itself.
    pub fn start(&self, call: CallRef, given: Call, via: Option<String>, round: Round, scope: Scope) {
        let caller = self.clone();
        self.0.stage.tasks().spawn(async move { caller.run(call, given, via, round, scope).await });
    }

    async fn run(&self, call: CallRef, given: Call, via: Option<String>, round: Round, scope: Scope) {
        let plan = self.0.stage.profile().plan(&given.operation, &call.to_string());
        let metadata = self.metadata(&call, &given, &plan, round);
        let via = via.unwrap_or_else(|| "main".into());
        let state = self.channel(&via).await;
        let sends_one = matches!(plan.kind, CallKind::Unary | CallKind::ServerStreaming);
        let request = sends_one.then(|| self.request(&given, &plan, round, &call));
        let number = self.fresh();
        let mut start = StartCall {
            call: number,
            channel: 0,
            method: plan.path.clone(),
            kind: driver_kind(plan.kind).into(),
            metadata,
            timeout_seconds: given.deadline.map(|deadline| deadline.as_secs_f64()),
            wait_for_ready: given.wait_for_ready,
            request: request.as_deref().map(payload),
            read_policy: 0,
            codec: 0,
        };
        // from here to the command nothing takes time: the call's own begins
        let transcript = self.0.stage.transcript();
        transcript.write(What::CallStarted {
            call: call.clone(),
            via,
            method: plan.path.clone(),
            call_kind: plan.kind,
            deadline_ns: given.deadline.map(|deadline| deadline.as_nanos() as u64),
            metadata: start.metadata.iter().map(|entry| (entry.key.clone(), value_of(entry))).collect(),
        });
        start.channel = match state {
            ChannelState::Open(channel) => channel,
            ChannelState::Refused(text) => {
                transcript.write(What::CallEnded { call, outcome: Outcome::Refused { text } });
                return;
            }
        };
        self.0.calls.borrow_mut().insert(number, call.clone());
        self.0.numbers.borrow_mut().insert(call.clone(), number);
        self.tell(command::Kind::StartCall(start));
        if let Some(data) = &request {
            self.sent(&call, data);
        }
        let acting = Acting { caller: self.clone(), call, number, plan, scope, received: Rc::new(Cell::new(0)) };
        acting.play(&given, round, sends_one).await;
    }

    fn request(&self, given: &Call, plan: &Plan, round: Round, call: &CallRef) -> Vec<u8> {
        let first_send = given.steps.iter().flatten().find_map(|step| if let CallStep::Send(send) = step { Some(send) } else { None });
        if let Some(send) = first_send.filter(|_| given.request.is_none()) {
            return send.message(&self.0.stage, round, &plan.path, Side::Request, || plan.request.clone()).data;
        }
        match &given.request {
            Some(payload) => profile::encode(&plan.path, Side::Request, payload, &self.0.stage.context(round)).unwrap_or_else(|text| {
                self.0.stage.transcript().write(What::HarnessError { text: format!("the request of {call} cannot be built: {text}") });
                Vec::new()
            }),
            None => plan.request.clone(),
        }
    }

    fn metadata(&self, call: &CallRef, given: &Call, plan: &Plan, round: Round) -> Vec<Metadata> {
        let text = |key: &str, value: String| Metadata { key: key.into(), value: Some(metadata::Value::Text(value)) };
        let mut entries = vec![text("x-proofmark-call", format!("{}{call}", self.0.stage.call_prefix()))];
        if let Some(words) = &plan.behavior {
            entries.push(text("rpc-behavior", words.clone()));
        }
        let context = self.0.stage.context(round);
        for (key, value) in given.metadata.iter() {
            let bytes = value.expand(&context);
            let value = if key.ends_with("-bin") {
                metadata::Value::Bytes(binary::from_hex(&String::from_utf8_lossy(&bytes)).unwrap_or(bytes).into())
            } else {
                match String::from_utf8(bytes) {
                    Ok(text) => metadata::Value::Text(text),
                    Err(bytes) => metadata::Value::Bytes(bytes.into_bytes().into()),
                }
            };
            entries.push(Metadata { key: key.to_owned(), value: Some(value) });
        }
        entries
    }

    async fn channel(&self, via: &str) -> ChannelState {
        let known = self.0.channels.borrow().get(via).cloned();
        if let Some(state) = known {
            return state;
        }
        let channel = self.fresh();
        // said before the answer is there, so that calls made meanwhile use the same channel
        self.0.channels.borrow_mut().insert(via.to_owned(), ChannelState::Open(channel));
        let answer = self.ask(command::Kind::OpenChannel(self.open_channel(channel))).await;
        let state = match answer {
            Some(event::Kind::Refused(refused)) => {
                self.0.stage.transcript().write(What::ChannelRefused { via: via.to_owned(), text: refused.text.clone() });
                ChannelState::Refused(refused.text)
            }
            _ => {
                self.0.stage.transcript().write(What::ChannelOpened { via: via.to_owned() });
                ChannelState::Open(channel)
            }
        };
        self.0.channels.borrow_mut().insert(via.to_owned(), state.clone());
        state
    }

    fn open_channel(&self, channel: u32) -> OpenChannel {
        let options = &self.0.options;
        let size = |size: Option<crate::case::ByteCount>| size.map(|size| u32::try_from(size.0).unwrap_or(u32::MAX));
        let keepalive = options.keepalive.map(|keepalive| open_channel::Keepalive {
            time_seconds: keepalive.time.map_or(20.0, |time| time.as_secs_f64()),
            timeout_seconds: keepalive.timeout.map_or(20.0, |timeout| timeout.as_secs_f64()),
            without_calls: keepalive.without_calls == Some(Switch::Enabled),
        });
        OpenChannel {
            channel,
            addresses: if self.0.scripted_resolver { Vec::new() } else { self.address_texts() },
            scripted_resolver: self.0.scripted_resolver,
            service_config: self.0.service_config.clone(),
            authority: options.authority.clone().unwrap_or_default(),
            user_agent: options.user_agent.clone().unwrap_or_default(),
            keepalive,
            max_send_bytes: size(options.max_send),
            max_receive_bytes: size(options.max_receive),
            compression: match options.compression {
                Some(Compression::Gzip) => "gzip".into(),
                Some(Compression::Deflate) => "deflate".into(),
                None => String::new(),
            },
            disable_retries: options.retries == Some(Switch::Disabled),
            retry_buffer_bytes: size(options.retry_buffer),
            disable_health_check: options.health_checks == Some(Switch::Disabled),
            ..OpenChannel::default()
        }
    }

    fn address_texts(&self) -> Vec<String> {
        self.0.addresses.borrow().iter().map(ToString::to_string).collect()
    }

    fn fresh(&self) -> u32 {
        let id = self.0.next_id.get();
        self.0.next_id.set(id + 1);
        id
    }

    fn tell(&self, kind: command::Kind) {
        let id = self.fresh();
        self.0.system.borrow_mut().command(Command { id, kind: Some(kind) });
    }

    async fn ask(&self, kind: command::Kind) -> Option<event::Kind> {
        if self.0.has_failed.get() {
            return None;
        }
        let id = self.fresh();
        let (sender, answer) = oneshot::channel();
        self.0.answers.borrow_mut().insert(id, sender);
        self.0.system.borrow_mut().command(Command { id, kind: Some(kind) });
        answer.await.ok()
    }

    fn sent(&self, call: &CallRef, data: &[u8]) {
        let (kept, digest) = keep(data);
        self.0.stage.transcript().write(What::Message {
            at: End::Caller,
            direction: Direction::Sent,
            call: Some(call.clone()),
            place: None,
            size: data.len() as u64,
            data: kept,
            digest,
            flag: 0,
        });
    }

    async fn listen(&self, mut events: UnboundedReceiver<ClientEvent>) {
        while let Some(event) = events.recv().await {
            match event {
                ClientEvent::Shown(event) => self.shown(event),
                ClientEvent::Stderr(line) => {
                    self.0.stage.transcript().write(What::Stderr { text: Text::from(&line[..]) });
                }
                ClientEvent::Failed(text) => self.failed(&text),
            }
        }
    }

    /// Nothing more comes: whoever waits for an answer gets none.
    fn failed(&self, text: &str) {
        self.0.stage.transcript().write(What::SystemError { text: format!("the driver failed: {text}"), late: false });
        self.0.has_failed.set(true);
        self.0.answers.borrow_mut().clear();
    }

    fn shown(&self, event: Event) {
        let Some(kind) = event.kind else { return };
        if let Some(re) = event.re {
            self.answered(re, kind);
            return;
        }
        let transcript = self.0.stage.transcript();
        let call = |number: u32| self.0.calls.borrow().get(&number).cloned();
        match kind {
            event::Kind::Headers(headers) => {
                if let Some(call) = call(headers.call) {
                    transcript.write(What::CallHeaders { call, metadata: pairs(&headers.metadata) });
                }
            }
            event::Kind::Message(message) => {
                let digest = (!message.sha256.is_empty()).then(|| binary::hex(&message.sha256));
                transcript.write(What::Message {
                    at: End::Caller,
                    direction: Direction::Received,
                    call: call(message.call),
                    place: None,
                    size: u64::from(message.size),
                    data: Text::from(&message.data[..]),
                    digest,
                    flag: 0,
                });
            }
            event::Kind::Ended(ended) => {
                if let Some(call) = call(ended.call) {
                    let outcome = match outcome(ended.outcome) {
                        Outcome::Dropped if !self.was_cancelled(&call) => {
                            Outcome::Exception { text: "the driver wrote `dropped`, but nobody cancelled the call".into() }
                        }
                        outcome => outcome,
                    };
                    transcript.write(What::CallEnded { call, outcome });
                }
            }
            event::Kind::ResolveRequested(_) => {
                transcript.write(What::Resolver { direction: Direction::Received });
            }
            event::Kind::Error(error) => self.failed(&error.text),
            _ => {}
        }
    }

    fn was_cancelled(&self, call: &CallRef) -> bool {
        self.0
            .stage
            .transcript()
            .with(|events| events.iter().any(|event| matches!(&event.what, What::CallCancelled { call: cancelled } if cancelled == call)))
    }

    fn answered(&self, re: u32, kind: event::Kind) {
        match &kind {
            event::Kind::Error(error) => self.failed(&error.text),
            // only what is core or declared is ever asked for
            event::Kind::Unsupported(unsupported) => {
                self.failed(&format!("`{}` is core or declared, and it answered `unsupported`: {}", unsupported.what, unsupported.reason));
            }
            _ => {}
        }
        if let Some(waiting) = self.0.answers.borrow_mut().remove(&re) {
            // nobody waits any more where the case is over
            let _ = waiting.send(kind);
        }
    }

    fn owed(&self, text: String) {
        self.0.stage.transcript().write(What::Owed { by: Owed::Harness, text });
    }
}

/// The caller's side of one call.
#[derive(Clone)]
struct Acting {
    caller: DriverCaller,
    call: CallRef,
    number: u32,
    plan: Plan,
    scope: Scope,
    received: Rc<Cell<u32>>,
}

impl Acting {
    async fn play(&self, given: &Call, round: Round, request_is_in: bool) {
        match &given.steps {
            None if request_is_in => {}
            None => {
                if given.request.is_some() {
                    let data = self.caller.request(given, &self.plan, round, &self.call);
                    self.send(data).await;
                }
                self.half_close();
            }
            Some(steps) => {
                let after = self.run(steps, round, request_is_in).await;
                let held = matches!(steps.last(), Some(CallStep::Hold(_)));
                if !after && !held && !request_is_in {
                    self.half_close();
                }
            }
        }
    }

    /// Runs steps; `true` where one of them ended the caller's side.
    async fn run(&self, steps: &[CallStep], round: Round, request_is_in: bool) -> bool {
        let mut ended = false;
        for step in steps {
            ended |= matches!(step, CallStep::HalfClose(_) | CallStep::Cancel(_));
            if !(request_is_in && has_sends(std::slice::from_ref(step))) {
                self.step(step, round, request_is_in).await;
            }
        }
        ended
    }

    async fn step(&self, step: &CallStep, round: Round, request_is_in: bool) {
        let stage = &self.caller.0.stage;
        match step {
            CallStep::Send(send) => {
                let message = send.message(stage, round, &self.plan.path, Side::Request, || self.plan.request.clone());
                self.send(message.data).await;
            }
            CallStep::Receive(count) => self.receive(*count).await,
            CallStep::HalfClose(_) => self.half_close(),
            CallStep::Cancel(_) => self.caller.cancel(&self.call),
            CallStep::Hold(_) => {}
            CallStep::Data(_) | CallStep::Reset(_) | CallStep::Frame(_) => {
                self.caller.owed(format!("step `{}` is for scripted clients", step.name()));
            }
            CallStep::Await(moment) => stage.reached(moment, &self.own_scope()).await,
            CallStep::Mark(mark) => stage.mark(mark).await,
            CallStep::Pause(pause) => stage.pause(pause).await,
            CallStep::Repeat(repeat) => {
                stage
                    .repeat(repeat, round, &self.own_scope(), |steps, round| -> Local<'_> {
                        let acting = self.clone();
                        Box::pin(async move {
                            acting.run(steps, round, request_is_in).await;
                        })
                    })
                    .await;
            }
        }
    }

    fn own_scope(&self) -> Scope {
        Scope { call: Some(self.call.clone()), ..self.scope.clone() }
    }

    async fn send(&self, data: Vec<u8>) {
        self.caller.sent(&self.call, &data);
        let message = Some(payload(&data));
        let answer = self.caller.ask(command::Kind::Send(Send { call: self.number, message, uncompressed: false })).await;
        if let Some(event::Kind::Refused(refused)) = answer {
            self.caller.0.stage.transcript().write(What::SendRefused { call: self.call.clone(), text: refused.text });
        }
    }

    fn half_close(&self) {
        let transcript = self.caller.0.stage.transcript();
        transcript.write(What::HalfClose { direction: Direction::Sent, call: Some(self.call.clone()), place: None });
        self.caller.tell(command::Kind::HalfClose(HalfClose { call: self.number }));
    }

    async fn receive(&self, count: u32) {
        self.received.set(self.received.get() + count);
        let wanted = self.received.get();
        let mut seen = 0;
        self.caller
            .0
            .stage
            .transcript()
            .wait(|event| match &event.what {
                What::Message { at: End::Caller, direction: Direction::Received, call: Some(call), .. } if *call == self.call => {
                    seen += 1;
                    seen >= wanted
                }
                What::CallEnded { call, .. } => *call == self.call,
                _ => false,
            })
            .await;
    }
}

/// Bytes for a driver; what repeats is said as a pattern, since a line is bounded.
fn payload(data: &[u8]) -> Payload {
    let repeats = data.len() > profile::UNIT && data.iter().zip(&data[profile::UNIT..]).all(|(a, b)| a == b);
    let kept = if repeats { &data[..profile::UNIT] } else { data };
    Payload { data: Bytes::copy_from_slice(kept), size: repeats.then(|| u32::try_from(data.len()).unwrap_or(u32::MAX)) }
}

fn outcome(outcome: Option<ended::Outcome>) -> Outcome {
    match outcome {
        Some(ended::Outcome::Status(status)) => {
            let trailers = pairs(&status.trailers);
            let own = (!status.details.is_empty()).then(|| binary::hex(&status.details));
            let details =
                own.or_else(|| trailers.iter().find(|(name, _)| name == "grpc-status-details-bin").map(|(_, value)| binary::hex(&value.0)));
            Outcome::Status(StatusSeen {
                code: u32::try_from(status.code).unwrap_or(u32::MAX),
                message: status.message.as_str().into(),
                details,
                trailers,
                synthetic: false,
            })
        }
        Some(ended::Outcome::Refused(words)) => Outcome::Refused { text: words.text },
        Some(ended::Outcome::Exception(words)) => Outcome::Exception { text: words.text },
        Some(ended::Outcome::Dropped(_)) | None => Outcome::Dropped,
    }
}

fn pairs(entries: &[Metadata]) -> Vec<(String, Text)> {
    entries.iter().map(|entry| (entry.key.clone(), value_of(entry))).collect()
}

fn value_of(entry: &Metadata) -> Text {
    match &entry.value {
        Some(metadata::Value::Text(text)) => text.as_str().into(),
        Some(metadata::Value::Bytes(bytes)) => Text::from(&bytes[..]),
        None => Text::default(),
    }
}

fn driver_kind(kind: CallKind) -> Kind {
    match kind {
        CallKind::Unary => Kind::Unary,
        CallKind::ServerStreaming => Kind::ServerStreaming,
        CallKind::ClientStreaming => Kind::ClientStreaming,
        CallKind::Bidi => Kind::BidiStreaming,
    }
}
