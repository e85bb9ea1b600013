//! round_robin: a connection to every address, made at once and made again when lost.

use std::net::SocketAddr;
use std::sync::Arc;

use proofmark_transport::clock::Instant;

use crate::balance::dialer::{Dialer, was_useless};
use crate::balance::{Picture, Strategy};
use crate::connection::{Connection, DialReport};

pub(crate) struct RoundRobin {
    backends: Vec<Backend>,
}

struct Backend {
    address: SocketAddr,
    phase: Phase,
    failures: u32,
    problem: Option<Arc<str>>,
}

enum Phase {
    Waiting { until: Option<Instant> },
    Connecting { id: u64, started: Instant },
    Ready { id: u64, started: Instant, connection: Arc<Connection> },
    Draining { id: u64 },
}

impl RoundRobin {
    pub(crate) fn new(addresses: &[SocketAddr]) -> Self {
        let backend =
            |address: &SocketAddr| Backend { address: *address, phase: Phase::Waiting { until: None }, failures: 0, problem: None };
        Self { backends: addresses.iter().map(backend).collect() }
    }
}

impl Backend {
    fn id(&self) -> Option<u64> {
        match self.phase {
            Phase::Waiting { .. } => None,
            Phase::Connecting { id, .. } | Phase::Ready { id, .. } | Phase::Draining { id } => Some(id),
        }
    }

    fn broken(&mut self, started: Instant, problem: &str, dialer: &mut Dialer) {
        self.failures += 1;
        self.problem = Some(problem.into());
        self.phase = Phase::Waiting { until: Some(dialer.next_start(started, self.failures)) };
    }

    fn report(&mut self, id: u64, report: DialReport, dialer: &mut Dialer) {
        match (report, &self.phase) {
            (DialReport::Ready(connection), Phase::Connecting { started, .. }) => {
                (self.failures, self.problem) = (0, None);
                self.phase = Phase::Ready { id, started: *started, connection };
            }
            (DialReport::Failed(problem), Phase::Connecting { started, .. }) => {
                let started = *started;
                self.broken(started, &problem, dialer);
            }
            (DialReport::Draining, Phase::Ready { .. }) if dialer.waits_for_drain() => self.phase = Phase::Draining { id },
            (report @ (DialReport::Draining | DialReport::Ended { .. }), Phase::Ready { started, connection, .. }) => {
                let (started, carried) = (*started, connection.carried());
                let why = if let DialReport::Ended { why, .. } = report { why } else { "the server is going away".to_owned() };
                match was_useless(started, carried) {
                    true => self.broken(started, &why, dialer),
                    false => self.phase = Phase::Waiting { until: None },
                }
            }
            (DialReport::Ended { .. }, Phase::Draining { .. }) => self.phase = Phase::Waiting { until: None },
            _ => {}
        }
    }
}

impl Strategy for RoundRobin {
    fn wake(&mut self) {}

    fn report(&mut self, id: u64, report: DialReport, dialer: &mut Dialer) {
        if let Some(backend) = self.backends.iter_mut().find(|backend| backend.id() == Some(id)) {
            backend.report(id, report, dialer);
        }
    }

    fn advance(&mut self, now: Instant, dialer: &mut Dialer) -> Option<Instant> {
        let mut next = None;
        for backend in &mut self.backends {
            let Phase::Waiting { until } = backend.phase else {
                continue;
            };
            match until.filter(|until| *until > now) {
                Some(until) => next = Some(next.map_or(until, |next: Instant| next.min(until))),
                None => backend.phase = Phase::Connecting { id: dialer.start(backend.address), started: now },
            }
        }
        next
    }

    fn picture(&self) -> Picture {
        let ready: Arc<[_]> = self
            .backends
            .iter()
            .filter_map(|backend| if let Phase::Ready { connection, .. } = &backend.phase { Some(connection.clone()) } else { None })
            .collect();
        if !ready.is_empty() {
            return Picture::Ready(ready);
        }
        match self.backends.iter().rev().find_map(|backend| backend.problem.clone()) {
            Some(problem) if self.backends.iter().all(|backend| backend.problem.is_some()) => Picture::Failed(problem),
            _ => Picture::Connecting,
        }
    }
}
