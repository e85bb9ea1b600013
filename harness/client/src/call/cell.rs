//! What the application's two ends of a call share with its task.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use proofmark_transport::clock::now;
use tonic::Code;

use crate::call::frames::{PREFIX, framed};
use crate::call::{CallEvent, CallOver};
use crate::options::ReadMode;
use crate::outcome::Outcome;
use crate::policy::{CancelPhase, Commit, DeadlineFacts, RetryRules};

/// Shared state of one call.
pub(crate) struct CallCell {
    limits: CellLimits,
    rules: Arc<dyn RetryRules>,
    state: Mutex<State>,
}

/// Sizes that a cell knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CellLimits {
    pub(crate) max_send: usize,
    pub(crate) retry_buffer: usize,
}

struct State {
    outbox: Outbox,
    inbox: Inbox,
    stop: Option<Stop>,
    over: bool,
    phase: CancelPhase,
    facts: Option<DeadlineFacts>,
    task: Option<Waker>,
    watchers: Vec<Waker>,
}

/// Messages on their way out, and those kept for a replay.
#[derive(Default)]
struct Outbox {
    kept: VecDeque<Bytes>,
    /// Number of the first kept message.
    base: u64,
    kept_bytes: usize,
    /// How many messages the running attempt was given completely.
    passed: u64,
    /// The same of the attempt before.
    passed_before: u64,
    /// Bytes that it was not given yet.
    unsent: usize,
    closed: bool,
    committed: bool,
    senders: Vec<Waker>,
}

/// Events on their way in.
#[derive(Default)]
struct Inbox {
    events: VecDeque<CallEvent>,
    messages: usize,
    automatic: bool,
    demand: u64,
    reader: Option<Waker>,
    done: bool,
}

/// Why a call is ended from outside its task.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    /// The application cancelled it.
    Cancel,
    /// With this outcome.
    With(Outcome),
}

/// What the sender of an attempt finds.
pub(crate) enum NextMessage {
    Message { framed: Bytes, last: bool },
    Wait,
    End,
}

impl CallCell {
    pub(crate) fn new(limits: CellLimits, rules: Arc<dyn RetryRules>, read: ReadMode, facts: Option<DeadlineFacts>) -> Self {
        let inbox = Inbox { automatic: read == ReadMode::Automatic, ..Inbox::default() };
        let state = State {
            outbox: Outbox::default(),
            inbox,
            stop: None,
            over: false,
            phase: CancelPhase::Waiting,
            facts,
            task: None,
            watchers: Vec::new(),
        };
        Self { limits, rules, state: Mutex::new(state) }
    }

    /// Takes a message from the application.
    pub(crate) fn push(&self, message: &[u8]) -> Result<(), CallOver> {
        let mut state = self.state();
        if state.over || state.stop.is_some() || state.outbox.closed {
            return Err(CallOver);
        }
        if message.len() > self.limits.max_send {
            let text = format!("a message of {} bytes is above the send limit of {} bytes", message.len(), self.limits.max_send);
            state.stop(Stop::With(Outcome::local(Code::ResourceExhausted, text)));
            return Err(CallOver);
        }
        state.outbox.add(framed(message));
        if !state.outbox.committed && !self.rules.buffers(state.outbox.payload(), self.limits.retry_buffer) {
            match self.rules.overflow_fails() {
                Some(code) => {
                    state.stop(Stop::With(Outcome::local(code, "the retry buffer is full")));
                }
                None if self.rules.commits(Commit::Overflow) => state.outbox.commit(),
                None => {}
            }
        }
        state.wake_task();
        Ok(())
    }

    /// Ready when another message would be taken.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<Result<(), CallOver>> {
        let mut state = self.state();
        if state.over {
            return Poll::Ready(Err(CallOver));
        }
        if state.outbox.unsent <= HIGH_WATER {
            return Poll::Ready(Ok(()));
        }
        join(&mut state.outbox.senders, cx);
        Poll::Pending
    }

    pub(crate) fn half_close(&self) {
        let mut state = self.state();
        state.outbox.closed = true;
        state.wake_task();
    }

    pub(crate) fn cancel(&self) {
        self.stop(Stop::Cancel);
    }

    pub(crate) fn stop(&self, stop: Stop) {
        self.state().stop(stop);
    }

    pub(crate) fn demand(&self, count: u64) {
        let mut state = self.state();
        state.inbox.demand = state.inbox.demand.saturating_add(count);
        state.wake_task();
    }

    pub(crate) fn read_automatically(&self) {
        let mut state = self.state();
        state.inbox.automatic = true;
        state.wake_task();
    }

    pub(crate) fn poll_event(&self, cx: &mut Context<'_>) -> Poll<Option<CallEvent>> {
        let mut state = self.state();
        let Some(event) = state.inbox.events.pop_front() else {
            if state.inbox.done {
                return Poll::Ready(None);
            }
            remember(&mut state.inbox.reader, cx);
            return Poll::Pending;
        };
        match &event {
            CallEvent::Message(_) => {
                state.inbox.messages -= 1;
                if state.inbox.messages == READ_AHEAD - 1 {
                    state.wake_task();
                }
            }
            CallEvent::Ended(_) => state.inbox.done = true,
            CallEvent::Headers(_) => {}
        }
        Poll::Ready(Some(event))
    }

    pub(crate) fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.over {
            return Poll::Ready(());
        }
        join(&mut state.watchers, cx);
        Poll::Pending
    }

    /// For the task: whether the call is to end, and its facts; the task is woken by any change.
    pub(crate) fn control(&self, cx: &mut Context<'_>) -> (Option<Stop>, CancelPhase, Option<DeadlineFacts>) {
        let mut state = self.state();
        remember(&mut state.task, cx);
        (state.stop.clone(), state.phase, state.facts)
    }

    /// Whether the application, not the deadline, ended the call.
    pub(crate) fn stopped(&self) -> bool {
        self.state().stop.is_some()
    }

    pub(crate) fn facts(&self, note: impl FnOnce(&mut DeadlineFacts)) {
        if let Some(facts) = self.state().facts.as_mut() {
            note(facts);
        }
    }

    /// How much of the timeout is left; `None` without a deadline, and for one too far away to name.
    pub(crate) fn remaining(&self) -> Option<(Duration, Duration)> {
        let facts = self.state().facts?;
        let end = facts.started.checked_add(facts.timeout);
        Some((end.map_or(facts.timeout, |end| end.saturating_duration_since(now())), facts.timeout))
    }

    pub(crate) fn phase(&self, phase: CancelPhase) {
        self.state().phase = phase;
    }

    /// A new attempt starts; returns the first message that it sends.
    pub(crate) fn attempt_begins(&self) -> u64 {
        let mut state = self.state();
        let from = self.rules.replay_from(state.outbox.passed_before).max(state.outbox.base);
        state.outbox.rewind(from);
        from
    }

    /// The attempt is over; until the next one nothing counts as sent, so that a commit meanwhile drops nothing.
    pub(crate) fn attempt_ended(&self) {
        let mut state = self.state();
        state.phase = CancelPhase::Waiting;
        let (passed, base) = (state.outbox.passed, state.outbox.base);
        state.outbox.passed_before = passed;
        state.outbox.rewind(base);
    }

    pub(crate) fn commit(&self) {
        self.state().outbox.commit();
    }

    pub(crate) fn committed(&self) -> bool {
        self.state().outbox.committed
    }

    pub(crate) fn message(&self, number: u64) -> NextMessage {
        let state = self.state();
        let outbox = &state.outbox;
        let index = usize::try_from(number.saturating_sub(outbox.base)).unwrap_or(usize::MAX);
        match outbox.kept.get(index) {
            Some(framed) => NextMessage::Message { framed: framed.clone(), last: outbox.closed && index + 1 == outbox.kept.len() },
            None if outbox.closed => NextMessage::End,
            None => NextMessage::Wait,
        }
    }

    /// The running attempt was given all messages below `number`.
    pub(crate) fn passed(&self, number: u64) {
        let mut state = self.state();
        state.outbox.pass(number);
        if let Some(facts) = state.facts.as_mut() {
            facts.last_sent = Some(now());
        }
        if state.outbox.unsent <= HIGH_WATER {
            state.outbox.senders.drain(..).for_each(Waker::wake);
        }
    }

    /// Whether the application would take another message.
    pub(crate) fn wants_message(&self) -> bool {
        let state = self.state();
        let inbox = &state.inbox;
        if inbox.automatic { inbox.messages < READ_AHEAD } else { inbox.demand > 0 }
    }

    /// Shows something to the application.
    pub(crate) fn show(&self, event: CallEvent) {
        let mut state = self.state();
        if let CallEvent::Message(_) = &event {
            state.inbox.messages += 1;
            state.inbox.demand = state.inbox.demand.saturating_sub(1);
        }
        state.inbox.show(event);
    }

    /// The end: nothing follows it.
    pub(crate) fn end(&self, outcome: Outcome, release: bool) {
        let mut state = self.state();
        state.over = true;
        state.outbox.kept = VecDeque::new();
        state.task = None;
        if release {
            state.outbox.senders.drain(..).for_each(Waker::wake);
        }
        state.watchers.drain(..).for_each(Waker::wake);
        state.inbox.show(CallEvent::Ended(outcome));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn stop(&mut self, stop: Stop) {
        if !self.over && self.stop.is_none() {
            self.stop = Some(stop);
            self.wake_task();
        }
    }

    fn wake_task(&self) {
        if let Some(task) = &self.task {
            task.wake_by_ref();
        }
    }
}

impl Outbox {
    fn add(&mut self, framed: Bytes) {
        self.unsent += framed.len();
        self.kept_bytes += framed.len();
        self.kept.push_back(framed);
    }

    /// Bytes of kept messages without their prefixes.
    fn payload(&self) -> usize {
        self.kept_bytes - PREFIX * self.kept.len()
    }

    fn rewind(&mut self, from: u64) {
        self.passed = from;
        let skipped = usize::try_from(from - self.base).unwrap_or(usize::MAX);
        self.unsent = self.kept.iter().skip(skipped).map(Bytes::len).sum();
    }

    fn pass(&mut self, number: u64) {
        while self.passed < number {
            let index = usize::try_from(self.passed - self.base).unwrap_or(usize::MAX);
            self.unsent -= self.kept.get(index).map_or(0, Bytes::len).min(self.unsent);
            self.passed += 1;
        }
        self.forget();
    }

    fn commit(&mut self) {
        self.committed = true;
        self.forget();
    }

    /// Drops what no attempt needs any more.
    fn forget(&mut self) {
        while self.committed && self.base < self.passed {
            let Some(dropped) = self.kept.pop_front() else {
                return;
            };
            self.kept_bytes -= dropped.len();
            self.base += 1;
        }
    }
}

impl Inbox {
    fn show(&mut self, event: CallEvent) {
        self.events.push_back(event);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl std::fmt::Debug for CallCell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallCell").field("over", &self.state().over).finish_non_exhaustive()
    }
}

fn remember(slot: &mut Option<Waker>, cx: &Context<'_>) {
    match slot {
        Some(waker) if waker.will_wake(cx.waker()) => {}
        _ => *slot = Some(cx.waker().clone()),
    }
}

fn join(wakers: &mut Vec<Waker>, cx: &Context<'_>) {
    if !wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
        wakers.push(cx.waker().clone());
    }
}

/// A sender waits while its call has more than this unsent.
const HIGH_WATER: usize = 32 * 1024;

/// So many messages wait for an application that reads automatically.
const READ_AHEAD: usize = 16;
