//! The transcript of a running case: events go in, waits come out.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use proofmark_record::{CallRef, Event, What};
use proofmark_transport::clock::Instant;
use tokio::sync::Notify;

/// An append-only list of events that can be waited on. Clones are the same transcript.
#[derive(Clone, Debug)]
pub struct Transcript(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    start: Instant,
    events: RefCell<Vec<Event>>,
    grown: Notify,
    full: Notify,
    attempts: RefCell<BTreeMap<CallRef, u32>>,
    calls: RefCell<BTreeMap<String, u32>>,
    request_ids: RefCell<BTreeMap<String, CallRef>>,
    open_calls: RefCell<Vec<CallRef>>,
    starts: RefCell<BTreeMap<CallRef, usize>>,
    peer_acts: Cell<u32>,
}

impl Transcript {
    /// An empty one; time counts from now.
    pub fn new() -> Self {
        Self(Rc::new(Inner {
            start: Instant::now(),
            events: RefCell::default(),
            grown: Notify::new(),
            full: Notify::new(),
            attempts: RefCell::default(),
            calls: RefCell::default(),
            request_ids: RefCell::default(),
            open_calls: RefCell::default(),
            starts: RefCell::default(),
            peer_acts: Cell::default(),
        }))
    }

    /// Adds an event, now.
    pub fn write(&self, what: What) -> u32 {
        self.write_at(self.0.start.elapsed(), what)
    }

    /// Adds an event that happened a little earlier, at `at` since the start.
    pub fn write_at(&self, at: Duration, what: What) -> u32 {
        match &what {
            What::CallStarted { call, .. } => {
                self.0.open_calls.borrow_mut().push(call.clone());
                self.0.starts.borrow_mut().insert(call.clone(), self.len());
            }
            What::CallEnded { call, .. } => self.0.open_calls.borrow_mut().retain(|open| open != call),
            _ => {}
        }
        let mut events = self.0.events.borrow_mut();
        if events.len() == MOST_EVENTS {
            self.0.full.notify_one();
        }
        let seq = events.len() as u32;
        let at_ns = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        events.push(Event { seq, at_ns, what });
        drop(events);
        self.0.grown.notify_waiters();
        seq
    }

    /// Waits until there are more events than any case needs: a system that spins without letting time pass.
    pub async fn full(&self) {
        self.0.full.notified().await;
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.start.elapsed()
    }

    /// When time began.
    pub fn start(&self) -> Instant {
        self.0.start
    }

    /// The number of events so far.
    pub fn len(&self) -> usize {
        self.0.events.borrow().len()
    }

    /// Whether nothing happened yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Looks at the events so far.
    pub fn with<T>(&self, look: impl FnOnce(&[Event]) -> T) -> T {
        look(&self.0.events.borrow())
    }

    /// Takes all events out.
    pub fn take(&self) -> Vec<Event> {
        self.0.events.take()
    }

    /// Waits until `wanted` said yes to an event; each event is shown once, from the first on.
    pub async fn wait(&self, wanted: impl FnMut(&Event) -> bool) {
        self.wait_from(0, wanted).await;
    }

    /// As [`Self::wait`], without the events before `seen`.
    pub async fn wait_from(&self, mut seen: usize, mut wanted: impl FnMut(&Event) -> bool) {
        loop {
            let grown = self.0.grown.notified();
            {
                let events = self.0.events.borrow();
                if events[seen..].iter().any(&mut wanted) {
                    return;
                }
                seen = events.len();
            }
            grown.await;
        }
    }

    /// Waits until the transcript as a whole is as it should be: `holds` sees each event once, and its last word counts.
    pub async fn wait_for(&self, mut holds: impl FnMut(&Event) -> bool) {
        let mut seen = 0;
        loop {
            let grown = self.0.grown.notified();
            {
                let events = self.0.events.borrow();
                let last = events[seen..].iter().fold(seen == 0, |_, event| holds(event));
                seen = events.len();
                if last {
                    return;
                }
            }
            grown.await;
        }
    }

    /// The number of the next attempt of `call`, from 1.
    pub fn next_attempt(&self, call: &CallRef) -> u32 {
        let mut attempts = self.0.attempts.borrow_mut();
        let count = attempts.entry(call.clone()).or_default();
        *count += 1;
        *count
    }

    /// The next call of this name.
    pub fn next_call(&self, name: &str) -> CallRef {
        let mut calls = self.0.calls.borrow_mut();
        let count = calls.entry(name.to_owned()).or_default();
        *count += 1;
        CallRef { name: name.to_owned(), number: *count }
    }

    /// Says which call carries a request id.
    pub fn name_request(&self, id: &str, call: &CallRef) {
        self.0.request_ids.borrow_mut().insert(id.to_owned(), call.clone());
    }

    /// The call that carries a request id; without one the only call that is open.
    pub fn call_of_request(&self, id: Option<&str>) -> Option<CallRef> {
        let named = id.and_then(|id| self.0.request_ids.borrow().get(id).cloned());
        let open = self.0.open_calls.borrow();
        named.or_else(|| if let [only] = open.as_slice() { Some(only.clone()) } else { None })
    }

    /// The place of the event with which a call started; nothing about the call is before it.
    pub fn start_of(&self, call: &CallRef) -> usize {
        self.0.starts.borrow().get(call).copied().unwrap_or(0)
    }

    /// Calls that have started and not ended.
    pub fn open_calls(&self) -> Vec<CallRef> {
        self.0.open_calls.borrow().clone()
    }

    /// A number that was not given before, for ping payloads and the like.
    pub fn fresh(&self) -> u32 {
        self.0.peer_acts.set(self.0.peer_acts.get() + 1);
        self.0.peer_acts.get()
    }
}

impl Default for Transcript {
    fn default() -> Self {
        Self::new()
    }
}

/// More events than any case needs.
const MOST_EVENTS: usize = 200_000;
