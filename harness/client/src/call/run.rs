//! The task of a call: cancel, deadline, attempts, in this order.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use proofmark_transport::clock::{Instant, Sleep, now, sleep_until};
use proofmark_transport::{Chance, Seed};
use tonic::Code;

use crate::balance::Picture;
use crate::call::CallCell;
use crate::call::attempt::Attempt;
use crate::call::cell::Stop;
use crate::call::reader::Reader;
use crate::call::request::{RequestHead, fields};
use crate::channel::Shared;
use crate::connection::{Connection, OpenError, Slot};
use crate::interceptor::{OutgoingAttempt, OutgoingCall};
use crate::outcome::{AttemptEnd, EndClass, Outcome};
use crate::policy::{CancelPhase, Pick};
use crate::retry::{RetryMachine, Verdict};

/// Everything the task needs.
pub(crate) struct CallRun {
    pub(crate) shared: Arc<Shared>,
    pub(crate) cell: Arc<CallCell>,
    pub(crate) head: RequestHead,
    pub(crate) call: OutgoingCall,
    pub(crate) wait_for_ready: bool,
    pub(crate) max_receive: usize,
    pub(crate) progress: Mutex<Progress>,
    pub(crate) ended: bool,
}

/// What attempts leave behind.
pub(crate) struct Progress {
    pub(crate) machine: RetryMachine,
    pub(crate) jitter: Jitter,
    pub(crate) earlier: Option<AttemptEnd>,
    pub(crate) before: Option<SocketAddr>,
}

/// The call's own stream of chance, made when it is first needed: most calls never do.
pub(crate) struct Jitter {
    seed: Seed,
    call: u64,
    stream: Option<Chance>,
}

impl Jitter {
    pub(crate) fn of_call(seed: Seed, call: u64) -> Self {
        Self { seed, call, stream: None }
    }

    fn stream(&mut self) -> &mut Chance {
        let (seed, call) = (self.seed, self.call);
        self.stream.get_or_insert_with(|| seed.stream(&format!("client.retry.jitter.{call}")))
    }
}

/// How one round ended.
enum Round {
    Over(Outcome),
    Expired,
}

impl CallRun {
    /// Runs the call to its one end. Dropping the future cancels the call.
    pub(crate) async fn run(mut self) {
        let outcome = self.outcome().await;
        self.end(outcome);
    }

    fn end(&mut self, outcome: Outcome) {
        self.ended = true;
        for interceptor in self.shared.interceptors.iter().rev() {
            interceptor.call_ended(&self.call, &outcome);
        }
        self.shared.forget(self.call.number);
        self.cell.end(outcome, self.shared.policies.cancel.releases_senders());
    }

    async fn outcome(&self) -> Outcome {
        let mut wait = Duration::ZERO;
        loop {
            match self.round(wait).await {
                Round::Over(outcome) => return outcome,
                Round::Expired => {
                    self.cell.facts(|facts| facts.attempt_started = None);
                    let (code, message) = self.shared.policies.deadline.expired();
                    let end = AttemptEnd::made_here(EndClass::Expired, code, message);
                    match self.judge(&end) {
                        Verdict::Final => return end.outcome,
                        Verdict::RetryAfter(delay) => wait = delay,
                        Verdict::Repeat => wait = Duration::ZERO,
                    }
                }
            }
        }
    }

    /// Attempts, until the last one ends, the application cancels or the deadline passes.
    async fn round(&self, wait: Duration) -> Round {
        let mut work = pin!(self.attempts(wait));
        let mut timer: Option<Pin<Box<Sleep>>> = None;
        std::future::poll_fn(|cx| {
            loop {
                let (stop, phase, due) = self.control(cx);
                match stop {
                    Some(Stop::With(outcome)) => return Poll::Ready(Round::Over(outcome)),
                    Some(Stop::Cancel) if self.shared.policies.cancel.at_once(phase) => {
                        return Poll::Ready(Round::Over(self.cancelled()));
                    }
                    _ => {}
                }
                if due.is_some_and(|due| expired(&mut timer, due, cx)) {
                    return Poll::Ready(Round::Expired);
                }
                if let Poll::Ready(outcome) = work.as_mut().poll(cx) {
                    return Poll::Ready(Round::Over(outcome));
                }
                // the attempt may have moved on, and with it what cancel and deadline mean
                let (_, phase_after, due_after) = self.control(cx);
                if (phase, due) == (phase_after, due_after) {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    fn control(&self, cx: &mut Context<'_>) -> (Option<Stop>, CancelPhase, Option<Instant>) {
        let (stop, phase, facts) = self.cell.control(cx);
        (stop, phase, facts.and_then(|facts| self.shared.policies.deadline.enforced_at(&facts)))
    }

    fn cancelled(&self) -> Outcome {
        let (code, message) = self.shared.policies.cancel.cancelled();
        Outcome::local(code, message)
    }

    /// One attempt after another.
    async fn attempts(&self, wait: Duration) -> Outcome {
        if !wait.is_zero() {
            sleep_until(now() + wait).await;
        }
        loop {
            let started = now();
            self.cell.facts(|facts| {
                facts.attempt_started = Some(started);
                (facts.opened, facts.headers) = (None, None);
            });
            let end = self.attempt().await;
            self.cell.attempt_ended();
            match self.judge(&end) {
                Verdict::Final => {
                    let earlier = self.with_progress(|progress| progress.earlier.take());
                    return self.shared.policies.retry.shown(earlier.as_ref(), end).outcome;
                }
                Verdict::Repeat => {}
                Verdict::RetryAfter(delay) => {
                    let from = self.shared.policies.backoff.counted_from(started, now());
                    self.with_progress(|progress| progress.earlier = Some(end));
                    if let Some(due) = from.checked_add(delay).filter(|_| !delay.is_zero()) {
                        sleep_until(due).await;
                    }
                }
            }
        }
    }

    fn judge(&self, end: &AttemptEnd) -> Verdict {
        let policies = &self.shared.policies;
        let mut throttle = self.shared.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        self.with_progress(|progress| {
            if self.cell.committed() {
                progress.machine.commit();
            }
            progress.machine.after(end, &mut throttle, &*policies.retry, &*policies.backoff, progress.jitter.stream())
        })
    }

    async fn attempt(&self) -> AttemptEnd {
        let (connection, slot) = match self.place().await {
            Ok(placed) => placed,
            Err(end) => return end,
        };
        let made = self.with_progress(|progress| {
            progress.before = Some(connection.address());
            progress.machine.made()
        });
        let mut observed =
            Observed { run: self, attempt: OutgoingAttempt::new(&self.call, made.streams, connection.address()), ended: false };
        for interceptor in &self.shared.interceptors {
            interceptor.attempt_started(&mut observed.attempt);
        }
        let extra = match fields(&observed.attempt.metadata, &self.shared.policies) {
            Ok(extra) => extra,
            Err(refused) => {
                return AttemptEnd::made_here(EndClass::Local, Code::Internal, refused.0);
            }
        };
        let request = self.head.request(&self.shared.policies, made, self.cell.remaining(), extra);
        let end = match connection.open(request, false) {
            Err(OpenError::Gone) => AttemptEnd::made_here(EndClass::NeverOpened, Code::Unavailable, connection.why()),
            Err(OpenError::BadRequest(problem)) => AttemptEnd::made_here(EndClass::Local, Code::Internal, problem),
            Ok((response, stream)) => {
                self.with_progress(|progress| progress.machine.opened());
                self.cell.phase(CancelPhase::Requested);
                self.cell.facts(|facts| facts.opened = Some(now()));
                let reader = Reader::new(response, self.call.kind, self.cell.clone(), self.shared.clone(), connection, self.max_receive);
                Attempt::new(stream, reader, self.cell.clone(), self.shared.policies.cancel.clone(), slot).run().await
            }
        };
        observed.end(&end.outcome);
        end
    }

    /// Waits for a connection and a stream on it.
    async fn place(&self) -> Result<(Arc<Connection>, Slot), AttemptEnd> {
        loop {
            let (picture, version) = self.shared.board.read();
            match picture {
                Picture::Ready(connections) => {
                    while let Some(connection) = self.pick(&connections) {
                        if let Some(slot) = connection.slot().await {
                            return Ok((connection, slot));
                        }
                    }
                }
                Picture::Failed(problem) if self.shared.policies.balance.fails_fast(self.wait_for_ready) => {
                    let code = self.shared.policies.status.unreachable();
                    return Err(AttemptEnd::made_here(EndClass::Unreachable, code, &*problem));
                }
                Picture::Closed => {
                    return Err(AttemptEnd::made_here(EndClass::Cancelled, Code::Cancelled, CLOSED));
                }
                Picture::Idle => self.shared.wake(),
                Picture::Failed(_) | Picture::Connecting => {}
            }
            self.shared.board.changed(version).await;
        }
    }

    fn pick(&self, connections: &[Arc<Connection>]) -> Option<Arc<Connection>> {
        if let [only] = connections {
            return only.usable().then(|| only.clone());
        }
        let usable: Vec<&Arc<Connection>> = connections.iter().filter(|connection| connection.usable()).collect();
        if usable.is_empty() {
            return None;
        }
        let ready: Vec<SocketAddr> = usable.iter().map(|connection| connection.address()).collect();
        let before = self.with_progress(|progress| progress.before);
        let pick = Pick { balancing: self.shared.balancing, ready: &ready, counter: self.shared.count_pick(), before };
        let index = self.shared.policies.balance.pick(&pick);
        usable.get(index).or(usable.first()).map(|connection| (*connection).clone())
    }

    fn with_progress<T>(&self, act: impl FnOnce(&mut Progress) -> T) -> T {
        act(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for CallRun {
    fn drop(&mut self) {
        if !self.ended {
            let outcome = self.cancelled();
            self.end(outcome);
        }
    }
}

/// An attempt as interceptors see it: they learn of its end also when it is dropped.
struct Observed<'a> {
    run: &'a CallRun,
    attempt: OutgoingAttempt<'a>,
    ended: bool,
}

impl Observed<'_> {
    fn end(&mut self, outcome: &Outcome) {
        self.ended = true;
        for interceptor in self.run.shared.interceptors.iter().rev() {
            interceptor.attempt_ended(&self.attempt, outcome);
        }
    }
}

impl Drop for Observed<'_> {
    fn drop(&mut self) {
        if self.ended || self.run.shared.interceptors.is_empty() {
            return;
        }
        let policies = &self.run.shared.policies;
        let (code, message) = if self.run.cell.stopped() { policies.cancel.cancelled() } else { policies.deadline.expired() };
        self.end(&Outcome::local(code, message));
    }
}

/// Whether `due` has come; registers for it otherwise.
fn expired(timer: &mut Option<Pin<Box<Sleep>>>, due: Instant, cx: &mut Context<'_>) -> bool {
    let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
    if timer.deadline() != due {
        timer.as_mut().reset(due);
    }
    // the timer has a longest wait of its own
    while timer.as_mut().poll(cx).is_ready() {
        if now() >= due {
            return true;
        }
        timer.as_mut().reset(due);
    }
    false
}

const CLOSED: &str = "the channel was closed";
