//! Systems that the harness knows by name: a folder each, with a manifest that says how to build and start it.
//!
//! - [`manifest`]: `system.yaml`; [`Registry`]: all of them
//! - [`deviations`]: what is known of it
//! - [`build`]: builds one; [`Built`]: where that is

pub(crate) mod build;
pub(crate) mod deviations;
pub(crate) mod manifest;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, Result, anyhow, bail};

use manifest::Manifest;

/// A name on the command line: `go`, or `go@v1.70.0` for another release of its library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemName {
    name: String,
    version: Option<String>,
}

impl FromStr for SystemName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)));
        if name.is_empty() || version.is_some_and(str::is_empty) {
            return Err("wanted is NAME or NAME@VERSION, such as go@v1.70.0".into());
        }
        let is_plain = |text: &str| text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._+".contains(letter));
        if !is_plain(name) || !version.is_none_or(is_plain) {
            return Err("names and versions are letters, digits, `-`, `.`, `_` and `+`".into());
        }
        Ok(Self { name: name.to_owned(), version: version.map(str::to_owned) })
    }
}

impl fmt::Display for SystemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.version.as_ref().map_or(Ok(()), |version| write!(f, "@{version}"))
    }
}

/// Every system of a folder of folders.
pub(crate) struct Registry {
    folder: PathBuf,
    systems: BTreeMap<String, (PathBuf, Manifest)>,
}

impl Registry {
    /// Reads every manifest below `folder`. All mistakes are told at once.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let entries = std::fs::read_dir(folder)
            .with_context(|| format!("no systems: {} cannot be read; name a folder of systems with --systems DIR", folder.display()))?;
        let mut paths: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path().join("system.yaml"))).filter(|path| path.is_file()).collect();
        paths.sort();
        let mut systems: BTreeMap<String, (PathBuf, Manifest)> = BTreeMap::new();
        let mut mistakes = Vec::new();
        for path in paths {
            match Manifest::read(&path) {
                Ok(manifest) => {
                    let home = path.parent().unwrap_or(folder).to_owned();
                    if let Some((other, _)) = systems.get(&manifest.name) {
                        mistakes.push(format!("two systems have the name `{}`: {} and {}", manifest.name, other.display(), home.display()));
                    } else {
                        systems.insert(manifest.name.clone(), (home, manifest));
                    }
                }
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if !mistakes.is_empty() {
            bail!("{}", mistakes.join("\n"));
        }
        Ok(Self { folder: folder.to_owned(), systems })
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = SystemName> {
        self.systems.keys().map(|name| SystemName { name: name.clone(), version: None })
    }

    /// The system of a name.
    pub(crate) fn find(&self, name: &SystemName) -> Result<System> {
        let Some((home, manifest)) = self.systems.get(&name.name) else {
            let known: Vec<&str> = self.systems.keys().map(String::as_str).collect();
            bail!("there is no system `{}` in {}; there are {}", name.name, self.folder.display(), known.join(", "));
        };
        let home = home.canonicalize().with_context(|| home.display().to_string())?;
        let out = std::env::current_dir().context("no current folder")?.join(BUILDS).join(name.to_string());
        Ok(System { name: name.clone(), manifest: manifest.clone(), home, out })
    }
}

/// A system, perhaps in another release than the locked one.
#[derive(Clone, Debug)]
pub(crate) struct System {
    pub(crate) name: SystemName,
    pub(crate) manifest: Manifest,
    /// Where its sources are.
    pub(crate) home: PathBuf,
    /// Where it is built.
    pub(crate) out: PathBuf,
}

impl System {
    /// The release of the library that it was built with; an error if it was not built.
    pub(crate) fn built(&self) -> Result<String> {
        let version = std::fs::read_to_string(self.out.join("version.txt")).map_err(|_| {
            let version = self.name.version.as_ref().map(|version| format!(" VERSION={version}")).unwrap_or_default();
            anyhow!("system `{}` is not built; `make peer NAME={}{version}` builds it", self.name, self.name.name)
        })?;
        Ok(version.trim().to_owned())
    }

    /// The words of a command line, with `$OUT` replaced.
    pub(crate) fn words(&self, run: &[String]) -> Vec<String> {
        run.iter().map(|word| word.replace("$OUT", &self.out.display().to_string())).collect()
    }
}

/// Where systems are built, below the current folder.
const BUILDS: &str = "target/peers";
