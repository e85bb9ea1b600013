//! Whether a case leaves a server as it found it.

use super::facts::Facts;
use crate::{
    case::{CallStep, Case, FAR, Role, Step, given},
    check::Check,
};

/// Whether other cases may use the server before and after this one: it needs no settings but authentication, and changes nothing that outlives
/// its calls, unless the server accepts a write, which is seen afterwards. Besides, neither time nor the caller ends a call: where two ends race, a
/// server that has just started is not like one that is warm.
#[must_use]
pub(super) fn is_harmless(case: &Case) -> bool {
    let facts = Facts::of(case);
    case.role == Role::Server
        && case.given.server == given::Server { auth: case.given.server.auth, ..given::Server::default() }
        && case.given.store.is_none_or(|store| store.state == given::StoreState::Up)
        && case.given.backends.is_empty()
        && case.given.faults.is_empty()
        && facts.times.iter().all(|time| *time >= FAR)
        && facts.count(reaches_further) == 0
        && !facts.call_steps.iter().any(|step| matches!(step, CallStep::Cancel(_) | CallStep::Reset(_)))
        && !facts.checks.iter().any(|check| matches!(check, Check::Memory(_)))
}

fn reaches_further(step: &Step) -> bool {
    matches!(step, Step::Signal(_) | Step::System(_) | Step::Health(_) | Step::Store(_) | Step::Auth(_) | Step::Cancel(_) | Step::Close(_))
}
