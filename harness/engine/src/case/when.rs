//! What happens: the steps of a case and of its calls.

use std::{fmt, time::Duration};

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer};

use super::{
    given::{ServiceConfig, StoreState},
    kinds::kinds,
    moment::Moment,
    names::ErrorCode,
    operation::Operation,
    payload::{Fields, Payload},
    template::Template,
    units::{self, ByteCount},
};
use crate::peer::step::{Data, Frame, Hold, PeerStep, Send};

kinds! {
    /// A step of `when`.
    pub enum Step, known known_steps {
        /// Makes a call and waits for its end.
        Call(Box<Call>) "call",
        /// Makes a call and goes on.
        Start(Box<Call>) "start",
        /// The application cancels the call with this name; a scripted client sends RST_STREAM CANCEL.
        Cancel(String) "cancel",
        /// Opens a client's connection as far as its handshake goes.
        Connect(String) "connect",
        /// Closes a channel or connection.
        Close(String) "close",
        /// Steps of a peer outside any stream.
        Peer(PeerActs) "peer",
        /// Sends the system a signal.
        Signal(Signal) "signal",
        /// Starts, restarts, kills, freezes or thaws the system.
        System(SystemAct) "system",
        /// Sets the health of a service of the system.
        Health(Health) "health",
        /// Switches the store behind the system.
        Store(StoreState) "store",
        /// Switches the token validator of the system.
        Auth(AuthState) "auth",
        /// The scripted resolver says something new.
        Resolver(Resolver) "resolver",
        /// Waits until a moment has come; not at all if it has.
        Await(Moment) "await",
        /// Makes the moment `mark NAME reached`.
        Mark(String) "mark",
        /// Lets time pass, for a reason.
        Pause(Pause) "pause",
        /// Runs steps many times: in turn, staggered, or all together.
        Repeat(Repeat<Step>) "repeat",
        /// Runs lists of steps side by side and ends with the last.
        Together(IndexMap<String, Vec<Step>>) "together",
    }
}

kinds! {
    /// A step of a call.
    pub enum CallStep, known known_call_steps {
        /// Sends a message.
        Send(Box<Send>) "send",
        /// Takes so many messages.
        Receive(u32) "receive",
        /// Ends the caller's side of the stream.
        HalfClose(HalfClose) "half-close",
        /// The application cancels.
        Cancel(Cancel) "cancel",
        /// Sends nothing more.
        Hold(Hold) "hold",
        /// Sends raw bytes in a DATA frame (server cases only).
        Data(Data) "data",
        /// Resets the stream with an error code (server cases only).
        Reset(ErrorCode) "reset",
        /// Sends a raw frame (server cases only).
        Frame(Frame) "frame",
        /// Waits until a moment has come; not at all if it has.
        Await(Moment) "await",
        /// Makes the moment `mark NAME reached`.
        Mark(String) "mark",
        /// Lets time pass, for a reason.
        Pause(Pause) "pause",
        /// Runs steps many times: in turn, staggered, or all together.
        Repeat(Repeat<CallStep>) "repeat",
    }
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Call {
    /// What the case calls it; `call` unless said.
    #[serde(default = "default_call_name")]
    pub name: String,
    /// What it asks for.
    pub operation: Operation,
    /// On which channel or connection.
    pub via: Option<Via>,
    /// How long it may take.
    #[serde(default, deserialize_with = "units::maybe_duration")]
    pub deadline: Option<Duration>,
    /// Whether it waits for a connection; absent, `true` and `false` are three things.
    pub wait_for_ready: Option<bool>,
    /// What the application says beside the message.
    #[serde(default)]
    pub metadata: Fields,
    /// The request; what the operation needs if absent.
    pub request: Option<Payload>,
    /// What the caller does. Absent: one request where the method takes one, then half-close.
    pub steps: Option<Vec<CallStep>>,
    /// What is different on the wire (server cases only).
    pub wire: Option<Wire>,
}

/// On which channel or connection a call is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// `new`: a fresh one.
    Fresh,
    /// The one with this name.
    Named(Template),
}

impl<'de> Deserialize<'de> for Via {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Template::deserialize(deserializer)?;
        Ok(if name.text() == "new" { Self::Fresh } else { Self::Named(name) })
    }
}

/// What a scripted client writes in place of what a good one would.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wire {
    /// Fields added to the request headers, word for word; one that is there already is replaced.
    pub fields: Fields,
    /// Names of fields that are left out.
    pub without: Vec<String>,
    /// Where the header block is cut; the rest follows.
    pub pieces: Vec<ByteCount>,
    /// Padding of the HEADERS frame.
    pub pad: Option<ByteCount>,
    /// In place of the method's path.
    pub path: Option<Template>,
    /// In place of POST.
    pub method: Option<Template>,
}

/// Ends the caller's side of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HalfClose {}

/// The application cancels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {}

/// Steps of a peer outside any stream.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerActs {
    /// Which peer.
    pub name: String,
    /// On which of its connections, from 1; the latest if absent.
    pub connection: Option<u32>,
    /// What it does.
    pub steps: Vec<PeerStep>,
}

/// A signal to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Signal {
    /// SIGTERM.
    Term,
    /// SIGINT.
    Int,
}

/// What is done to the system as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SystemAct {
    /// It is started. A case that says so gets a system that has not been started.
    Start,
    /// It is ended and started again.
    Restart,
    /// SIGKILL.
    Kill,
    /// It is stopped as a whole.
    Freeze,
    /// It goes on.
    Thaw,
}

/// Sets the health of a service of the system.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Which service; the empty name is the whole process.
    pub service: String,
    /// What it is from now on.
    pub status: HealthStatus,
}

/// The health of a service as a case sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HealthStatus {
    /// It serves.
    Serving,
    /// It does not.
    NotServing,
    /// It is not known any more.
    Removed,
    /// As the system itself finds.
    Auto,
}

/// How the token validator of the system is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthState {
    /// It answers.
    Up,
    /// It fails.
    Down,
}

/// The scripted resolver says something new.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Resolver {
    /// Names of backends, in order; as before if absent.
    pub backends: Option<Vec<String>>,
    /// The service config that comes with them; none if absent.
    pub service_config: Option<ServiceConfig>,
}

/// Lets time pass.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "PauseKeys")]
pub struct Pause {
    /// How much.
    pub length: PauseLength,
    /// What would be missed without it.
    pub because: String,
}

/// How long a pause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseLength {
    /// This long.
    For(Duration),
    /// Drawn from the seed, both ends included.
    Between(Duration, Duration),
}

/// Runs steps many times.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RepeatKeys<S>", bound(deserialize = "S: Deserialize<'de>"))]
pub struct Repeat<S> {
    /// How many rounds.
    pub times: Option<u32>,
    /// Time from the start of one round to the start of the next; in turn without it.
    pub every: Option<Duration>,
    /// Whether all rounds start together.
    pub at_once: bool,
    /// The moment after which no round starts.
    pub until: Option<Moment>,
    /// One round.
    pub steps: Vec<S>,
}

impl<S> Repeat<S> {
    /// Whether nothing in it ends it.
    #[must_use]
    pub const fn is_endless(&self) -> bool {
        self.times.is_none() && self.until.is_none()
    }
}

fn default_call_name() -> String {
    "call".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseKeys {
    #[serde(default, rename = "for", deserialize_with = "units::maybe_duration")]
    length: Option<Duration>,
    between: Option<(Time, Time)>,
    because: String,
}

#[derive(Deserialize)]
struct Time(#[serde(deserialize_with = "units::duration")] Duration);

impl TryFrom<PauseKeys> for Pause {
    type Error = StepError;

    fn try_from(keys: PauseKeys) -> Result<Self, StepError> {
        let length = match (keys.length, keys.between) {
            (Some(length), None) => PauseLength::For(length),
            (None, Some((Time(low), Time(high)))) if low <= high => PauseLength::Between(low, high),
            (None, Some(_)) => return Err(StepError::PauseReversed),
            _ => return Err(StepError::PauseLength),
        };
        if keys.because.trim().is_empty() {
            return Err(StepError::PauseReason);
        }
        Ok(Self { length, because: keys.because })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RepeatKeys<S> {
    times: Option<u32>,
    #[serde(default, deserialize_with = "units::maybe_duration")]
    every: Option<Duration>,
    #[serde(default)]
    at_once: bool,
    until: Option<Moment>,
    steps: Vec<S>,
}

impl<S> TryFrom<RepeatKeys<S>> for Repeat<S> {
    type Error = StepError;

    fn try_from(keys: RepeatKeys<S>) -> Result<Self, StepError> {
        let RepeatKeys { times, every, at_once, until, steps } = keys;
        if steps.is_empty() {
            return Err(StepError::RepeatNothing);
        }
        if times == Some(0) {
            return Err(StepError::RepeatNever);
        }
        if at_once && (times.is_none() || every.is_some() || until.is_some()) {
            return Err(StepError::RepeatAtOnce);
        }
        Ok(Self { times, every, at_once, until, steps })
    }
}

/// Why a step makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// Neither or both of `for` and `between`.
    #[error("a pause has one length: say either `for` or `between`")]
    PauseLength,
    /// An empty reason.
    #[error("a pause needs its reason: `because` says what would be missed without it")]
    PauseReason,
    /// Nothing can lie between.
    #[error("nothing lies between these times: the shorter one comes first")]
    PauseReversed,
    /// No steps.
    #[error("a repeat needs steps to repeat")]
    RepeatNothing,
    /// No rounds.
    #[error("a repeat of no times does nothing")]
    RepeatNever,
    /// `at-once` with something that spreads the rounds.
    #[error("a repeat `at-once` needs `times`, and neither `every` nor `until`")]
    RepeatAtOnce,
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Term => "TERM",
            Self::Int => "INT",
        })
    }
}
