//! pick_first: one connection, to the first address that can be connected; made when a call needs it (gRFC A61, A62).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use proofmark_transport::clock::Instant;

use crate::balance::dialer::{Dialer, was_useless};
use crate::balance::{Picture, Strategy};
use crate::connection::{Connection, DialReport};

pub(crate) struct PickFirst {
    addresses: Vec<SocketAddr>,
    /// A call asked, or the last pass failed.
    wanted: bool,
    pass: Option<Pass>,
    chosen: Option<Chosen>,
    /// Passes that failed in a row.
    failures: u32,
    problem: Option<Arc<str>>,
    not_before: Option<Instant>,
}

/// One walk through the addresses.
struct Pass {
    started: Instant,
    next: usize,
    last_start: Instant,
    running: Vec<u64>,
}

struct Chosen {
    id: u64,
    started: Instant,
    connection: Arc<Connection>,
    draining: bool,
}

impl PickFirst {
    pub(crate) fn new(addresses: Vec<SocketAddr>) -> Self {
        Self { addresses, wanted: false, pass: None, chosen: None, failures: 0, problem: None, not_before: None }
    }

    fn ready(&mut self, id: u64, connection: Arc<Connection>, dialer: &mut Dialer) {
        let Some(pass) = self.pass.take() else {
            return dialer.stop(id);
        };
        pass.running.into_iter().filter(|other| *other != id).for_each(|other| dialer.stop(other));
        self.chosen = Some(Chosen { id, started: pass.last_start, connection, draining: false });
        (self.wanted, self.failures, self.problem) = (false, 0, None);
    }

    fn failed(&mut self, id: u64, problem: String) {
        if let Some(pass) = &mut self.pass {
            pass.running.retain(|running| *running != id);
            self.problem = Some(problem.into());
        }
    }

    fn left(&mut self, why: &str, dialer: &mut Dialer) {
        let Some(chosen) = self.chosen.take() else {
            return;
        };
        if was_useless(chosen.started, chosen.connection.carried()) {
            self.broken(chosen.started, why, dialer);
        }
    }

    fn broken(&mut self, started: Instant, problem: &str, dialer: &mut Dialer) {
        self.failures += 1;
        self.wanted = true;
        self.problem = Some(problem.into());
        self.not_before = Some(dialer.next_start(started, self.failures));
    }
}

impl Strategy for PickFirst {
    fn wake(&mut self) {
        self.wanted |= self.chosen.is_none();
    }

    fn report(&mut self, id: u64, report: DialReport, dialer: &mut Dialer) {
        let chosen = self.chosen.as_ref().is_some_and(|chosen| chosen.id == id);
        match report {
            DialReport::Ready(connection) => self.ready(id, connection, dialer),
            DialReport::Failed(problem) => self.failed(id, problem),
            DialReport::Draining if chosen && dialer.waits_for_drain() => {
                if let Some(chosen) = &mut self.chosen {
                    chosen.draining = true;
                }
            }
            DialReport::Draining if chosen => self.left("the server is going away", dialer),
            DialReport::Ended { why, .. } if chosen => self.left(&why, dialer),
            _ => {}
        }
    }

    fn advance(&mut self, now: Instant, dialer: &mut Dialer) -> Option<Instant> {
        if self.chosen.is_some() || !self.wanted {
            return None;
        }
        if let Some(not_before) = self.not_before.filter(|not_before| *not_before > now) {
            return Some(not_before);
        }
        self.not_before = None;
        let pass = self.pass.get_or_insert_with(|| Pass { started: now, next: 0, last_start: now, running: Vec::new() });
        let stalled = now >= pass.last_start + ATTEMPT_DELAY;
        if let Some(address) = self.addresses.get(pass.next).filter(|_| pass.running.is_empty() || stalled) {
            pass.running.push(dialer.start(*address));
            (pass.next, pass.last_start) = (pass.next + 1, now);
        }
        if !pass.running.is_empty() {
            return (pass.next < self.addresses.len()).then_some(pass.last_start + ATTEMPT_DELAY);
        }
        let started = pass.started;
        self.pass = None;
        let problem = self.problem.clone().unwrap_or_else(|| "there is no address".into());
        self.broken(started, &problem, dialer);
        self.not_before
    }

    fn picture(&self) -> Picture {
        match (&self.chosen, &self.problem) {
            (Some(chosen), _) if !chosen.draining => Picture::Ready(Arc::new([chosen.connection.clone()])),
            (None, Some(problem)) if self.failures > 0 => Picture::Failed(problem.clone()),
            (None, _) if !self.wanted => Picture::Idle,
            _ => Picture::Connecting,
        }
    }
}

/// The next address is tried beside one that neither succeeds nor fails for so long (gRFC A61).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
