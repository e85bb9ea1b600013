//! The requirement catalogue: what cases prove.

use std::fmt;

use indexmap::IndexMap;
use serde::Deserialize;

/// One atomic, sourced sentence about behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its name.
    pub id: String,
    /// Who must.
    pub role: Obliged,
    /// Whose promise it is.
    pub owner: Owner,
    /// How strongly.
    pub level: Level,
    /// Where it is written.
    pub source: String,
    /// The sentence.
    pub statement: String,
    /// What brings it about.
    pub stimulus: String,
    /// What shows that it holds.
    pub observable: String,
    /// What a system does that breaks it.
    pub violation: String,
    /// What else one should know.
    pub notes: Option<String>,
}

/// Whom a requirement obliges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Obliged {
    /// Clients.
    Client,
    /// Servers.
    Server,
    /// Either.
    Both,
}

/// Whose promise a requirement is: where a reader looks first when it is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The gRPC library's: framing, deadlines on the wire, retries, GOAWAY.
    Library,
    /// The application's: its error mapping, its interceptors, its health.
    Service,
    /// A library's where it has it, else the application's.
    Either,
}

/// How strongly something is demanded, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Allowed.
    May,
    /// No document says so, but the major implementations agree.
    Convention,
    /// Recommended: a miss is a warning.
    Should,
    /// Demanded: a miss is a failure.
    Must,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::May => "may",
            Self::Convention => "convention",
            Self::Should => "should",
            Self::Must => "must",
        })
    }
}

/// Every requirement by its id, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue(IndexMap<String, Requirement>);

impl Catalogue {
    /// A catalogue of these requirements; of two with one id the later one counts.
    #[must_use]
    pub fn new(requirements: impl IntoIterator<Item = Requirement>) -> Self {
        Self(requirements.into_iter().map(|requirement| (requirement.id.clone(), requirement)).collect())
    }

    /// The requirement with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Requirement> {
        self.0.get(id)
    }

    /// All of them, in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.0.values()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
