//! Finds out what a server shows and serves: a few plain calls, and a look at the lines that it wrote.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use proofmark_record::{CallRef, Outcome, What};
use proofmark_system::{ServerFactory, StartError};
use proofmark_transport::Seed;

use crate::case::{Case, Catalogue, load_suites};
use crate::profile::Profile;
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
    /// The standard health service answers.
    pub health: bool,
    /// The user service answers.
    pub users: bool,
}

impl Seen {
    /// What that unlocks beyond the tier.
    pub fn features(&self) -> BTreeSet<String> {
        let mut features = BTreeSet::new();
        let mut add = |names: &[&str]| features.extend(names.iter().map(|name| (*name).to_owned()));
        if self.hooks {
            // who reports by the contract's hooks honours the contract's settings, too
            add(&["hooks", "gateway", "operation:*"]);
            add(&CONTRACT_SETTINGS);
        }
        if self.health {
            add(&["operation:check", "operation:watch"]);
        }
        if self.users {
            add(&["operation:rpc", "operation:list", "operation:write", "operation:upload", "operation:chat"]);
        }
        if self.hooks || self.health {
            add(&["operation:unary"]);
        }
        if self.log {
            add(&["log"]);
        }
        if self.spans {
            add(&["spans"]);
        }
        features
    }

    /// Which service operations are mapped to.
    pub fn profile(&self) -> Profile {
        if self.hooks { Profile::User } else { Profile::Health }
    }

    fn answered(&mut self, call: &CallRef, code: u32) {
        const UNIMPLEMENTED: u32 = 12;
        match call.name.as_str() {
            "health" => self.health = code != UNIMPLEMENTED,
            "users" => self.users = code != UNIMPLEMENTED,
            _ => {}
        }
    }
}

/// Starts the server once and makes plain calls.
///
/// # Errors
/// Where the server does not get ready, or no call has a status.
pub fn probe(server: Arc<dyn ServerFactory>, scratch: &std::path::Path, catalogue: &Catalogue) -> Result<Seen, StartError> {
    let case = Case { needs: BTreeSet::new(), ..case(catalogue)? };
    let tier = server.info().tier;
    let target =
        Target { name: "probe".into(), client: None, server: Some(server), tier, features: BTreeSet::new(), profile: Profile::User };
    let options = Options {
        seed: Seed(0),
        jobs: 1,
        tolerance: Duration::from_secs(1),
        scratch: scratch.to_owned(),
        stop: Arc::new(AtomicBool::new(false)),
    };
    let done = run_case(&case, &target, &options, catalogue);
    let mut seen = Seen::default();
    let mut statuses = 0;
    for event in done.transcripts.iter().flatten() {
        match &event.what {
            What::SystemError { text, .. } => return Err(StartError::Failed(text.clone())),
            What::Hook { call: Some(_), .. } => seen.hooks = true,
            What::Log { line, .. } => match line.get("line").and_then(|line| line.as_str()) {
                Some("access") => seen.log = true,
                Some("span") => seen.spans = true,
                _ => {}
            },
            What::CallEnded { call, outcome: Outcome::Status(status) } if !status.synthetic => {
                statuses += 1;
                seen.answered(call, status.code);
            }
            _ => {}
        }
    }
    if statuses == 0 {
        return Err(StartError::Failed(
            "the server accepts connections, but no plain gRPC call has a status: is it a gRPC server without TLS?".into(),
        ));
    }
    Ok(seen)
}

fn case(catalogue: &Catalogue) -> Result<Case, StartError> {
    let broken = |why: &dyn std::fmt::Display| StartError::Failed(format!("the probe's own case does not load: {why}"));
    let cases = load_suites(&[("probe.yaml", PROBE)], catalogue).map_err(|errors| broken(&errors))?;
    cases.into_iter().next().ok_or_else(|| broken(&"there is none"))
}

const PROBE: &str = "\
suite: probe/plain-calls
about: What a server serves.
role: server
cases:
  - id: user.get.response-header
    limit: 20s
    when:
      - call: {name: health, operation: {check: \"\"}, deadline: 5s}
      - call: {name: users, operation: {rpc: user.v1.UserService/GetUser}, request: {json: {id: user-1}}, deadline: 5s}
      - call: {name: plain, operation: unary, deadline: 5s}
    then: [outcome: {call: plain, status: OK}]
";

/// The settings that the service contract says a server honours.
const CONTRACT_SETTINGS: [&str; 12] = [
    "setting:grace",
    "setting:lame-duck",
    "setting:probe-interval",
    "setting:probe-limit",
    "setting:max-receive",
    "setting:max-concurrent-streams",
    "setting:deadline-max",
    "setting:max-age",
    "setting:forwards",
    "setting:auth",
    "setting:users",
    "setting:state",
];
