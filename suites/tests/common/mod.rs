//! What the tests of the suites share; each uses its part.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proofmark_engine::case::{Case, Catalogue, Role};
use proofmark_engine::profile::Profile;
use proofmark_engine::run::execute::{Done, Options, Target, execute};
use proofmark_lineup::reference_client::{FEATURES, ReferenceClient};
use proofmark_lineup::reference_server::{self, ReferenceServer};
use proofmark_system::{ClientFactory, ServerFactory, Tier};
use proofmark_transport::Seed;

/// The embedded suites.
pub(crate) struct Suite {
    catalogue: Catalogue,
    cases: Vec<Case>,
}

impl Suite {
    /// Loads them; load errors are shown as a person gets them.
    pub(crate) fn load() -> Self {
        let catalogue = proofmark_suites::catalogue().unwrap_or_else(|errors| panic!("{errors}"));
        let cases = proofmark_suites::cases(&catalogue).unwrap_or_else(|errors| panic!("{errors}"));
        Self { catalogue, cases }
    }

    /// Runs all cases whose id has the text of `CASE`; of servers or of clients alone where `servers` says so.
    pub(crate) fn run(&self, target: Target, servers: Option<bool>) -> Vec<Done> {
        self.run_with(target, servers, 2)
    }

    /// As [`Self::run`], so many cases at a time.
    pub(crate) fn run_with(&self, target: Target, servers: Option<bool>, jobs: usize) -> Vec<Done> {
        let of_end = |case: &Case| servers.is_none_or(|servers| case.role == Role::Pair || servers == (case.role == Role::Server));
        self.run_some(&target, jobs, &of_end)
    }

    /// Runs the cases that prove one of these requirements.
    pub(crate) fn run_proving(&self, target: Target, requirements: &[&str]) -> Vec<Done> {
        self.run_some(&target, 2, &|case| case.proves.iter().any(|proven| requirements.contains(&proven.as_str())))
    }

    fn run_some(&self, target: &Target, jobs: usize, chosen: &dyn Fn(&Case) -> bool) -> Vec<Done> {
        let wanted = std::env::var("CASE").unwrap_or_default();
        let selected: Vec<&Case> = self.cases.iter().filter(|case| case.id.contains(&wanted) && chosen(case)).collect();
        let options = Options {
            seed: Seed(7),
            jobs,
            tolerance: Duration::from_millis(100),
            scratch: std::env::temp_dir(),
            stop: Arc::new(AtomicBool::new(false)),
        };
        let done: Mutex<Vec<Done>> = Mutex::default();
        execute(&selected, target, &options, &self.catalogue, &|case| done.lock().expect("no test thread panics").push(case));
        let mut done = done.into_inner().expect("no test thread panics");
        done.sort_by(|a, b| a.result.id.cmp(&b.result.id));
        done
    }
}

/// The reference, both ends.
pub(crate) fn reference() -> Target {
    target("reference", Arc::new(ReferenceClient::new()), Arc::new(ReferenceServer::new()))
}

/// Both ends of something in process.
pub(crate) fn target(name: &str, client: Arc<dyn ClientFactory>, server: Arc<dyn ServerFactory>) -> Target {
    let mut features: BTreeSet<String> = FEATURES.iter().map(|feature| (*feature).to_owned()).collect();
    features.extend(reference_server::features());
    Target { name: name.to_owned(), client: Some(client), server: Some(server), tier: Tier::InProcess, features, profile: Profile::User }
}

/// A result with its findings; with `SHOW=1` also the ladder.
pub(crate) fn describe(done: &Done) -> String {
    let result = &done.result;
    let mut text = format!("{} {} {}\n", result.verdict, result.id, result.reason.clone().unwrap_or_default());
    for finding in &result.findings {
        text.push_str(&format!("   {:?} {}: expected {}; observed {}\n", finding.slot, finding.check, finding.expected, finding.observed));
    }
    if std::env::var("SHOW").is_ok() {
        text.push_str(&proofmark_report::ladder::ladder(done.transcripts.first().map(Vec::as_slice).unwrap_or_default()));
    }
    text
}
