//! Starts and stops connections.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use proofmark_transport::clock::Instant;
use proofmark_transport::{Chance, Network};
use tokio::sync::mpsc::WeakUnboundedSender;
use tokio::task::AbortHandle;

use crate::balance::Event;
use crate::connection::{Dial, DialReport};
use crate::options::{Keepalive, Options, ReconnectBackoff};
use crate::policy::ConnectionRules;

/// Owns the tasks of all connections, draining ones too.
pub(crate) struct Dialer {
    network: Arc<dyn Network>,
    keepalive: Option<Keepalive>,
    backoff: ReconnectBackoff,
    rules: Arc<dyn ConnectionRules>,
    chance: Chance,
    shuffle: Chance,
    reports: WeakUnboundedSender<Event>,
    tasks: BTreeMap<u64, AbortOnDrop>,
    next_id: u64,
}

impl Dialer {
    pub(crate) fn new(options: &Options, reports: WeakUnboundedSender<Event>) -> Self {
        Self {
            network: options.network.clone(),
            keepalive: options.keepalive,
            backoff: options.reconnect_backoff,
            rules: options.policies.connection.clone(),
            chance: options.seed.stream("client.reconnect.jitter"),
            shuffle: options.seed.stream("client.pick-first.shuffle"),
            reports,
            tasks: BTreeMap::new(),
            next_id: 0,
        }
    }

    /// The addresses in the order they are tried.
    pub(crate) fn addresses(&mut self, addresses: &[SocketAddr], shuffle: bool) -> Vec<SocketAddr> {
        let mut addresses = addresses.to_vec();
        if shuffle {
            for last in (1..addresses.len()).rev() {
                let other = usize::try_from(self.shuffle.below(last as u64 + 1)).unwrap_or(0);
                addresses.swap(last, other);
            }
        }
        addresses
    }

    /// Starts a connection; reports carry the returned number.
    pub(crate) fn start(&mut self, address: SocketAddr) -> u64 {
        self.next_id += 1;
        let id = self.next_id;
        if let Some(reports) = self.reports.upgrade() {
            let dial = Dial { id, address, network: self.network.clone(), keepalive: self.keepalive, rules: self.rules.clone() };
            self.tasks.insert(id, AbortOnDrop(tokio::spawn(dial.run(reports)).abort_handle()));
        }
        id
    }

    /// Closes a connection.
    pub(crate) fn stop(&mut self, id: u64) {
        self.tasks.remove(&id);
    }

    /// Keeps the books about a report.
    pub(crate) fn note(&mut self, id: u64, report: &DialReport) {
        if let DialReport::Ended { too_many_pings: true, .. } = report {
            self.keepalive = self.keepalive.map(|keepalive| {
                let time = self.rules.keepalive_after_complaint(self.rules.keepalive_time(keepalive.time));
                Keepalive { time, ..keepalive }
            });
        }
        if matches!(report, DialReport::Failed(_) | DialReport::Ended { .. }) {
            self.stop(id);
        }
    }

    /// When the next attempt may start after so many failures in a row, the last of which started then.
    pub(crate) fn next_start(&mut self, started: Instant, failures: u32) -> Instant {
        started + self.rules.reconnect_delay(&self.backoff, failures, &mut self.chance)
    }

    /// Whether the next connection waits for the end of one that drains.
    pub(crate) fn waits_for_drain(&self) -> bool {
        self.rules.waits_for_drain()
    }
}

/// Whether a connection that was ready is to be taken as a failed attempt: it lived shortly and carried nothing, so that connecting again at
/// once could go on for ever.
pub(crate) fn was_useless(started: Instant, carried: bool) -> bool {
    !carried && started.elapsed() < USELESS
}

/// Ends its task when it is dropped.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

const USELESS: Duration = Duration::from_millis(100);
