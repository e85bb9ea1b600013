//! Asks the store whether it answers, again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use proofmark_transport::clock::{sleep, timeout};
use proofmark_transport::watch;

use crate::health::Health;
use crate::policy::HealthPolicy;
use crate::store::steered::SteeredStore;

/// The probe of a server.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) health: Arc<Health>,
    pub(crate) policy: Arc<dyn HealthPolicy>,
    pub(crate) store: Arc<SteeredStore>,
    pub(crate) interval: Duration,
    pub(crate) limit: Duration,
    pub(crate) answered: Arc<AtomicBool>,
}

impl Probe {
    /// Probes for ever; `done` counts the probes.
    pub(crate) async fn run(self, done: watch::Sender<u64>) {
        loop {
            let answered = self.ask().await;
            self.answered.store(answered, Ordering::Relaxed);
            self.health.probed(answered);
            done.send_modify(|count| *count += 1);
            match self.policy.probe_pause(self.interval, answered) {
                Some(pause) => sleep(pause).await,
                None => return,
            }
        }
    }

    async fn ask(&self) -> bool {
        let answer = async { self.store.reach().await?.probe().await };
        match self.policy.probe_limit(self.limit) {
            Some(limit) => timeout(limit, answer).await.is_ok_and(|answer| answer.is_ok()),
            None => answer.await.is_ok(),
        }
    }
}
