//! Bytes that arrive wrong.

use super::{Kind, Lane, Start};
use crate::chance::Chance;

/// One bit, drawn from the seed, of the byte that follows so many whole ones is turned over, once in each direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt {
    /// Bytes that still arrive whole, counted from when the fault began.
    pub after: u64,
}

impl Kind for Corrupt {
    fn lane(&self, start: Start) -> Option<Box<dyn Lane>> {
        Some(Box::new(Flip { left: self.after, chance: start.chance, done: false }))
    }
}

#[derive(Debug)]
struct Flip {
    left: u64,
    chance: Chance,
    done: bool,
}

impl Lane for Flip {
    fn alter(&mut self, bytes: &mut [u8]) {
        if self.done {
            return;
        }
        if let Some(byte) = usize::try_from(self.left).ok().and_then(|left| bytes.get_mut(left)) {
            *byte ^= 1 << self.chance.below(8);
            self.done = true;
        }
    }

    fn sent(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes as u64);
    }

    fn harmed(&self) -> bool {
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::testing::start;

    #[tokio::test(start_paused = true)]
    async fn corrupt_turns_one_bit_of_one_byte() {
        let mut lane = Corrupt { after: 5 }.lane(start(false)).unwrap();
        let mut bytes = [0_u8; 4];
        lane.alter(&mut bytes);
        assert_eq!(bytes, [0; 4]);
        lane.sent(4);
        lane.alter(&mut bytes);
        assert_eq!((bytes[0], bytes[1].count_ones(), bytes[2]), (0, 1, 0));
        lane.alter(&mut bytes);
        assert_eq!(bytes[1].count_ones(), 1, "shown again because they could not be sent");
    }
}
