//! Makes the calls of a server case: a scripted client on connections of its own.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;

use indexmap::IndexMap;
use proofmark_record::{Actor, CallKind, CallRef, Outcome, Owed, StatusSeen, Text, What};
use tokio::sync::Notify;

use proofmark_wire::{ErrorCode, Field, StatusCode, binary, text, timeout};

use super::stage::{Local, Round, Stage};
use crate::case::given::{Handshake, Manners, Reads};
use crate::case::{Call, CallStep};
use crate::moments::Scope;
use crate::peer::conn::{BlockShape, Conn, OutMessage, Setup, Side, field_text};
use crate::peer::script::replaced;
use crate::peer::tasks::Tasks;
use crate::profile::{self, Plan, Side as MessageSide};

/// A scripted client. Clones are the same one.
#[derive(Clone)]
pub struct WireCaller(Rc<Inner>);

struct Inner {
    stage: Stage,
    clients: IndexMap<String, Manners>,
    /// Where each client dials; `None` is everybody else.
    routes: RefCell<BTreeMap<Option<String>, SocketAddr>>,
    conns: RefCell<BTreeMap<String, Vec<Conn>>>,
    calls: RefCell<BTreeMap<CallRef, (Conn, u32)>>,
    /// Clients that are making a connection.
    dialling: RefCell<BTreeSet<String>>,
    dialled: Notify,
    token: Option<String>,
    /// Calls carry a request id, since a gateway stands between caller and backend.
    names_requests: bool,
}

impl WireCaller {
    /// A client that has no connection yet.
    pub fn new(stage: &Stage, clients: IndexMap<String, Manners>, token: Option<String>, names_requests: bool) -> Self {
        Self(Rc::new(Inner {
            stage: stage.clone(),
            clients,
            routes: RefCell::default(),
            conns: RefCell::default(),
            calls: RefCell::default(),
            dialling: RefCell::default(),
            dialled: Notify::new(),
            token,
            names_requests,
        }))
    }

    /// Says where a client finds the server; without a name all others.
    pub fn route(&self, client: Option<&str>, address: SocketAddr) {
        self.0.routes.borrow_mut().insert(client.map(str::to_owned), address);
    }

    /// Forgets every way to the server.
    pub fn unroute(&self) {
        self.0.routes.borrow_mut().clear();
    }

    /// The latest connection of a client.
    pub fn conn(&self, client: &str, number: Option<u32>) -> Option<Conn> {
        let conns = self.0.conns.borrow();
        let conns = conns.get(client)?;
        match number {
            Some(number) => conns.get(number.checked_sub(1)? as usize).cloned(),
            None => conns.last().cloned(),
        }
    }

    /// All connections that are still there.
    pub fn live(&self) -> Vec<Conn> {
        self.0.conns.borrow().values().flatten().filter(|conn| !conn.is_closed()).cloned().collect()
    }

    /// Opens a connection as far as its handshake goes; `None` where it was refused.
    pub async fn connect(&self, client: &str) -> Option<Conn> {
        let manners = self.0.clients.get(client).cloned().unwrap_or_default();
        self.dial(client, manners, true).await
    }

    /// Opens a connection with good manners.
    pub async fn connect_well(&self, client: &str) -> Option<Conn> {
        self.dial(client, Manners::default(), false).await
    }

    async fn dial(&self, client: &str, manners: Manners, waits: bool) -> Option<Conn> {
        let address = {
            let routes = self.0.routes.borrow();
            routes.get(&Some(client.to_owned())).or_else(|| routes.get(&None)).copied()
        };
        let stage = &self.0.stage;
        let number = || self.0.conns.borrow().get(client).map_or(0, Vec::len) as u32 + 1;
        let refused =
            |text: String| stage.transcript().write(What::ConnectionRefused { peer: client.to_owned(), connection: number(), text });
        let Some(address) = address else {
            refused("the server is not running".into());
            return None;
        };
        match stage.network().connect(address).await {
            Ok(link) => {
                let setup = Setup {
                    peer: client.to_owned(),
                    number: number(),
                    side: Side::Client,
                    manners,
                    call_prefix: stage.call_prefix().to_owned(),
                    transcript: stage.transcript().clone(),
                    tasks: stage.tasks().clone(),
                    on_request: None,
                };
                let full = setup.manners.handshake == Handshake::Full && setup.manners.reads == Reads::Always;
                let conn = Conn::start(setup, link);
                self.0.conns.borrow_mut().entry(client.to_owned()).or_default().push(conn.clone());
                if full && waits {
                    conn.until(|conn| (conn.is_ready() || conn.is_closed()).then_some(())).await;
                }
                Some(conn)
            }
            Err(error) => {
                refused(error.kind().to_string());
                None
            }
        }
    }

    /// Closes the latest connection of a client.
    pub fn close(&self, client: &str) {
        match self.conn(client, None) {
            Some(conn) => conn.close(Default::default()),
            None => self.owed(format!("`close: {client}`, but {client} has no connection")),
        }
    }

    /// Cancels a call, as a client does: RST_STREAM CANCEL.
    pub fn cancel(&self, call: &CallRef) {
        let transcript = self.0.stage.transcript();
        transcript.write(What::CallCancelled { call: call.clone() });
        let found = self.0.calls.borrow().get(call).cloned();
        if let Some((conn, id)) = found {
            conn.reset(id, ErrorCode::CANCEL);
        }
    }

    /// Starts a call and leaves it to itself.
    pub fn start(&self, call: CallRef, given: Call, via: Option<String>, round: Round, scope: Scope) {
        let caller = self.clone();
        self.0.stage.tasks().spawn(async move {
            let outcome = caller.run(&call, &given, via, round, scope).await;
            caller.0.stage.transcript().write(What::CallEnded { call: call.clone(), outcome });
            caller.0.calls.borrow_mut().remove(&call);
        });
    }

    async fn run(&self, call: &CallRef, given: &Call, via: Option<String>, round: Round, scope: Scope) -> Outcome {
        let plan = self.0.stage.profile().plan(&given.operation, &call.to_string());
        let fields = self.request_fields(call, given, &plan, round);
        let deadline_ns = given.deadline.map(|deadline| deadline.as_nanos() as u64);
        let client = via.clone().unwrap_or_else(|| "main".into());
        self.0.stage.transcript().write(What::CallStarted {
            call: call.clone(),
            via: client.clone(),
            method: field_text(&fields, ":path"),
            call_kind: plan.kind,
            deadline_ns,
            metadata: shown(&fields),
        });
        let Some(conn) = self.conn_for(given, &client).await else { return synthetic(StatusCode::UNAVAILABLE, "no connection") };
        let wire = given.wire.clone().unwrap_or_default();
        let shape = BlockShape { end_stream: false, pieces: &wire.pieces, pad: wire.pad };
        let Some(id) = conn.open(Some(call.clone()), fields, shape).await else {
            return synthetic(StatusCode::UNAVAILABLE, "the connection was lost before the call");
        };
        self.0.calls.borrow_mut().insert(call.clone(), (conn.clone(), id));
        let acting = Acting { caller: self.clone(), call: call.clone(), conn: conn.clone(), id, plan, scope };
        let given = given.clone();
        // the caller's side lives on in a set of its own: it ends with the stream
        let side = Tasks::default();
        side.spawn(async move { acting.play(&given, round).await });
        let headers = self.clone();
        let watched = (conn.clone(), call.clone());
        side.spawn(async move { headers.show_headers(watched.0, watched.1, id).await });
        conn.until(|conn| conn.with_stream(id, |stream| stream.is_over()).filter(|over| *over)).await;
        self.headers_event(&conn, call, id);
        side.end();
        conn.with_stream(id, outcome_of).unwrap_or_else(|| Outcome::Exception { text: "the connection has no such stream".into() })
    }

    /// The connection of a client; calls that need a new one at the same time share it.
    async fn conn_for(&self, given: &Call, client: &str) -> Option<Conn> {
        let manners = || self.0.clients.get(client).cloned().unwrap_or_default();
        if matches!(given.via, Some(crate::case::when::Via::Fresh)) {
            return self.dial(client, manners(), false).await;
        }
        loop {
            if let Some(conn) = self.conn(client, None).filter(|conn| !conn.is_closed()) {
                return Some(conn);
            }
            let dialled = self.0.dialled.notified();
            if self.0.dialling.borrow_mut().insert(client.to_owned()) {
                let conn = self.dial(client, manners(), false).await;
                self.0.dialling.borrow_mut().remove(client);
                self.0.dialled.notify_waiters();
                return conn;
            }
            dialled.await;
        }
    }

    async fn show_headers(&self, conn: Conn, call: CallRef, id: u32) {
        conn.until(|conn| conn.with_stream(id, |stream| stream.response.is_some()).filter(|there| *there)).await;
        self.headers_event(&conn, &call, id);
    }

    /// Writes what arrived as initial metadata, once.
    fn headers_event(&self, conn: &Conn, call: &CallRef, id: u32) {
        let Some(Some(fields)) = conn.with_stream(id, |stream| stream.response.clone()) else { return };
        let transcript = self.0.stage.transcript();
        let from = transcript.start_of(call);
        let known = transcript.with(|events| {
            events[from..].iter().any(|event| matches!(&event.what, What::CallHeaders { call: other, .. } if other == call))
        });
        if !known {
            transcript.write(What::CallHeaders { call: call.clone(), metadata: decoded(&fields) });
        }
    }

    fn request_fields(&self, call: &CallRef, given: &Call, plan: &Plan, round: Round) -> Vec<Field> {
        let context = self.0.stage.context(round);
        let wire = given.wire.clone().unwrap_or_default();
        let text_or = |template: &Option<crate::case::Template>, default: &str| match template {
            Some(template) => template.expand(&context),
            None => default.as_bytes().to_vec(),
        };
        let mut fields = vec![
            Field::new(":method", text_or(&wire.method, "POST")),
            Field::new(":scheme", "http"),
            Field::new(":path", text_or(&wire.path, &plan.path)),
            Field::new(":authority", "localhost"),
            Field::new("content-type", "application/grpc"),
            Field::new("te", "trailers"),
            Field::new("x-proofmark-call", format!("{}{call}", self.0.stage.call_prefix())),
        ];
        if let Some(deadline) = given.deadline {
            fields.push(Field::new("grpc-timeout", timeout::encode(deadline)));
        }
        if let Some(words) = &plan.behavior {
            fields.push(Field::new("rpc-behavior", words));
        }
        for (name, value) in given.metadata.iter() {
            let value = value.expand(&context);
            let value = if name.ends_with("-bin") {
                binary::encode(&binary::from_hex(&String::from_utf8_lossy(&value)).unwrap_or(value)).into_bytes()
            } else {
                value
            };
            if name == "rpc-behavior" {
                fields.retain(|field| !field.is("rpc-behavior"));
            }
            fields.push(Field::new(name, value));
        }
        let named = |name: &str| fields.iter().any(|field| field.is(name)) || wire.fields.iter().any(|(other, _)| other == name);
        if let Some(token) = self.0.token.as_ref().filter(|_| !named("authorization")) {
            fields.push(Field::new("authorization", format!("Bearer {token}")));
        }
        let extra: Vec<Field> = wire.fields.iter().map(|(name, value)| Field::new(name, value.expand(&context))).collect();
        let mut fields = replaced(fields, &extra, &wire.without);
        if self.0.names_requests && !wire.without.iter().any(|name| name == "x-request-id") {
            self.name_request(call, &mut fields);
        }
        fields
    }

    fn name_request(&self, call: &CallRef, fields: &mut Vec<Field>) {
        let id = field_text(fields, "x-request-id");
        let transcript = self.0.stage.transcript();
        if id.is_empty() && !fields.iter().any(|field| field.is("x-request-id")) {
            let id = format!("request-{}", call.to_string().replace('/', "-"));
            transcript.name_request(&id, call);
            fields.push(Field::new("x-request-id", id));
        } else {
            transcript.name_request(&id, call);
        }
    }

    fn owed(&self, text: String) {
        self.0.stage.transcript().write(What::Owed { by: Owed::Harness, text });
    }
}

/// The caller's side of one call.
#[derive(Clone)]
struct Acting {
    caller: WireCaller,
    call: CallRef,
    conn: Conn,
    id: u32,
    plan: Plan,
    scope: Scope,
}

impl Acting {
    async fn play(&self, given: &Call, round: Round) {
        let sends_one = matches!(self.plan.kind, CallKind::Unary | CallKind::ServerStreaming);
        match &given.steps {
            None => {
                if sends_one || given.request.is_some() {
                    self.send_request(given, round, true).await;
                } else {
                    self.conn.half_close(self.id);
                }
            }
            Some(steps) => {
                if sends_one && !has_sends(steps) {
                    self.send_request(given, round, true).await;
                }
                if !self.run(steps, round).await && !holds(steps) {
                    self.half_close();
                }
            }
        }
    }

    async fn send_request(&self, given: &Call, round: Round, end_stream: bool) {
        let stage = &self.caller.0.stage;
        let data = match &given.request {
            Some(payload) => {
                profile::encode(&self.plan.path, MessageSide::Request, payload, &stage.context(round)).unwrap_or_else(|text| {
                    stage.transcript().write(What::HarnessError { text: format!("the request of {} cannot be built: {text}", self.call) });
                    Vec::new()
                })
            }
            None => self.plan.request.clone(),
        };
        self.conn.send_message(self.id, &OutMessage { data, end_stream, ..OutMessage::default() }).await;
    }

    /// Runs steps; `true` where one of them ended the caller's side.
    async fn run(&self, steps: &[CallStep], round: Round) -> bool {
        for step in steps {
            self.step(step, round).await;
        }
        self.conn.with_stream(self.id, |stream| stream.local_done || stream.reset.is_some()).unwrap_or(true)
    }

    async fn step(&self, step: &CallStep, round: Round) {
        let stage = &self.caller.0.stage;
        match step {
            CallStep::Send(send) => {
                let message = send.message(stage, round, &self.plan.path, MessageSide::Request, || self.plan.request.clone());
                self.conn.send_message(self.id, &message).await;
            }
            CallStep::Receive(count) => self.receive(*count).await,
            CallStep::HalfClose(_) => self.half_close(),
            CallStep::Cancel(_) => self.caller.cancel(&self.call),
            CallStep::Hold(_) => {}
            CallStep::Data(data) => data.send(&self.conn, self.id).await,
            CallStep::Reset(error) => self.conn.reset(self.id, ErrorCode(error.0)),
            CallStep::Frame(frame) => frame.send(&self.conn, Some(self.id)),
            CallStep::Await(moment) => stage.reached(moment, &self.own_scope()).await,
            CallStep::Mark(mark) => stage.mark(mark).await,
            CallStep::Pause(pause) => stage.pause(pause).await,
            CallStep::Repeat(repeat) => {
                stage
                    .repeat(repeat, round, &self.own_scope(), |steps, round| -> Local<'_> {
                        let acting = self.clone();
                        Box::pin(async move {
                            acting.run(steps, round).await;
                        })
                    })
                    .await;
            }
        }
    }

    fn own_scope(&self) -> Scope {
        Scope { place: self.conn.with_stream(self.id, |stream| stream.place.clone()), ..self.scope.clone() }
    }

    fn half_close(&self) {
        let open = self.conn.with_stream(self.id, |stream| !stream.local_done && stream.reset.is_none() && !stream.remote_done);
        if open == Some(true) {
            self.conn.half_close(self.id);
        }
    }

    async fn receive(&self, count: u32) {
        for _ in 0..count {
            self.conn
                .until(|conn| {
                    conn.with_stream(self.id, |stream| stream.inbox.pop_front().is_some() || stream.is_over()).filter(|done| *done)
                })
                .await;
        }
    }
}

/// Whether steps send something, so that the request is not sent for them.
pub fn has_sends(steps: &[CallStep]) -> bool {
    steps.iter().any(|step| match step {
        CallStep::Send(_) | CallStep::Data(_) | CallStep::Frame(_) | CallStep::HalfClose(_) | CallStep::Reset(_) => true,
        CallStep::Repeat(repeat) => has_sends(&repeat.steps),
        _ => false,
    })
}

fn holds(steps: &[CallStep]) -> bool {
    matches!(steps.last(), Some(CallStep::Hold(_)))
}

/// The outcome that a client library would show for how a stream ended.
fn outcome_of(stream: &mut crate::peer::conn::Stream) -> Outcome {
    if let (Some((by, error)), false) = (stream.reset, stream.trailers.is_some()) {
        let code = match error {
            ErrorCode::CANCEL => StatusCode::CANCELLED,
            _ if by == Actor::Peer => StatusCode::CANCELLED,
            ErrorCode::REFUSED_STREAM => StatusCode::UNAVAILABLE,
            ErrorCode::ENHANCE_YOUR_CALM => StatusCode(8),
            _ => StatusCode::INTERNAL,
        };
        let who = if by == Actor::Peer { "reset by us" } else { "reset by the system" };
        return synthetic(code, &format!("{who}: {error}"));
    }
    let Some(fields) = &stream.trailers else {
        let text = if stream.lost { "the connection was lost" } else { "the stream ended without trailers" };
        return synthetic(if stream.lost { StatusCode::UNAVAILABLE } else { StatusCode::UNKNOWN }, text);
    };
    let http = field_text(stream.response.as_ref().unwrap_or(fields), ":status");
    match field_text(fields, "grpc-status").parse::<u32>() {
        Ok(code) => Outcome::Status(StatusSeen {
            code,
            message: Text(text::decode(field_text(fields, "grpc-message").as_bytes())),
            details: fields
                .iter()
                .find(|field| field.is("grpc-status-details-bin"))
                .and_then(|field| binary::decode(&field.value))
                .map(|bytes| binary::hex(&bytes)),
            trailers: decoded(fields),
            synthetic: false,
        }),
        Err(_) => synthetic(StatusCode(http_code(&http)), &format!("no grpc-status; HTTP status {http}")),
    }
}

fn http_code(status: &str) -> u32 {
    match status {
        "400" => 13,
        "401" => 16,
        "403" => 7,
        "404" => 12,
        "429" | "502" | "503" | "504" => 14,
        _ => 2,
    }
}

fn synthetic(code: StatusCode, message: &str) -> Outcome {
    Outcome::Status(StatusSeen { code: code.0, message: message.into(), synthetic: true, ..StatusSeen::default() })
}

/// Fields as an application gets them: without pseudo-fields, `-bin` values decoded and lists of them cut.
fn decoded(fields: &[Field]) -> Vec<(String, Text)> {
    let mut metadata = Vec::new();
    for field in fields.iter().filter(|field| !field.name.starts_with(b":")) {
        let name = String::from_utf8_lossy(&field.name).into_owned();
        let values = if name.ends_with("-bin") { binary::decode_list(&field.value) } else { None };
        match values {
            Some(values) => metadata.extend(values.into_iter().map(|value| (name.clone(), Text(value)))),
            None => metadata.push((name, Text::from(&field.value[..]))),
        }
    }
    metadata
}

fn shown(fields: &[Field]) -> Vec<(String, Text)> {
    decoded(fields)
}
