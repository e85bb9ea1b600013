//! Moments: the names of everything that happens.
//!
//! `<thing> [<number> | <name>] [of <call or peer>] <verb>`, as in `attempt 2 began` or `goaway 1 of x received`. The
//! same names start faults, end waits, bound windows and measure gaps.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de};

use super::nearest::nearest;

/// Something that happens and has a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Moment {
    /// What it happens to.
    pub thing: Thing,
    /// Which of several in a row; the first, where none is said.
    pub number: Option<u32>,
    /// Which call, fault or mark.
    pub name: Option<String>,
    /// Whose: a call or a peer.
    pub of: Option<String>,
    /// What happens to it.
    pub verb: Verb,
}

impl Moment {
    /// `case started`, from which everything is counted.
    #[must_use]
    pub const fn case_started() -> Self {
        Self { thing: Thing::Case, number: None, name: None, of: None, verb: Verb::Started }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.thing.word())?;
        if let Some(number) = self.number {
            write!(f, " {number}")?;
        }
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        if let Some(of) = &self.of {
            write!(f, " of {of}")?;
        }
        write!(f, " {}", self.verb.word())
    }
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let words: Vec<&str> = text.split(' ').collect();
        let (first, middle, last) = match words.as_slice() {
            [first, middle @ .., last] => (*first, middle, *last),
            _ => {
                return Err(MomentError::Shape { text: text.to_owned() });
            }
        };
        let thing = Thing::from_word(first).ok_or_else(|| MomentError::thing(text, first))?;
        let verb = Verb::from_word(last)
            .filter(|verb| thing.verbs().contains(verb))
            .ok_or_else(|| MomentError::Verb { text: text.to_owned(), thing })?;
        let (which, of) = match middle {
            [] => (None, None),
            [which] if *which != "of" => (Some(*which), None),
            ["of", of] => (None, Some(*of)),
            [which, "of", of] => (Some(*which), Some(*of)),
            _ => {
                return Err(MomentError::Shape { text: text.to_owned() });
            }
        };
        if of.is_some() && !thing.belongs_to_someone() {
            return Err(MomentError::Of { text: text.to_owned(), thing });
        }
        let (number, name) = thing.which(text, which)?;
        Ok(Self { thing, number, name, of: of.map(str::to_owned), verb })
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Defines an enum of words.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $type:ident { $($(#[doc = $doc:literal])+ $variant:ident $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[doc = $doc])+ $variant,)+ }

        impl $type {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in a case.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}

words! {
    /// What a moment happens to.
    pub enum Thing {
        /// The case itself.
        Case "case",
        /// What the application made.
        Call "call",
        /// A header block.
        Headers "headers",
        /// A message.
        Message "message",
        /// The end of one direction of a stream.
        HalfClose "half-close",
        /// One HTTP/2 stream of a call.
        Attempt "attempt",
        /// A connection.
        Connection "connection",
        /// A GOAWAY frame.
        Goaway "goaway",
        /// A PING frame.
        Ping "ping",
        /// The acknowledgement of a PING.
        PingAck "ping-ack",
        /// A SETTINGS frame.
        Settings "settings",
        /// A WINDOW_UPDATE frame.
        WindowUpdate "window-update",
        /// A run of a handler of the system.
        Handler "handler",
        /// The process of the system.
        Process "process",
        /// The system, as the harness treats it.
        System "system",
        /// A signal to the system.
        Signal "signal",
        /// The store behind the system.
        Store "store",
        /// The health of a service, as steered.
        Health "health",
        /// The token validator of the system.
        Auth "auth",
        /// The scripted resolver.
        Resolver "resolver",
        /// A fault of the case.
        Fault "fault",
        /// A mark of the case.
        Mark "mark",
    }
}

words! {
    /// What happens to a thing.
    pub enum Verb {
        /// It began to be.
        Started "started",
        /// It is over; for a call, as the application was told.
        Ended "ended",
        /// It was given up.
        Cancelled "cancelled",
        /// It left whoever sends it.
        Sent "sent",
        /// It arrived at the caller or the peer.
        Received "received",
        /// Headers of an attempt arrived at the peer.
        Began "began",
        /// The system reset it.
        Reset "reset",
        /// A connection was opened.
        Opened "opened",
        /// SETTINGS went both ways; the process takes calls.
        Ready "ready",
        /// A connection was refused.
        Refused "refused",
        /// Both ends closed; the store closed.
        Closed "closed",
        /// The process is gone.
        Exited "exited",
        /// It got SIGKILL.
        Killed "killed",
        /// It was stopped.
        Frozen "frozen",
        /// It goes on.
        Thawed "thawed",
        /// It was steered into another state.
        Switched "switched",
        /// The library asked to resolve again.
        Asked "asked",
        /// The resolver gave a new answer.
        Updated "updated",
        /// The fault did harm.
        Fired "fired",
        /// The fault was taken away.
        Lifted "lifted",
        /// The mark was passed.
        Reached "reached",
    }
}

impl Thing {
    /// What can be said of it.
    #[must_use]
    pub const fn verbs(self) -> &'static [Verb] {
        match self {
            Self::Case => &[Verb::Started, Verb::Ended],
            Self::Call | Self::Handler => &[Verb::Started, Verb::Cancelled, Verb::Ended],
            Self::Headers
            | Self::Message
            | Self::HalfClose
            | Self::Goaway
            | Self::Ping
            | Self::PingAck
            | Self::Settings
            | Self::WindowUpdate => &[Verb::Sent, Verb::Received],
            Self::Attempt => &[Verb::Began, Verb::Reset, Verb::Ended],
            Self::Connection => &[Verb::Opened, Verb::Ready, Verb::Refused, Verb::Closed],
            Self::Process => &[Verb::Ready, Verb::Exited],
            Self::System => &[Verb::Started, Verb::Killed, Verb::Frozen, Verb::Thawed],
            Self::Signal => &[Verb::Sent],
            Self::Store => &[Verb::Switched, Verb::Closed],
            Self::Health | Self::Auth => &[Verb::Switched],
            Self::Resolver => &[Verb::Asked, Verb::Updated],
            Self::Fault => &[Verb::Fired, Verb::Lifted],
            Self::Mark => &[Verb::Reached],
        }
    }

    /// Whether there are several in a row, told apart by number.
    #[must_use]
    pub const fn is_numbered(self) -> bool {
        !matches!(self, Self::Case | Self::Fault | Self::Mark)
    }

    /// Whether the case gives it a name.
    #[must_use]
    pub const fn is_named(self) -> bool {
        matches!(self, Self::Call | Self::Fault | Self::Mark)
    }

    /// Whether it belongs to a call or a peer, so that `of` may say to which.
    #[must_use]
    pub const fn belongs_to_someone(self) -> bool {
        matches!(
            self,
            Self::Headers
                | Self::Message
                | Self::HalfClose
                | Self::Attempt
                | Self::Connection
                | Self::Goaway
                | Self::Ping
                | Self::PingAck
                | Self::Settings
                | Self::WindowUpdate
                | Self::Handler
        )
    }

    /// Reads the word between thing and verb.
    fn which(self, text: &str, which: Option<&str>) -> Result<(Option<u32>, Option<String>), MomentError> {
        let Some(which) = which else {
            return Ok((None, None));
        };
        let counted = which.bytes().all(|byte| byte.is_ascii_digit());
        let wrong = || MomentError::Which { text: text.to_owned(), thing: self, which: which.to_owned() };
        if !counted && self.is_named() {
            return Ok((None, Some(which.to_owned())));
        }
        if !self.is_numbered() {
            return Err(wrong());
        }
        match which.parse::<u32>() {
            Ok(number) if number > 0 => Ok((Some(number), None)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why a text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// The words are not in the order of a moment.
    #[error("`{text}` is no moment; one is written `<thing> [<number> | <name>] [of <call or peer>] <verb>`")]
    Shape {
        /// The whole text.
        text: String,
    },
    /// The first word is no thing.
    #[error("`{text}` is no moment: nothing is called `{word}`{}", hint(near, known))]
    Thing {
        /// The whole text.
        text: String,
        /// The first word.
        word: String,
        /// The thing that is most like it.
        near: Option<&'static str>,
        /// All things.
        known: String,
    },
    /// The last word is nothing that the thing does.
    #[error("`{text}` is no moment; what one can say of `{thing}` is: {}", listed(thing.verbs()))]
    Verb {
        /// The whole text.
        text: String,
        /// The thing.
        thing: Thing,
    },
    /// `of` after something that is nobody's.
    #[error("`{text}` is no moment: `{thing}` belongs to no call or peer, so leave out `of`")]
    Of {
        /// The whole text.
        text: String,
        /// The thing.
        thing: Thing,
    },
    /// A name where a number is due, or the other way round.
    #[error("`{text}` is no moment: {}, not by `{which}`", told(*thing))]
    Which {
        /// The whole text.
        text: String,
        /// The thing.
        thing: Thing,
        /// The word that should tell which one.
        which: String,
    },
}

impl MomentError {
    fn thing(text: &str, word: &str) -> Self {
        let words = || Thing::ALL.iter().map(|thing| thing.word());
        Self::Thing {
            text: text.to_owned(),
            word: word.to_owned(),
            near: nearest(word, words()),
            known: words().collect::<Vec<_>>().join(", "),
        }
    }
}

fn hint(near: &Option<&'static str>, known: &str) -> String {
    match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!("; things are {known}"),
    }
}

fn listed(verbs: &[Verb]) -> String {
    verbs.iter().map(|verb| verb.word()).collect::<Vec<_>>().join(", ")
}

fn told(thing: Thing) -> String {
    match (thing.is_named(), thing.is_numbered()) {
        (true, true) => format!("`{thing}` is told by its name, or by how many of them that makes, counted from 1"),
        (true, false) => format!("`{thing}` is told by its name"),
        (false, true) => format!("`{thing}` is told by its number, counted from 1"),
        (false, false) => format!("there is only one `{thing}`, told by nothing"),
    }
}
