//! Bytes that arrive no faster than a line is wide.

use std::time::Duration;

use super::{Kind, Lane, Pass, Start, Waiting};
use crate::clock::Instant;

/// Bytes arrive no faster than this, each after the time that it takes; the sender is pushed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth {
    /// Bytes in one second; 0 lets nothing pass.
    pub per_second: u64,
}

impl Kind for Bandwidth {
    fn lane(&self, start: Start) -> Option<Box<dyn Lane>> {
        Some(Box::new(Line { per_second: self.per_second, clear: start.now, began: None, harmed: false }))
    }
}

#[derive(Debug)]
struct Line {
    per_second: u64,
    /// Since when nothing is on the line.
    clear: Instant,
    /// When the piece that is on the line was put there.
    began: Option<Instant>,
    harmed: bool,
}

impl Line {
    fn takes(&self, bytes: usize) -> Duration {
        let nanos = bytes as u128 * NANOS / u128::from(self.per_second);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// When a piece begins: right behind the one before, so that a timer's lag does not add up; after a break, now.
    fn begin(&self, now: Instant, since: Instant) -> Instant {
        let earliest = self.clear.max(since);
        if now.saturating_duration_since(earliest) > CATCH_UP { now } else { earliest }
    }
}

impl Lane for Line {
    fn pass(&mut self, now: Instant, waiting: Waiting) -> Pass {
        if waiting.bytes == 0 {
            return Pass::Bytes(0);
        }
        if self.per_second == 0 {
            self.harmed = true;
            return Pass::Never;
        }
        let piece = usize::try_from(self.per_second / PIECES_PER_SECOND).unwrap_or(usize::MAX).clamp(1, waiting.bytes);
        let began = *self.began.get_or_insert(self.begin(now, waiting.since));
        let until = began + self.takes(piece);
        if until > now {
            self.harmed = true;
            return Pass::At(until);
        }
        Pass::Bytes(piece)
    }

    fn sent(&mut self, bytes: usize) {
        if let Some(began) = self.began.take() {
            self.clear = began + self.takes(bytes);
        }
    }

    fn harmed(&self) -> bool {
        self.harmed
    }
}

/// How finely bytes are spread over a second.
const PIECES_PER_SECOND: u64 = 100;
/// How late a piece may be and still count as back to back.
const CATCH_UP: Duration = Duration::from_millis(50);
const NANOS: u128 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::fault::testing::{start, waiting};

    #[tokio::test(start_paused = true)]
    async fn bandwidth_lets_bytes_pass_when_their_time_is_over() {
        let mut lane = Bandwidth { per_second: 1000 }.lane(start(true)).unwrap();
        let began = clock::now();
        assert_eq!(lane.pass(began, waiting(100)), Pass::At(began + Duration::from_millis(10)));
        assert_eq!(lane.pass(began + Duration::from_millis(10), waiting(100)), Pass::Bytes(10));
        lane.sent(10);
        assert_eq!(lane.pass(began + Duration::from_millis(11), waiting(90)), Pass::At(began + Duration::from_millis(20)));
    }

    #[tokio::test(start_paused = true)]
    async fn bandwidth_does_not_save_up_time_in_a_break() {
        let mut lane = Bandwidth { per_second: 1000 }.lane(start(true)).unwrap();
        let late = clock::now() + Duration::from_secs(5);
        assert_eq!(lane.pass(late, waiting(100)), Pass::At(late + Duration::from_millis(10)));
    }
}
