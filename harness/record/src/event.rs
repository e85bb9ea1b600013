//! The events of a transcript.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the transcript, from 0.
    pub seq: u32,
    /// Time since the case started, in nanoseconds. An act of ours is stamped before it is done, what we receive after it arrived.
    pub at_ns: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

impl Event {
    /// Time since the case started.
    pub fn at(&self) -> Duration {
        Duration::from_nanos(self.at_ns)
    }
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum What {
    /// The case began; all clocks start here.
    CaseStarted,
    /// Observation is over; what follows is clean-up and aftercare.
    CaseEnded,
    /// A frame at a scripted peer.
    Frame(FrameEvent),
    /// Headers of a stream arrived at a scripted server, or were sent by a scripted client.
    AttemptBegan(Place),
    /// The system reset the stream.
    AttemptReset {
        /// Which stream.
        place: Place,
        /// The error code by name.
        error: String,
    },
    /// The stream is over: reset, ended on both sides, or its connection is gone.
    AttemptEnded {
        /// Which stream.
        place: Place,
        /// Who ended it.
        by: Actor,
    },
    /// A stream came that no rule fits.
    Unexpected(Place),
    /// A whole message at a scripted peer or at the application.
    Message {
        /// Where, in the words of the case language.
        at: End,
        /// Sent or received there.
        direction: Direction,
        /// The call.
        call: Option<CallRef>,
        /// The stream, at a peer.
        place: Option<Place>,
        /// Its length.
        size: u64,
        /// The bytes, up to 1024 of them.
        data: Text,
        /// SHA-256 of a longer one, in hex.
        digest: Option<String>,
        /// The compressed-flag.
        flag: u8,
    },
    /// The end of the request stream.
    HalfClose {
        /// Sent by the caller, or received by a peer.
        direction: Direction,
        /// The call.
        call: Option<CallRef>,
        /// The stream, at a peer.
        place: Option<Place>,
    },
    /// The application starts a call.
    CallStarted {
        /// Which call.
        call: CallRef,
        /// The channel or connection.
        via: String,
        /// The method's path.
        method: String,
        /// The kind of the method.
        call_kind: CallKind,
        /// The deadline, in nanoseconds.
        deadline_ns: Option<u64>,
        /// What the application sends along.
        metadata: Vec<(String, Text)>,
    },
    /// The application cancels.
    CallCancelled {
        /// Which call.
        call: CallRef,
    },
    /// Initial metadata reached the application.
    CallHeaders {
        /// Which call.
        call: CallRef,
        /// The metadata; values of `-bin` keys are decoded.
        metadata: Vec<(String, Text)>,
    },
    /// The outcome reached the application.
    CallEnded {
        /// Which call.
        call: CallRef,
        /// The outcome.
        outcome: Outcome,
    },
    /// An answer of the driver that is no `ok`: for `send`, the library says the call is over.
    SendRefused {
        /// Which call.
        call: CallRef,
        /// In the library's words.
        text: String,
    },
    /// A channel was made.
    ChannelOpened {
        /// Its name.
        via: String,
    },
    /// The library would not make a channel.
    ChannelRefused {
        /// Its name.
        via: String,
        /// In the library's words.
        text: String,
    },
    /// A connection at a peer began.
    ConnectionOpened {
        /// The peer.
        peer: String,
        /// Counted from 1 at each peer.
        connection: u32,
    },
    /// SETTINGS went both ways.
    ConnectionReady {
        /// The peer.
        peer: String,
        /// Its number.
        connection: u32,
    },
    /// A connection could not be made.
    ConnectionRefused {
        /// The peer.
        peer: String,
        /// Its number.
        connection: u32,
        /// Why.
        text: String,
    },
    /// A connection is over.
    ConnectionClosed {
        /// The peer.
        peer: String,
        /// Its number.
        connection: u32,
        /// Who closed first.
        by: Actor,
        /// How.
        how: Ending,
    },
    /// The system broke the protocol so that the peer cannot read on.
    ProtocolBroken {
        /// The peer.
        peer: String,
        /// Its number.
        connection: u32,
        /// What is wrong.
        text: String,
    },
    /// A line by which a server reports what its handlers saw (driver protocol, section 8).
    Hook {
        /// The call it speaks of.
        call: Option<CallRef>,
        /// The line.
        line: serde_json::Value,
    },
    /// An access, error or span line.
    Log {
        /// The call it speaks of.
        call: Option<CallRef>,
        /// The line.
        line: serde_json::Value,
    },
    /// A line of the system's standard error that is none of these.
    Stderr {
        /// The line.
        text: Text,
    },
    /// A signal was sent.
    SignalSent {
        /// `TERM`, `INT`.
        signal: String,
    },
    /// The server can be reached.
    ProcessReady {
        /// Where.
        address: String,
    },
    /// The process ended.
    ProcessExited {
        /// Its status; absent where a signal ended it.
        status: Option<i32>,
        /// The case asked for it, by signal or step.
        asked: bool,
    },
    /// Something was done to the system as a whole.
    System {
        /// What.
        act: SystemAct,
    },
    /// A steering line was sent, and later took effect.
    Steering {
        /// What was steered.
        what: Steered,
        /// Sent: we wrote the line; received: it has taken effect.
        direction: Direction,
        /// The line.
        text: String,
    },
    /// The scripted resolver was asked, or said something new.
    Resolver {
        /// Received: the system asked; sent: it was updated.
        direction: Direction,
    },
    /// A fault did its harm for the first time, or again after it was lifted.
    FaultFired {
        /// Its name.
        fault: String,
    },
    /// A fault is over.
    FaultLifted {
        /// Its name.
        fault: String,
    },
    /// A `mark` step ran.
    MarkReached {
        /// Its name.
        mark: String,
    },
    /// Something that the case says did not happen.
    Owed {
        /// Who owed it.
        by: Owed,
        /// In words.
        text: String,
    },
    /// The case ran into its limit.
    LimitReached {
        /// What was being waited for.
        awaited: String,
    },
    /// A look at the system after the case (standing checks).
    Aftercare {
        /// What was looked at.
        what: String,
        /// The status of a plain call, or a figure.
        observed: String,
        /// Whether it is as it should be.
        good: bool,
    },
    /// Memory of the system's process, in bytes.
    Memory {
        /// When.
        moment: String,
        /// Resident size.
        bytes: u64,
    },
    /// The largest lag of our own timers during the case, in nanoseconds.
    TimerLag {
        /// The lag.
        max_ns: u64,
    },
    /// The harness failed.
    HarnessError {
        /// In words.
        text: String,
    },
    /// The system, or its driver, failed as a process.
    SystemError {
        /// In words.
        text: String,
        /// It was not there in time, for which the machine may be to blame.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        late: bool,
    },
}

/// A call by its name and number, `call/1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallRef {
    /// The name in the case.
    pub name: String,
    /// Counted from 1 for each name.
    pub number: u32,
}

impl fmt::Display for CallRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.number)
    }
}

impl std::str::FromStr for CallRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('/').and_then(|(name, number)| Some((name, number.parse().ok()?)));
        let (name, number) = parts.ok_or_else(|| format!("`{text}` is no call: NAME/NUMBER is wanted"))?;
        Ok(Self { name: name.to_owned(), number })
    }
}

impl Serialize for CallRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CallRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A stream at a peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Place {
    /// The peer's name.
    pub peer: String,
    /// The connection, counted from 1 at each peer.
    pub connection: u32,
    /// The stream identifier.
    pub stream: u32,
    /// The call, where one is known.
    pub call: Option<CallRef>,
    /// The attempt of that call, counted from 1 over all peers.
    pub attempt: u32,
    /// The path asked for.
    pub path: String,
}

/// A frame at a scripted peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FrameEvent {
    /// The peer's name.
    pub peer: String,
    /// The connection.
    pub connection: u32,
    /// Sent or received by the peer.
    pub direction: Direction,
    /// The type by name.
    pub frame: String,
    /// The flags as they are.
    pub flags: u8,
    /// The stream identifier.
    pub stream: u32,
    /// Length of the payload.
    pub length: u32,
    /// The call of the stream, where it is known.
    pub call: Option<CallRef>,
    /// The attempt of that call; 0 where there is none.
    pub attempt: u32,
    /// What it says.
    pub says: FrameSays,
}

/// What a frame says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum FrameSays {
    /// HEADERS whose block is complete with this frame or the CONTINUATION frames after it.
    Block {
        /// Request, response or trailers.
        block: BlockKind,
        /// The fields in order.
        fields: Vec<(Text, Text)>,
        /// The stream ends.
        end_stream: bool,
    },
    /// DATA.
    Data {
        /// The stream ends.
        end_stream: bool,
    },
    /// RST_STREAM.
    Reset {
        /// By name.
        error: String,
    },
    /// SETTINGS.
    Settings {
        /// An acknowledgement.
        ack: bool,
        /// Identifier and value.
        values: Vec<(u16, u32)>,
    },
    /// PING.
    Ping {
        /// An answer.
        ack: bool,
        /// Hex.
        payload: String,
    },
    /// GOAWAY.
    Goaway {
        /// The last stream identifier.
        last_stream: u32,
        /// By name.
        error: String,
        /// For people.
        debug: Text,
    },
    /// WINDOW_UPDATE.
    Window {
        /// The increment.
        increment: u32,
    },
    /// Anything else.
    Other,
}

/// What a header block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockKind {
    /// Of a request.
    Request,
    /// The first of a response that goes on.
    Response,
    /// The last of a response, also where it is the only one (Trailers-Only).
    Trailers,
}

/// Sent or received, from the point of view of who writes the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// By us, or by the application.
    Sent,
    /// By us, or by the application.
    Received,
}

/// Where a message was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// At the application that makes the call.
    Caller,
    /// At a scripted server.
    Backend,
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// The scripted peer.
    Peer,
    /// The system under test.
    System,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// In order.
    Fin,
    /// By a reset.
    Rst,
}

/// The kind of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallKind {
    /// One request, one response.
    Unary,
    /// One request, many responses.
    ServerStreaming,
    /// Many requests, one response.
    ClientStreaming,
    /// Many of both.
    Bidi,
}

/// How a call ended for the application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Outcome {
    /// By a status.
    Status(StatusSeen),
    /// The API refused the arguments; nothing was sent.
    Refused {
        /// In the library's words.
        text: String,
    },
    /// By something that is no gRPC status.
    Exception {
        /// In the library's words.
        text: String,
    },
    /// Cancelled by letting go of it, by a library that tells its application nothing then.
    Dropped,
}

/// A status as the application sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StatusSeen {
    /// The code.
    pub code: u32,
    /// The message.
    pub message: Text,
    /// The serialised `google.rpc.Status`, in hex.
    pub details: Option<String>,
    /// Trailing metadata; values of `-bin` keys are decoded.
    pub trailers: Vec<(String, Text)>,
    /// Synthesised by the scripted client, because the stream ended without a status.
    pub synthetic: bool,
}

/// What is done to a system as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SystemAct {
    /// Started.
    Started,
    /// What was started ran already: it has served other cases.
    Reused,
    /// Ended by SIGKILL.
    Killed,
    /// Stopped from running.
    Frozen,
    /// Running again.
    Thawed,
}

/// What a steering line steers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Steered {
    /// The store.
    Store,
    /// Health by hand.
    Health,
    /// The token validator.
    Auth,
}

/// Who owed what did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owed {
    /// The harness: a fault, a signal, a step.
    Harness,
    /// The system: an attempt, a message, an end.
    System,
}
