//! Bytes that arrive later.

use std::time::Duration;

use super::{Kind, Lane, Start};
use crate::chance::Chance;

/// What is sent - bytes, FIN and RST - arrives later and in order. How much can be under way is not limited by it, short of 4 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// How much later.
    pub delay: Duration,
    /// Up to how much more, drawn anew for what each read found. What was sent later never overtakes.
    pub jitter: Duration,
}

impl Kind for Latency {
    fn lane(&self, start: Start) -> Option<Box<dyn Lane>> {
        Some(Box::new(Line { latency: *self, chance: start.chance, harmed: false }))
    }
}

#[derive(Debug)]
struct Line {
    latency: Latency,
    chance: Chance,
    harmed: bool,
}

impl Lane for Line {
    fn delay(&mut self) -> Duration {
        let Latency { delay, jitter } = self.latency;
        let delay = if jitter.is_zero() { delay } else { self.chance.between(delay, delay + jitter) };
        self.harmed |= !delay.is_zero();
        delay
    }

    fn harmed(&self) -> bool {
        self.harmed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::testing::start;

    const LATENCY: Latency = Latency { delay: Duration::from_millis(10), jitter: Duration::from_millis(5) };

    #[tokio::test(start_paused = true)]
    async fn latency_draws_the_same_jitter_from_the_same_chance() {
        let draw = || {
            let mut lane = LATENCY.lane(start(true)).unwrap();
            (0..20).map(|_| lane.delay()).collect::<Vec<_>>()
        };
        assert_eq!(draw(), draw());
        assert!(draw().iter().all(|delay| (LATENCY.delay..=LATENCY.delay + LATENCY.jitter).contains(delay)));
        assert!(draw().windows(2).any(|two| two[0] != two[1]));
    }

    #[tokio::test(start_paused = true)]
    async fn latency_did_no_harm_before_anything_was_sent() {
        let mut lane = LATENCY.lane(start(true)).unwrap();
        assert!(!lane.harmed());
        lane.delay();
        assert!(lane.harmed());
    }
}
