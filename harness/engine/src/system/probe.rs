//! Finds out what a server shows: one plain call, and a look at the lines that it wrote.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::Arc;
use std::time::Duration;

use proofmark_record::{Outcome, What};
use proofmark_system::{ServerFactory, StartError, Tier};
use proofmark_transport::Seed;

use crate::case::{Case, Catalogue, load_suites};
use crate::run::execute::{Options, Target, run_case};

/// What a probe saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Handlers report by hook lines.
    pub hooks: bool,
    /// Calls give access lines.
    pub log: bool,
    /// Calls give span lines.
    pub spans: bool,
    /// The plain call's status.
    pub status: Option<u32>,
}

impl Seen {
    /// What that unlocks beyond the tier.
    pub fn features(&self) -> BTreeSet<String> {
        let mut features = BTreeSet::new();
        if self.hooks {
            // who reports by the contract's hooks honours the contract's settings, too
            features.extend(["hooks", "gateway", "operation:*"].map(str::to_owned));
            features.extend(CONTRACT_SETTINGS.map(|key| format!("setting:{key}")));
        }
        if self.log {
            features.insert("log".into());
        }
        if self.spans {
            features.insert("spans".into());
        }
        features
    }
}

/// Starts the server once and makes a plain call.
///
/// # Errors
/// Where the server does not get ready, or the call has no end.
pub fn probe(server: Arc<dyn ServerFactory>, scratch: &std::path::Path, catalogue: &Catalogue) -> Result<Seen, StartError> {
    let case = case(catalogue)?;
    let tier = server.info().tier;
    let target = Target { name: "probe".into(), client: None, server: Some(server), tier, features: BTreeSet::new() };
    let options = Options {
        seed: Seed(0),
        jobs: 1,
        tolerance: Duration::from_secs(1),
        scratch: scratch.to_owned(),
        stop: Arc::new(AtomicBool::new(false)),
    };
    let case = Case { needs: BTreeSet::new(), ..case };
    let done = run_case(&case, &target, &options, catalogue);
    let mut seen = Seen::default();
    for event in done.transcripts.iter().flatten() {
        match &event.what {
            What::SystemError { text } => return Err(StartError(text.clone())),
            What::Hook { call: Some(_), .. } => seen.hooks = true,
            What::Log { line, .. } => match line.get("line").and_then(|line| line.as_str()) {
                Some("access") => seen.log = true,
                Some("span") => seen.spans = true,
                _ => {}
            },
            What::CallEnded { outcome: Outcome::Status(status), .. } if !status.synthetic => seen.status = Some(status.code),
            _ => {}
        }
    }
    if seen.status.is_none() && tier != Tier::InProcess {
        return Err(StartError("the server accepts connections, but a plain gRPC call has no status: is it a gRPC server without TLS?".into()));
    }
    Ok(seen)
}

fn case(catalogue: &Catalogue) -> Result<Case, StartError> {
    let broken = |why: &dyn std::fmt::Display| StartError(format!("the probe's own case does not load: {why}"));
    let cases = load_suites(&[("probe.yaml", PROBE)], catalogue).map_err(|errors| broken(&errors))?;
    cases.into_iter().next().ok_or_else(|| broken(&"there is none"))
}

const PROBE: &str = "\
suite: probe/plain-call
about: One plain call.
role: server
cases:
  - id: user.get.response-header
    limit: 20s
    when: [call: {operation: unary, deadline: 10s}]
    then: [outcome: {status: OK}]
";

/// The settings that the service contract says a server honours.
const CONTRACT_SETTINGS: [&str; 12] = [
    "grace",
    "lame-duck",
    "probe-interval",
    "probe-limit",
    "max-receive",
    "max-concurrent-streams",
    "deadline-max",
    "max-age",
    "forwards",
    "auth",
    "users",
    "state",
];
