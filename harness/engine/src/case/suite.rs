//! A case as it is run: typed, whole and without any name left to resolve.

use std::{collections::BTreeSet, fmt, time::Duration};

use serde::Deserialize;

use super::{given::Given, requirement::Level, when::Step};
use crate::check::Check;

/// One case of one suite, for one row of its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name, with the names of its rows at the end.
    pub id: String,
    /// The suite it stands in, `area/topic`.
    pub suite: String,
    /// The first part of the suite's name.
    pub area: String,
    /// What the suite is about.
    pub about: String,
    /// Which end is tested.
    pub role: Role,
    /// Ids of the requirements it proves; never empty.
    pub proves: Vec<String>,
    /// The strongest level among them.
    pub level: Level,
    /// Why the case is as it is, where that needs saying.
    pub why: Option<String>,
    /// What a system must have to be tested by it.
    pub needs: BTreeSet<String>,
    /// It leaves a server as it found it: other cases may use that before and after.
    pub harmless: bool,
    /// How often it runs, each time with its own chance.
    pub rounds: u32,
    /// When a hang is ended.
    pub limit: Duration,
    /// What is set up.
    pub given: Given,
    /// What happens.
    pub when: Vec<Step>,
    /// What must be true of the record afterwards.
    pub then: Vec<Check>,
    /// The case as its file has it.
    pub text: String,
    /// The file.
    pub file: String,
    /// The line in the file at which it begins, from 1.
    pub line: usize,
}

/// Which end a case tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The system's client, against scripted servers.
    Client,
    /// The system's server, against scripted clients.
    Server,
    /// The system's client against the system's server.
    Pair,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Pair => "pair",
        })
    }
}

/// A time so long that it only bounds what hangs: a case that lasts so long has hung.
pub(crate) const FAR: Duration = Duration::from_secs(5);
