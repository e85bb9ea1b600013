//! What a case speaks of: gathered in one walk, for validation and for needs.

use std::time::Duration;

use crate::{
    case::{
        Call, CallStep, Case, Moment, Step, Template,
        when::{PauseLength, Repeat, SystemAct, Via},
    },
    check::{Check, Nowhere, Selector},
    peer::step::PeerStep,
};

/// Everything that a case speaks of.
#[derive(Debug, Default)]
pub(super) struct Facts<'a> {
    /// Calls that it makes.
    pub(super) calls: Vec<&'a Call>,
    /// Marks that it passes.
    pub(super) marks: Vec<&'a str>,
    /// Moments that it names.
    pub(super) moments: Vec<&'a Moment>,
    /// Moments that are waited for.
    pub(super) awaits: Vec<&'a Moment>,
    /// Uses of a call's name, with the key they stand under.
    pub(super) call_uses: Vec<(&'static str, &'a str)>,
    /// Uses of a peer's name, with the key they stand under.
    pub(super) peer_uses: Vec<(&'static str, &'a str)>,
    /// Uses of a backend's name in a list of addresses.
    pub(super) address_uses: Vec<&'a str>,
    /// Connections that are opened by name.
    pub(super) connects: Vec<&'a str>,
    /// Channels and connections that are closed by name.
    pub(super) closes: Vec<&'a str>,
    /// Steps of `when`, by name, and how often each is taken at most.
    pub(super) steps: Vec<(&'a Step, usize)>,
    /// Steps of calls.
    pub(super) call_steps: Vec<&'a CallStep>,
    /// Steps of peers outside any stream.
    pub(super) loose_peer_steps: Vec<&'a PeerStep>,
    /// Checks at any depth.
    pub(super) checks: Vec<&'a Check>,
    /// The longest times that it lets pass.
    pub(super) times: Vec<Duration>,
    /// Whether a `repeat` outside any stream has no end.
    pub(super) endless: bool,
}

impl<'a> Facts<'a> {
    /// What a case speaks of.
    pub(super) fn of(case: &'a Case) -> Self {
        let mut facts = Self::default();
        facts.given(case);
        facts.steps(&case.when, 1);
        facts.checks(&case.then);
        facts
    }

    /// What is set up and what the first steps bring about.
    pub(super) fn before(case: &'a Case, step: usize) -> Self {
        let mut facts = Self::default();
        facts.given(case);
        facts.steps(case.when.get(..step).unwrap_or_default(), 1);
        facts
    }

    /// How often a step of `when` is taken at most.
    pub(super) fn count(&self, fits: impl Fn(&Step) -> bool) -> usize {
        self.steps.iter().filter(|(step, _)| fits(step)).fold(0, |sum, (_, times)| sum.saturating_add(*times))
    }

    /// Whether the system is treated like this.
    pub(super) fn acts(&self, fits: impl Fn(SystemAct) -> bool) -> bool {
        self.count(|step| matches!(step, Step::System(act) if fits(*act))) > 0
    }

    fn given(&mut self, case: &'a Case) {
        for backend in case.given.backends.values() {
            for rule in &backend.rules {
                self.call_uses.extend(rule.call.as_deref().map(|name| ("call", name)));
                self.peer_steps(&rule.steps);
            }
        }
        for fault in case.given.faults.values() {
            self.peer_uses.push(("at", &fault.at));
            self.moments.push(&fault.from);
            self.moments.extend(&fault.until);
        }
        self.address_uses.extend(case.given.channel.backends.iter().flatten().map(String::as_str));
    }

    fn steps(&mut self, steps: &'a [Step], times: usize) {
        for step in steps {
            self.steps.push((step, times));
            self.step(step, times);
        }
    }

    fn step(&mut self, step: &'a Step, times: usize) {
        match step {
            Step::Call(call) | Step::Start(call) => self.call(call),
            Step::Cancel(name) => self.call_uses.push(("cancel", name)),
            Step::Connect(name) => self.connects.push(name),
            Step::Close(name) => self.closes.push(name),
            Step::Peer(acts) => {
                self.peer_uses.push(("name", &acts.name));
                self.loose(&acts.steps);
                self.peer_steps(&acts.steps);
            }
            Step::Resolver(resolver) => {
                self.address_uses.extend(resolver.backends.iter().flatten().map(String::as_str));
            }
            Step::Await(moment) => self.waits(moment),
            Step::Mark(name) => self.marks.push(name),
            Step::Pause(pause) => self.pause(pause.length),
            Step::Repeat(repeat) => {
                self.endless |= repeat.is_endless();
                self.repeat(repeat);
                self.steps(&repeat.steps, times.saturating_mul(rounds(repeat)));
            }
            Step::Together(lists) => {
                for list in lists.values() {
                    self.steps(list, times);
                }
            }
            Step::Signal(_) | Step::System(_) | Step::Health(_) | Step::Store(_) | Step::Auth(_) => {}
        }
    }

    fn call(&mut self, call: &'a Call) {
        self.calls.push(call);
        self.times.extend(call.deadline);
        self.call_steps(call.steps.as_deref().unwrap_or_default());
    }

    fn call_steps(&mut self, steps: &'a [CallStep]) {
        for step in steps {
            self.call_steps.push(step);
            match step {
                CallStep::Await(moment) => self.waits(moment),
                CallStep::Mark(name) => self.marks.push(name),
                CallStep::Pause(pause) => self.pause(pause.length),
                CallStep::Repeat(repeat) => {
                    self.repeat(repeat);
                    self.call_steps(&repeat.steps);
                }
                _ => {}
            }
        }
    }

    fn peer_steps(&mut self, steps: &'a [PeerStep]) {
        for step in steps {
            match step {
                PeerStep::Await(moment) => self.waits(moment),
                PeerStep::Mark(name) => self.marks.push(name),
                PeerStep::Pause(pause) => self.pause(pause.length),
                PeerStep::Repeat(repeat) => {
                    self.repeat(repeat);
                    self.peer_steps(&repeat.steps);
                }
                _ => {}
            }
        }
    }

    /// Notes what is special about peer steps outside any stream.
    fn loose(&mut self, steps: &'a [PeerStep]) {
        for step in steps {
            self.loose_peer_steps.push(step);
            if let PeerStep::Repeat(repeat) = step {
                self.endless |= repeat.is_endless();
                self.loose(&repeat.steps);
            }
        }
    }

    fn repeat<S>(&mut self, repeat: &'a Repeat<S>) {
        self.moments.extend(&repeat.until);
        if let (Some(every), Some(times)) = (repeat.every, repeat.times) {
            self.times.push(every.saturating_mul(times));
        }
    }

    fn waits(&mut self, moment: &'a Moment) {
        self.moments.push(moment);
        self.awaits.push(moment);
    }

    fn pause(&mut self, length: PauseLength) {
        self.times.push(match length {
            PauseLength::For(length) | PauseLength::Between(_, length) => length,
        });
    }

    fn checks(&mut self, checks: &'a [Check]) {
        for check in checks {
            self.checks.push(check);
            if let Some(select) = selector(check) {
                self.call_uses.extend(select.call.as_deref().map(|name| ("call", name)));
                self.peer_uses.extend(select.peer.as_deref().map(|name| ("peer", name)));
                self.moments.extend(select.after.iter().chain(&select.until));
            }
            self.check(check);
        }
    }

    fn check(&mut self, check: &'a Check) {
        match check {
            Check::Gap(gap) => self.moments.extend([&gap.from, &gap.to]),
            Check::Order(order) => self.moments.extend(&order.0),
            Check::Memory(memory) => self.moments.extend(memory.after.iter().chain(&memory.until)),
            Check::Stored(stored) => self.call_uses.push(("seen-by", &stored.seen_by)),
            Check::Stimulus(inner) => self.checks(&inner.0),
            Check::Should(inner) => self.checks(&inner.0),
            Check::AnyOf(lists) => lists.0.values().for_each(|list| self.checks(list)),
            _ => {}
        }
    }
}

/// What a check looks at, if that can be chosen.
pub(super) fn selector(check: &Check) -> Option<&Selector> {
    match check {
        Check::Outcome(check) => Some(&check.select),
        Check::Messages(check) => Some(&check.select),
        Check::Details(check) => Some(&check.select),
        Check::Header(check) => Some(&check.select),
        Check::Attempts(check) => Some(&check.select),
        Check::Connections(check) => Some(&check.select),
        Check::Frames(check) => Some(&check.select),
        Check::Bytes(check) => Some(&check.select),
        Check::Handlers(check) => Some(&check.select),
        Check::StoreCalls(check) => Some(&check.select),
        Check::Peak(check) => Some(&check.select),
        Check::Log(check) => Some(&check.select),
        Check::Gap(check) => Some(&check.select),
        Check::Credit(check) => Some(&check.select),
        Check::Spans(check) => Some(&check.select),
        Check::Stored(_)
        | Check::Order(_)
        | Check::Exit(_)
        | Check::Config(_)
        | Check::Nowhere(_)
        | Check::Memory(_)
        | Check::Stimulus(_)
        | Check::Should(_)
        | Check::AnyOf(_) => None,
    }
}

/// Every name that calls go by as their channel or connection.
pub(super) fn via<'a>(calls: &[&'a Call]) -> impl Iterator<Item = &'a Template> {
    calls.iter().filter_map(|call| match &call.via {
        Some(Via::Named(name)) => Some(name),
        _ => None,
    })
}

/// Whether a text with parts to be filled in may become this name.
pub(super) fn may_become(template: &Template, name: &str) -> bool {
    let text = template.text();
    match (text.find('{'), text.rfind('}')) {
        (Some(open), Some(close)) => {
            name.len() > open + text.len() - close - 1 && name.starts_with(&text[..open]) && name.ends_with(&text[close + 1..])
        }
        _ => text == name,
    }
}

/// Whether a check reads the system's log.
pub(super) fn reads_log(nowhere: &Nowhere) -> bool {
    nowhere.places.is_empty() || nowhere.places.contains(&crate::check::Place::Log)
}

fn rounds<S>(repeat: &Repeat<S>) -> usize {
    repeat.times.and_then(|times| usize::try_from(times).ok()).unwrap_or(usize::MAX)
}
