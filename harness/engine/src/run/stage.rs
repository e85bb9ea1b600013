//! What everything in a running case shares.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use proofmark_record::What;
use proofmark_transport::clock::sleep;
use proofmark_transport::{Network, Seed};

use crate::case::Moment;
use crate::case::template::Context;
use crate::case::when::{Pause, PauseLength, Repeat};
use crate::moments::{Matcher, Scope};
use crate::peer::tasks::Tasks;
use crate::profile::Profile;
use crate::transcript::Transcript;

/// A future on the case's thread.
pub type Local<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What everything in a running case shares. Clones are the same stage.
#[derive(Clone, Debug)]
pub struct Stage(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    transcript: Transcript,
    tasks: Tasks,
    network: Arc<dyn Network>,
    seed: Seed,
    tokens: (String, String),
    call_prefix: String,
    profile: Profile,
}

impl Stage {
    /// A stage whose time begins now.
    pub fn new(network: Arc<dyn Network>, seed: Seed, tokens: Seed, call_prefix: String, profile: Profile) -> Self {
        let token = |name: &str| format!("pm-{:016x}", tokens.stream(name).bits());
        let tokens = (token("token.good"), token("token.expired"));
        Self(Rc::new(Inner { transcript: Transcript::new(), tasks: Tasks::default(), network, seed, tokens, call_prefix, profile }))
    }

    /// The transcript.
    pub fn transcript(&self) -> &Transcript {
        &self.0.transcript
    }

    /// The case's tasks.
    pub fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    /// The network.
    pub fn network(&self) -> &Arc<dyn Network> {
        &self.0.network
    }

    /// The round's seed.
    pub fn seed(&self) -> Seed {
        self.0.seed
    }

    /// The bearer tokens of this run: a good one and one that was good once.
    pub fn tokens(&self) -> (&str, &str) {
        (&self.0.tokens.0, &self.0.tokens.1)
    }

    /// What stands before the names of calls on the wire.
    pub fn call_prefix(&self) -> &str {
        &self.0.call_prefix
    }

    /// Which service operations are mapped to.
    pub fn profile(&self) -> Profile {
        self.0.profile
    }

    /// What templates are filled in with.
    pub fn context(&self, round: Round) -> Context<'_> {
        Context { n: round.n, lane: round.lane, token: &self.0.tokens.0, expired_token: &self.0.tokens.1 }
    }

    /// Waits until a moment has come.
    pub async fn reached(&self, moment: &Moment, scope: &Scope) {
        let mut matcher = Matcher::new(moment, scope);
        let from = scope.own_call(moment).map_or(0, |call| self.0.transcript.start_of(call));
        self.0.transcript.wait_from(from, |event| matcher.hits(event)).await;
    }

    /// Whether a moment has come.
    pub fn has_come(&self, moment: &Moment, scope: &Scope) -> bool {
        self.0.transcript.with(|events| Matcher::new(moment, scope).first(events).is_some())
    }

    /// Makes a mark, and lets whatever waits for it begin before the next step.
    pub async fn mark(&self, mark: &str) {
        self.0.transcript.write(What::MarkReached { mark: mark.to_owned() });
        for _ in 0..MARK_TURNS {
            tokio::task::yield_now().await;
        }
    }

    /// Lets time pass.
    pub async fn pause(&self, pause: &Pause) {
        let length = match pause.length {
            PauseLength::For(length) => length,
            PauseLength::Between(low, high) => {
                self.0.seed.stream(&format!("pause.{}.{}", pause.because, self.0.transcript.fresh())).between(low, high)
            }
        };
        sleep(length).await;
    }

    /// Runs the rounds of a repeat.
    pub async fn repeat<'a, S>(&self, repeat: &'a Repeat<S>, outer: Round, scope: &Scope, round: impl Fn(&'a [S], Round) -> Local<'a>) {
        if repeat.at_once {
            let rounds = (1..=u64::from(repeat.times.unwrap_or(0))).map(|n| round(&repeat.steps, Round { n, lane: n }));
            futures_util::future::join_all(rounds).await;
            return;
        }
        let start = proofmark_transport::clock::Instant::now();
        let mut n = 0;
        while repeat.times.is_none_or(|times| n < u64::from(times)) {
            if let Some(every) = repeat.every {
                proofmark_transport::clock::sleep_until(start + every * n as u32).await;
            }
            if repeat.until.as_ref().is_some_and(|until| self.has_come(until, scope)) {
                return;
            }
            n += 1;
            round(&repeat.steps, Round { n, lane: outer.lane }).await;
            tokio::task::yield_now().await;
        }
    }
}

/// Which repetition a step runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Of the innermost `repeat`, from 1.
    pub n: u64,
    /// Of the enclosing `at-once` one, from 1.
    pub lane: u64,
}

impl Default for Round {
    fn default() -> Self {
        Self { n: 1, lane: 1 }
    }
}

/// A loopback address with a free port.
pub fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// More turns than it takes to arm a fault.
const MARK_TURNS: usize = 4;
