//! What a server is given besides its settings: network, time, chance, store, tokens, and where its lines go.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proofmark_transport::{Clock, Network, Seed, SimNetwork, TcpNetwork};

use crate::gateway::Upstream;
use crate::lines::{Lines, NoLines};
use crate::policy::Policies;
use crate::store::MemorySlot;

/// The surroundings of a server.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Where it listens.
    pub network: Arc<dyn Network>,
    /// Its time.
    pub clock: Clock,
    /// Its chance: ids, jitter.
    pub seed: Seed,
    /// Where its hook and log lines go.
    pub lines: Arc<dyn Lines>,
    /// Its decisions.
    pub policies: Policies,
    /// Where users are kept.
    pub store: StoreConfig,
    /// The test hooks, if they are on.
    pub test_hooks: Option<HooksConfig>,
    /// Who may call; nothing: everybody.
    pub tokens: Option<Vec<Token>>,
    /// Whom it asks for users that it does not have.
    pub upstream: Option<Arc<dyn Upstream>>,
    /// Error lines of panics carry the stack. It names addresses and files, so a reproducible run leaves it out.
    pub panic_stacks: bool,
}

impl Environment {
    /// For a run in virtual time: everything in memory, the store called inline.
    pub fn simulated(network: SimNetwork, clock: Clock, seed: Seed) -> Self {
        Self {
            network: Arc::new(network),
            clock,
            seed,
            lines: Arc::new(NoLines),
            policies: Policies::default(),
            store: StoreConfig::Memory(MemorySlot::default()),
            test_hooks: None,
            tokens: None,
            upstream: None,
            panic_stacks: false,
        }
    }

    /// For real sockets.
    pub fn real(store: StoreConfig) -> Self {
        Self {
            network: Arc::new(TcpNetwork),
            clock: Clock::system(),
            seed: Seed::draw(),
            lines: Arc::new(NoLines),
            policies: Policies::default(),
            store,
            test_hooks: None,
            tokens: None,
            upstream: None,
            panic_stacks: true,
        }
    }

    /// What has to be refused: hooks that anybody could reach, calls that nobody guards.
    pub fn check(&self, listen: SocketAddr, no_auth: bool) -> Result<(), ExposureError> {
        if listen.ip().is_loopback() {
            return Ok(());
        }
        match &self.test_hooks {
            Some(hooks) if !hooks.exposed => Err(ExposureError::Hooks(listen)),
            _ if self.tokens.is_none() && !no_auth => Err(ExposureError::NoAuth(listen)),
            _ => Ok(()),
        }
    }
}

/// An address that others can reach, without what has to guard it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExposureError {
    /// Test hooks let callers do what they like.
    #[error("test hooks are refused on {0}, which is no loopback address; add `exposed` to allow it in a container")]
    Hooks(SocketAddr),
    /// Nobody would be asked for a token.
    #[error("{0} is no loopback address and there are no auth tokens; give some, or say that none are wanted")]
    NoAuth(SocketAddr),
}

/// Where users are kept.
#[derive(Clone, Debug)]
pub enum StoreConfig {
    /// In memory, called inline. The slot keeps the users when the server has gone; another server with the same slot has them.
    Memory(MemorySlot),
    /// In a file.
    File {
        /// The file; it is made if it does not exist.
        path: PathBuf,
        /// How it is called.
        calling: Calling,
    },
}

/// On whose time the store works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calling {
    /// On that of the task that asks; for virtual time.
    Inline,
    /// On the blocking pool; for real sockets.
    Blocking,
}

/// What the test hooks start with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HooksConfig {
    /// This many users are stored first.
    pub users: usize,
    /// The store is out of reach until a steering line changes that.
    pub store_down: bool,
    /// The hooks may be on although others can reach the server.
    pub exposed: bool,
    /// The end of standard input means exit; for whoever reads it.
    pub stdin: bool,
}

impl HooksConfig {
    /// Reads the words of the option `--test-hooks`.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, HooksError> {
        let mut config = Self::default();
        for word in words {
            match word.split_once('=') {
                None if word == "stdin" => config.stdin = true,
                None if word == "exposed" => config.exposed = true,
                None if word.is_empty() => {}
                Some(("store", "down")) => config.store_down = true,
                Some(("store", "up")) => config.store_down = false,
                Some(("users", count)) => config.users = count.parse().map_err(|_| HooksError(word.to_owned()))?,
                _ => return Err(HooksError(word.to_owned())),
            }
        }
        Ok(config)
    }
}

/// A start option of the test hooks that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no option of the test hooks; known are stdin, exposed, store=down, users=N")]
pub struct HooksError(pub String);

/// A bearer token that lets calls in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token itself.
    pub token: String,
    /// Whom it stands for.
    pub subject: String,
    /// When it ends, if it does.
    pub expires: Option<SystemTime>,
}

impl Token {
    /// Reads a file of tokens: token, subject and, if it ends, the Unix time of its end, one token a line. Lines that begin with `#` are skipped.
    pub fn parse_file(text: &str) -> Result<Vec<Self>, TokenError> {
        let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(|(number, line)| Self::parse(number, line)).collect()
    }

    fn parse(number: usize, line: &str) -> Result<Self, TokenError> {
        let words: Vec<&str> = line.split([',', ' ', '\t']).filter(|word| !word.is_empty()).collect();
        let (token, subject, expires) = match words[..] {
            [token, subject] => (token, subject, None),
            [token, subject, expires] => {
                let seconds = expires.parse().map_err(|_| TokenError { line: number })?;
                (token, subject, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)))
            }
            _ => return Err(TokenError { line: number }),
        };
        Ok(Self { token: token.to_owned(), subject: subject.to_owned(), expires })
    }
}

/// A line of a token file that is none. The line itself is not shown: it may hold a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is no token: wanted is `TOKEN, SUBJECT` or `TOKEN, SUBJECT, UNIX-SECONDS`")]
pub struct TokenError {
    /// Its number, from 1.
    pub line: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_options_of_the_hooks_are_read() {
        let config = HooksConfig::parse(["stdin", "store=down", "users=250"]).unwrap();
        assert_eq!(config, HooksConfig { users: 250, store_down: true, exposed: false, stdin: true });
        assert_eq!(HooksConfig::parse(["sotre=down"]), Err(HooksError("sotre=down".to_owned())));
    }

    #[test]
    fn a_token_file_has_one_token_a_line() {
        let tokens = Token::parse_file("# for tests\nsecret, ada\nother ben 1700000000\n").unwrap();
        assert_eq!(tokens[0], Token { token: "secret".to_owned(), subject: "ada".to_owned(), expires: None });
        assert_eq!(tokens[1].expires, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
        assert_eq!(Token::parse_file("\nlonely"), Err(TokenError { line: 2 }));
    }

    #[test]
    fn an_address_that_others_reach_needs_a_guard() {
        let mut environment = Environment::real(StoreConfig::Memory(MemorySlot::default()));
        let everywhere = "0.0.0.0:80".parse().unwrap();
        assert_eq!(environment.check("127.0.0.1:80".parse().unwrap(), false), Ok(()));
        assert_eq!(environment.check(everywhere, false), Err(ExposureError::NoAuth(everywhere)));
        assert_eq!(environment.check(everywhere, true), Ok(()));
        environment.test_hooks = Some(HooksConfig::default());
        assert_eq!(environment.check(everywhere, true), Err(ExposureError::Hooks(everywhere)));
    }
}
