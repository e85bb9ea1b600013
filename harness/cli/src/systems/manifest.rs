//! `system.yaml`: who a system is, how it is built and started, and what it has.

use std::path::Path;
use std::time::Duration;

use proofmark_engine::case::units::duration;
use proofmark_engine::profile::Profile;
use serde::Deserialize;

/// A manifest.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Manifest {
    /// Its name on the command line and in reports.
    pub(crate) name: String,
    /// In one sentence.
    pub(crate) about: String,
    /// What it is written in.
    pub(crate) language: String,
    /// The library under test.
    pub(crate) library: String,
    /// The release that its lock file names.
    pub(crate) version: String,
    /// What has to be installed to build it.
    #[serde(default)]
    pub(crate) tools: Vec<Tool>,
    /// How it is built.
    pub(crate) build: Build,
    /// Its server, if it has one.
    #[serde(default)]
    pub(crate) server: Option<Server>,
    /// Its client, if it has one.
    #[serde(default)]
    pub(crate) driver: Option<Driver>,
}

/// Something that has to be installed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tool {
    /// Prints its version.
    pub(crate) run: Vec<String>,
    /// How one gets it.
    pub(crate) install: String,
}

/// How a system is built: run in its folder, with `OUT` and `VERSION`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Build {
    /// The words of the command line.
    pub(crate) run: Vec<String>,
    /// How long it may take.
    #[serde(deserialize_with = "duration")]
    pub(crate) limit: Duration,
}

/// A server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    /// The words of the command line; `$OUT` is where it was built.
    pub(crate) run: Vec<String>,
    /// How long it may take to get ready.
    #[serde(deserialize_with = "duration")]
    pub(crate) ready: Duration,
    /// What it has.
    pub(crate) features: Vec<Feature>,
    /// The settings that it honours.
    #[serde(default)]
    pub(crate) settings: Vec<Setting>,
}

/// A client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Driver {
    /// The words of the command line; `$OUT` is where it was built.
    pub(crate) run: Vec<String>,
}

/// What a server can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Feature {
    /// The test hooks.
    Hooks,
    /// Access lines.
    Log,
    /// Span lines.
    Spans,
    /// It asks an upstream.
    Gateway,
    /// The standard health service.
    Health,
    /// The user service.
    Users,
}

macro_rules! settings {
    ($($variant:ident $name:literal,)+) => {
        /// What a server can be told at its start; the keys of the case language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
        pub(crate) enum Setting { $(#[serde(rename = $name)] $variant,)+ }

        impl Setting {
            fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

settings! {
    Auth "auth",
    DeadlineMax "deadline-max",
    DownstreamTimeout "downstream-timeout",
    Forwards "forwards",
    Grace "grace",
    LameDuck "lame-duck",
    MaxAge "max-age",
    MaxAgeGrace "max-age-grace",
    MaxConcurrentStreams "max-concurrent-streams",
    MaxHeaderList "max-header-list",
    MaxIdle "max-idle",
    MaxReceive "max-receive",
    MaxSend "max-send",
    ProbeInterval "probe-interval",
    ProbeLimit "probe-limit",
    Reflection "reflection",
    State "state",
    Users "users",
}

impl Manifest {
    /// Reads a manifest; a mistake is told with file and line.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let at = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| at(&error))?;
        let manifest: Self = serde_saphyr::from_str(&text).map_err(|error| at(&error))?;
        let empty = |run: &[String]| run.first().is_none_or(|word| word.trim().is_empty());
        let run_of_server = manifest.server.as_ref().is_some_and(|server| empty(&server.run));
        if empty(&manifest.build.run) || run_of_server || manifest.driver.as_ref().is_some_and(|driver| empty(&driver.run)) {
            return Err(at(&"a `run` is empty; wanted are the words of a command line, such as [sh, build.sh]"));
        }
        if manifest.server.is_none() && manifest.driver.is_none() {
            return Err(at(&"there is neither `server` nor `driver`; a system has at least one of them"));
        }
        if let Err(error) = manifest.name.parse::<super::SystemName>() {
            return Err(at(&format!("name `{}`: {error}", manifest.name)));
        }
        Ok(manifest)
    }
}

impl Server {
    /// Which service operations are mapped to: without hooks there is nothing but the health service to make plain calls to.
    pub(crate) fn profile(&self) -> Profile {
        if self.features.contains(&Feature::Hooks) { Profile::User } else { Profile::Health }
    }

    /// What that unlocks, in the words of the needs of cases.
    pub(crate) fn unlocks(&self) -> impl Iterator<Item = String> {
        let features = self.features.iter().flat_map(|feature| match feature {
            Feature::Hooks => &["hooks", "operation:*"][..],
            Feature::Log => &["log"],
            Feature::Spans => &["spans"],
            Feature::Gateway => &["gateway"],
            Feature::Health => &["operation:unary", "operation:check", "operation:watch"],
            Feature::Users => &["operation:rpc", "operation:list", "operation:write", "operation:upload", "operation:chat"],
        });
        let settings = self.settings.iter().map(|setting| format!("setting:{}", setting.name()));
        features.map(|name| (*name).to_owned()).chain(settings)
    }
}
