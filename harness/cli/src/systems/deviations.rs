//! `known-deviations.yaml`: what a system is known to do otherwise. The cases still run; the list never changes a verdict.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use proofmark_record::{CaseResult, Overlay, Verdict};
use serde::Deserialize;

use crate::select::{Suites, fits};

/// The deviations of a system.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deviations(Vec<Entry>);

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The id of a case, or a pattern.
    case: String,
    /// What it ends with.
    verdict: Deviating,
    /// What the system does instead, and why.
    reason: String,
    /// The upstream issue or document, or `unreported`.
    link: String,
    /// It is a race, so it passes at times; the reason says so.
    #[serde(default)]
    unsteady: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Deviating {
    Fail,
    Warn,
    SystemError,
}

impl Deviations {
    /// Reads the list of a system's folder; without a file there is nothing known. An entry that matches no case is an error.
    pub(crate) fn read(home: &Path, suites: &Suites) -> Result<Self> {
        let path = home.join("known-deviations.yaml");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).context(path.display().to_string()),
        };
        let entries: Option<Vec<Entry>> = serde_saphyr::from_str(&text).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        let list = Self(entries.unwrap_or_default());
        list.check(&path, suites)?;
        Ok(list)
    }

    fn check(&self, path: &Path, suites: &Suites) -> Result<()> {
        for entry in &self.0 {
            if !suites.cases.iter().any(|case| fits(&entry.case, &case.id)) {
                bail!(
                    "{}: the entry `{}` matches no case; correct it, or take it out (`proofmark list` shows all cases)",
                    path.display(),
                    entry.case
                );
            }
            if entry.reason.trim().is_empty() || entry.link.trim().is_empty() {
                bail!("{}: the entry `{}` needs a reason and a link (or `unreported`)", path.display(), entry.case);
            }
        }
        Ok(())
    }

    /// What the list makes of a result.
    pub(crate) fn overlay(&self, result: &CaseResult) -> Option<Overlay> {
        let entry = self.0.iter().find(|entry| fits(&entry.case, &result.id))?;
        let reason = entry.reason.split_whitespace().collect::<Vec<_>>().join(" ");
        match (result.verdict, entry.verdict) {
            (Verdict::Fail | Verdict::Warn, _) if entry.unsteady => Some(Overlay::KnownDeviation { reason, link: entry.link.clone() }),
            (Verdict::Fail, Deviating::Fail) | (Verdict::Warn, Deviating::Warn) | (Verdict::SystemError, Deviating::SystemError) => {
                Some(Overlay::KnownDeviation { reason, link: entry.link.clone() })
            }
            (Verdict::Pass | Verdict::Info, _) if !entry.unsteady => Some(Overlay::UnexpectedPass { reason }),
            _ => None,
        }
    }
}
