//! What judging says of a case.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The verdict of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every must-level check holds.
    Pass,
    /// Only should-level checks are violated.
    Warn,
    /// A must-level check is violated.
    Fail,
    /// Behaviour recorded where the documents are silent.
    Info,
    /// The system lacks a feature that the case needs.
    Unsupported,
    /// Left out by the user or the platform.
    Skipped,
    /// We cannot tell.
    Inconclusive,
    /// The system crashed, hung or never started.
    SystemError,
    /// Our bug.
    HarnessError,
}

impl Verdict {
    /// All of them, in the order in which totals are shown.
    pub const ALL: [Self; 9] = [
        Self::Pass,
        Self::Warn,
        Self::Fail,
        Self::Info,
        Self::Unsupported,
        Self::Skipped,
        Self::Inconclusive,
        Self::SystemError,
        Self::HarnessError,
    ];
}

impl Verdict {
    /// Whether a case with it has evidence worth keeping.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Fail | Self::Warn | Self::Inconclusive | Self::SystemError | Self::HarnessError)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Info => "info",
            Self::Unsupported => "unsupported",
            Self::Skipped => "skipped",
            Self::Inconclusive => "inconclusive",
            Self::SystemError => "system-error",
            Self::HarnessError => "harness-error",
        })
    }
}

/// How strongly a requirement binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A miss is recorded.
    May,
    /// A miss is a warning; the major implementations agree, no document says so.
    Convention,
    /// A miss is a warning.
    Should,
    /// A miss is a failure.
    Must,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::May => "may",
            Self::Convention => "convention",
            Self::Should => "should",
            Self::Must => "must",
        })
    }
}

/// Which end of a connection a case tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A client system against scripted servers.
    Client,
    /// A server system against scripted clients.
    Server,
    /// A client system against a server system.
    Pair,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Pair => "pair",
        })
    }
}

/// Whose promise a requirement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The gRPC library's.
    Library,
    /// The application's.
    Service,
    /// A library's where it has it, else the application's.
    Either,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Library => "library",
            Self::Service => "service",
            Self::Either => "either",
        })
    }
}

/// What a list of known deviations makes of a verdict. It never changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "overlay", rename_all = "kebab-case")]
pub enum Overlay {
    /// The deviation is on the list.
    KnownDeviation {
        /// What the system does instead, and why.
        reason: String,
        /// The upstream issue or document, or `unreported`.
        link: String,
    },
    /// The list says that this deviates, and it does not.
    UnexpectedPass {
        /// What the list says.
        reason: String,
    },
}

/// Which question a finding answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Slot {
    /// Did the harm happen? A miss is inconclusive.
    Stimulus,
    /// Did the system do what it must?
    Must,
    /// Did it do what it should?
    Should,
    /// What holds in every case.
    Standing,
}

/// What a check found wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// The check, `outcome`, or the standing check, `standing.quiet`.
    pub check: String,
    /// Which question it answers.
    pub slot: Slot,
    /// What would have been right.
    pub expected: String,
    /// What was seen instead.
    pub observed: String,
    /// The deciding event.
    pub event: Option<u32>,
    /// How often the same was found; 1 unless folded.
    pub times: u32,
    /// It rests on an upper bound of time, so timer lag can excuse it.
    pub timing: bool,
}

/// The verdict of a case and all that belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CaseResult {
    /// The case.
    pub id: String,
    /// Its area.
    pub area: String,
    /// The system that was judged.
    pub system: String,
    /// Which end it is.
    pub role: Role,
    /// The strongest level among its requirements.
    pub level: Level,
    /// Whose promise the first requirement is.
    pub owner: Owner,
    /// The verdict.
    pub verdict: Verdict,
    /// What was known of this case before, which the verdict does not know.
    pub overlay: Option<Overlay>,
    /// Why, where the verdict does not rest on findings: what is missing, what was skipped.
    pub reason: Option<String>,
    /// The requirements it proves.
    pub requirements: Vec<String>,
    /// All findings.
    pub findings: Vec<Finding>,
    /// How long it took on the clock it ran on.
    pub duration_ms: f64,
    /// The largest lag of our timers.
    pub timer_lag_ms: f64,
    /// Rounds that passed and rounds that ran.
    pub rounds: (u32, u32),
    /// Of the shown round, the seed.
    pub seed: String,
    /// The command line that repeats it.
    #[serde(default)]
    pub replay: String,
    /// The system's process, where it has one.
    pub pid: Option<u32>,
    /// The case in one sentence: the first requirement's statement.
    pub statement: String,
    /// Where the first requirement comes from.
    pub source: String,
}

impl CaseResult {
    /// Whether somebody has to look at it: it is not good and not on a list, or on a list and good.
    pub fn is_bad(&self) -> bool {
        match self.overlay {
            Some(Overlay::KnownDeviation { .. }) => false,
            Some(Overlay::UnexpectedPass { .. }) => true,
            None => self.verdict.is_bad(),
        }
    }
}
