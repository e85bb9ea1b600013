//! Randomness as named streams of one seed: the same seed and name give the same numbers, whoever else draws.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The seed of a run, printed as hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// A new seed from the operating system.
    pub fn draw() -> Self {
        Self(u64::from(rand::rng().next_u32()))
    }

    /// The stream called `name`.
    pub fn stream(self, name: &str) -> Chance {
        Chance(ChaCha8Rng::seed_from_u64(self.derive(name).0))
    }

    /// A seed of its own for `name`, from which further streams are drawn.
    pub fn derive(self, name: &str) -> Self {
        // FNV-1a over the seed and the name
        let bytes = self.0.to_le_bytes().into_iter().chain(name.bytes());
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16),
            None => text.parse(),
        };
        parsed.map(Self).map_err(|_| format!("`{text}` is no seed: write a number, such as 0x5eed1 or 7"))
    }
}

/// One stream of random numbers.
#[derive(Clone, Debug)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// A number in `0.0..1.0`.
    pub fn fraction(&mut self) -> f64 {
        self.0.random()
    }

    /// A number in `0..limit`; 0 where `limit` is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.0.random_range(0..limit) }
    }

    /// A duration between both, to the microsecond.
    pub fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let span = high.saturating_sub(low).as_micros();
        low + Duration::from_micros(self.below(u64::try_from(span).unwrap_or(u64::MAX).saturating_add(1)))
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_and_name_alone() {
        let draw = |seed, name: &str| Seed(seed).stream(name).bits();
        assert_eq!(draw(7, "retry"), draw(7, "retry"));
        assert_ne!(draw(7, "retry"), draw(7, "backoff"));
        assert_ne!(draw(7, "retry"), draw(8, "retry"));
    }

    #[test]
    fn a_seed_reads_back_as_printed() {
        assert_eq!(Seed(0x5eed1).to_string().parse(), Ok(Seed(0x5eed1)));
        assert!("five".parse::<Seed>().is_err());
    }
}
