//! The only door to time. All waiting goes through the runtime's timer, so that a paused clock moves everything.

use std::time::{Duration, SystemTime};

pub use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep, interval, interval_at, sleep, sleep_until, timeout, timeout_at};

/// The runtime's time now.
pub fn now() -> Instant {
    Instant::now()
}

/// Wall time that follows the runtime's clock: a start plus what has passed since.
#[derive(Clone, Debug)]
pub struct Clock {
    start: Instant,
    wall: SystemTime,
}

impl Clock {
    /// Starts at a fixed epoch, 2026-01-01T00:00:00Z, for runs in virtual time.
    pub fn fixed() -> Self {
        Self { start: Instant::now(), wall: SystemTime::UNIX_EPOCH + FIXED_EPOCH }
    }

    /// Starts at the machine's wall time.
    pub fn system() -> Self {
        Self { start: Instant::now(), wall: SystemTime::now() }
    }

    /// Time since the clock was made.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Wall time now.
    pub fn wall(&self) -> SystemTime {
        self.wall + self.start.elapsed()
    }

    /// The instant at which the clock was made.
    pub fn start(&self) -> Instant {
        self.start
    }
}

const FIXED_EPOCH: Duration = Duration::from_secs(1_767_225_600);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn fixed_wall_time_follows_virtual_time() {
        let clock = Clock::fixed();
        sleep(Duration::from_secs(90)).await;
        assert_eq!(clock.elapsed(), Duration::from_secs(90));
        assert_eq!(clock.wall(), SystemTime::UNIX_EPOCH + FIXED_EPOCH + Duration::from_secs(90));
    }
}
