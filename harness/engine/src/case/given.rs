//! What is set up before anything happens.

use std::time::Duration;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::{
    fault::Fault,
    units::{self, ByteCount},
};
use crate::peer::step::{PeerStep, Settings};

/// What is set up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Given {
    /// The service config of the system's client.
    pub service_config: Option<ServiceConfig>,
    /// Options of the system's client.
    pub channel: Channel,
    /// Settings of the system's server.
    pub server: Server,
    /// What the user service holds; absent if the case does not care.
    pub store: Option<Store>,
    /// Scripted servers by name.
    pub backends: IndexMap<String, Backend>,
    /// Scripted clients by name.
    pub clients: IndexMap<String, Manners>,
    /// Faults by name.
    pub faults: IndexMap<String, Fault>,
}

/// A service config.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceConfig {
    /// As gRPC defines it.
    Json(Value),
    /// Text, where the JSON itself is wrong.
    Text(String),
    /// A file in `fixtures/service-configs/`.
    Fixture(String),
}

/// A switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// On.
    Enabled,
    /// Off.
    Disabled,
}

impl Switch {
    /// Whether it is on.
    #[must_use]
    pub const fn is_on(self) -> bool {
        matches!(self, Self::Enabled)
    }
}

/// Defines a struct of optional settings that can tell which of them a case gives.
macro_rules! settings {
    (
        $(#[$meta:meta])*
        pub struct $type:ident {
            $($(#[doc = $doc:literal])+ $(#[serde($($serde:tt)*)])? pub $field:ident: $ty:ty = $name:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $type {
            $($(#[doc = $doc])+ $(#[serde($($serde)*)])? #[serde(rename = $name)] pub $field: Option<$ty>,)+
        }

        impl $type {
            /// The keys that the case gives, in the order of the language.
            #[must_use]
            pub fn given_keys(&self) -> Vec<&'static str> {
                [$((self.$field.is_some(), $name),)+]
                    .into_iter()
                    .filter_map(|(given, name)| given.then_some(name))
                    .collect()
            }

            /// Every key that there is, with its meaning.
            #[must_use]
            pub const fn known_keys() -> &'static [crate::case::Word] {
                const WORDS: &[crate::case::Word] =
                    &[$(crate::case::Word { name: $name, doc: concat!($($doc),+).trim_ascii() },)+];
                WORDS
            }
        }
    };
}

settings! {
    /// Options of the system's client.
    pub struct Channel {
        /// List and order of the addresses, as names of backends; all of them if absent.
        pub backends: Vec<String> = "backends",
        /// Keepalive of the client.
        pub keepalive: Keepalive = "keepalive",
        /// What one call may hold for replay.
        pub retry_buffer: ByteCount = "retry-buffer",
        /// Whether the client retries at all.
        pub retries: Switch = "retries",
        /// The largest message it sends.
        pub max_send: ByteCount = "max-send",
        /// The largest message it takes.
        pub max_receive: ByteCount = "max-receive",
        /// What stands in `:authority`.
        pub authority: String = "authority",
        /// The application's part of `user-agent`.
        pub user_agent: String = "user-agent",
        /// What requests are compressed with.
        pub compression: Compression = "compression",
        /// Whether the client obeys `healthCheckConfig`.
        pub health_checks: Switch = "health-checks",
    }
}

settings! {
    /// Settings of the system's server.
    pub struct Server {
        /// How long calls in flight may go on after a signal.
        #[serde(deserialize_with = "units::maybe_duration")]
        pub grace: Duration = "grace",
        /// How long new calls are still served after a signal.
        #[serde(deserialize_with = "units::maybe_duration")]
        pub lame_duck: Duration = "lame-duck",
        /// The longest deadline that it honours.
        #[serde(deserialize_with = "units::maybe_duration")]
        pub deadline_max: Duration = "deadline-max",
        /// Streams open at one time on a connection.
        pub max_concurrent_streams: u32 = "max-concurrent-streams",
        /// The largest message it takes.
        pub max_receive: ByteCount = "max-receive",
        /// The largest message it sends.
        pub max_send: ByteCount = "max-send",
        /// The largest header list it takes.
        pub max_header_list: ByteCount = "max-header-list",
        /// Time between probes of the store.
        #[serde(deserialize_with = "units::maybe_duration")]
        pub probe_interval: Duration = "probe-interval",
        /// How long one probe may take.
        #[serde(deserialize_with = "units::maybe_duration")]
        pub probe_limit: Duration = "probe-limit",
        /// Whether calls need a token.
        pub auth: Switch = "auth",
        /// Whether reflection is served.
        pub reflection: Switch = "reflection",
        /// Whether connections are encrypted.
        pub tls: Switch = "tls",
        /// Keepalive of the server.
        pub keepalive: Keepalive = "keepalive",
        /// How often a client may ping.
        #[serde(deserialize_with = "units::maybe_duration")]
        pub permit_pings_every: Duration = "permit-pings-every",
        /// How old a connection may get.
        #[serde(deserialize_with = "units::maybe_duration")]
        pub max_age: Duration = "max-age",
        /// How long calls on an old connection may go on.
        #[serde(deserialize_with = "units::maybe_duration")]
        pub max_age_grace: Duration = "max-age-grace",
        /// How long a connection may be without calls.
        #[serde(deserialize_with = "units::maybe_duration")]
        pub max_idle: Duration = "max-idle",
        /// How long a gateway waits upstream where the caller gave no deadline.
        #[serde(deserialize_with = "units::maybe_duration")]
        pub downstream_timeout: Duration = "downstream-timeout",
        /// Metadata keys that a gateway passes on.
        pub forwards: Vec<String> = "forwards",
    }
}

/// Keepalive by PING.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Keepalive {
    /// Silence before a PING.
    #[serde(default, deserialize_with = "units::maybe_duration")]
    pub time: Option<Duration>,
    /// How long its acknowledgement may take.
    #[serde(default, deserialize_with = "units::maybe_duration")]
    pub timeout: Option<Duration>,
    /// Whether PINGs are sent while no call is open.
    pub without_calls: Option<Switch>,
}

/// How messages are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// gzip (RFC 1952).
    Gzip,
    /// zlib (RFC 1950), which gRPC calls deflate.
    Deflate,
}

/// What the user service holds and how it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Store {
    /// So many users are there at the start: `user-1` and so on.
    pub users: Option<u32>,
    /// How the store is at the start; up unless said.
    #[serde(default)]
    pub state: StoreState,
}

/// How the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreState {
    /// It answers.
    #[default]
    Up,
    /// It fails.
    Down,
    /// It never answers.
    Hang,
}

/// A scripted server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backend {
    /// How it behaves below its scripts.
    pub manners: Manners,
    /// The first rule that fits takes a stream. None: operations are served as the reference service would.
    pub rules: Vec<Rule>,
}

/// Which streams a script is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Of the call with this name.
    pub call: Option<String>,
    /// The attempt of its call, from 1.
    pub attempt: Option<u32>,
    /// The connection to this peer, from 1.
    pub connection: Option<u32>,
    /// The method's path.
    pub path: Option<String>,
    /// Whether the case may pass although no stream fitted.
    #[serde(default)]
    pub optional: bool,
    /// What is done from the moment the headers arrived.
    pub steps: Vec<PeerStep>,
}

/// How a scripted end behaves below its scripts. Well, until told otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Manners {
    /// How far the HTTP/2 handshake goes.
    pub handshake: Handshake,
    /// Whether it speaks TLS, and with which certificate.
    pub tls: Option<Tls>,
    /// What its first SETTINGS say.
    pub settings: Settings,
    /// When SETTINGS are acknowledged.
    pub acks_settings: Acks,
    /// When PINGs are acknowledged.
    pub acks_pings: Acks,
    /// When window is given back.
    pub grants_window: Grants,
    /// When bytes are read from the connection.
    pub reads: Reads,
    /// What a script does whose stream was reset.
    pub after_reset: AfterReset,
}

/// How far the HTTP/2 handshake goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handshake {
    /// To its end.
    #[default]
    Full,
    /// No byte is sent.
    TcpOnly,
    /// Half of the connection preface is sent.
    HalfPreface,
}

/// The certificate of a scripted server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Signed by the run's authority, with the right name.
    Trusted,
    /// Signed by somebody else.
    UnknownAuthority,
    /// Signed by the run's authority, with another name.
    WrongName,
}

/// When something is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Acks {
    /// As soon as it arrived.
    #[default]
    AtOnce,
    /// Never.
    Never,
    /// So long after it arrived.
    #[serde(deserialize_with = "units::duration")]
    After(Duration),
}

/// When window is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grants {
    /// As bytes are read.
    #[default]
    AsRead,
    /// Never.
    Never,
    /// Little by little.
    Steps(GrantSteps),
}

/// Window given little by little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantSteps {
    /// Bytes in one grant.
    pub size: ByteCount,
    /// Time between grants.
    #[serde(deserialize_with = "units::duration")]
    pub every: Duration,
}

/// When bytes are read from the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reads {
    /// As they come.
    #[default]
    Always,
    /// Never.
    Never,
    /// Only so long after the connection was opened.
    #[serde(deserialize_with = "units::duration")]
    After(Duration),
}

/// What a script does whose stream was reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterReset {
    /// It stops.
    #[default]
    Stop,
    /// It goes on sending.
    GoOn,
}
