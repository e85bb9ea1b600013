//! What checks look at.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use proofmark_record::{CallKind, CallRef, Event, Outcome, Place, Text, What};

use crate::case::bound::Measure;
use crate::case::template::Context;
use crate::case::units::show_duration;
use crate::case::{Bound, Moment};
use crate::check::{Each, Selector};
use crate::moments::{Matcher, Scope};
use crate::run::round::is_aftercare;

/// A transcript as checks see it.
#[derive(Debug)]
pub struct View<'a> {
    /// The events from the start of the case to its end.
    pub events: &'a [Event],
    /// Those of clean-up and aftercare, too.
    pub all: &'a [Event],
    /// The calls of the case, in order.
    pub calls: Vec<CallSeen<'a>>,
    /// By how much windows are widened where delay can bend them.
    pub tolerance: Duration,
}

/// A call as the transcript has it.
#[derive(Clone, Debug)]
pub struct CallSeen<'a> {
    /// Its name and number.
    pub call: CallRef,
    /// Its method.
    pub method: &'a str,
    /// The kind of the method.
    pub kind: CallKind,
    /// What the application sent along.
    pub metadata: &'a [(String, Text)],
    /// Its deadline.
    pub deadline: Option<Duration>,
    /// When it started.
    pub started: &'a Event,
    /// Its ends; one, if all is well.
    pub ends: Vec<(&'a Event, &'a Outcome)>,
}

/// What a check found wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Miss {
    /// What would have been right.
    pub expected: String,
    /// What was seen.
    pub observed: String,
    /// The deciding event.
    pub event: Option<u32>,
    /// Delay on our machine could have caused it.
    pub timing: bool,
}

impl Miss {
    /// A miss.
    pub fn new(expected: impl Into<String>, observed: impl Into<String>) -> Self {
        Self { expected: expected.into(), observed: observed.into(), event: None, timing: false }
    }

    /// Points at the deciding event.
    pub fn at(mut self, event: &Event) -> Self {
        self.event = Some(event.seq);
        self
    }
}

/// One of the things that are judged by themselves.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// How messages call it; empty where everything is judged together.
    pub label: String,
    /// Only this call.
    pub call: Option<CallRef>,
    /// Only this peer.
    pub peer: Option<String>,
    /// Only this connection of the peer.
    pub connection: Option<u32>,
}

impl Group {
    /// The scope of moments in this group.
    pub fn scope(&self) -> Scope {
        Scope { call: self.call.clone(), peer: self.peer.clone(), connection: self.connection, ..Scope::default() }
    }

    /// The label in front of a text.
    pub fn name(&self, text: impl std::fmt::Display) -> String {
        if self.label.is_empty() { text.to_string() } else { format!("{}: {text}", self.label) }
    }
}

impl<'a> View<'a> {
    /// A view of a transcript.
    pub fn new(all: &'a [Event], tolerance: Duration) -> Self {
        let end = all.iter().position(|event| matches!(event.what, What::CaseEnded)).map_or(all.len(), |place| place + 1);
        let events = &all[..end];
        Self { events, all, calls: calls_of(events), tolerance }
    }

    /// The calls that a selector means.
    pub fn calls_of(&self, select: &Selector) -> Vec<&CallSeen<'a>> {
        self.calls
            .iter()
            .filter(|seen| names(select.call.as_deref(), &seen.call))
            .filter(|seen| select.path.as_deref().is_none_or(|path| path == seen.method))
            .collect()
    }

    /// A call by its name.
    pub fn call(&self, call: &CallRef) -> Option<&CallSeen<'a>> {
        self.calls.iter().find(|seen| seen.call == *call)
    }

    /// The groups that a selector asks to judge by themselves; one of everything without `each`.
    pub fn groups(&self, select: &Selector) -> Vec<Group> {
        match select.each {
            Some(Each::Call) => self
                .calls_of(select)
                .iter()
                .map(|seen| Group { label: format!("call {}", seen.call), call: Some(seen.call.clone()), ..Group::default() })
                .collect(),
            Some(Each::Peer) => {
                let mut peers: Vec<String> = Vec::new();
                for event in self.events {
                    if let What::ConnectionOpened { peer, .. } = &event.what
                        && !peers.contains(peer)
                        && select.peer.as_ref().is_none_or(|wanted| wanted == peer)
                    {
                        peers.push(peer.clone());
                    }
                }
                peers.into_iter().map(|peer| Group { label: format!("peer {peer}"), peer: Some(peer), ..Group::default() }).collect()
            }
            Some(Each::Connection) => self
                .events
                .iter()
                .filter_map(|event| match &event.what {
                    What::ConnectionOpened { peer, connection } if select.peer.as_ref().is_none_or(|wanted| wanted == peer) => {
                        Some(Group {
                            label: format!("connection {connection} of {peer}"),
                            peer: Some(peer.clone()),
                            connection: Some(*connection),
                            call: None,
                        })
                    }
                    _ => None,
                })
                .collect(),
            Some(Each::From) | None => vec![Group::default()],
        }
    }

    /// The events between `after` and `until`.
    ///
    /// # Errors
    /// Where one of the moments never came.
    pub fn window(&self, select: &Selector, group: &Group) -> Result<&'a [Event], Miss> {
        let scope = group.scope();
        let start = match &select.after {
            Some(moment) => self.find(moment, &scope)? + 1,
            None => 0,
        };
        let end = match &select.until {
            Some(moment) => self.find(moment, &scope)?,
            None => self.events.len(),
        };
        let range: Range<usize> = start..end.max(start);
        Ok(&self.events[range])
    }

    fn find(&self, moment: &Moment, scope: &Scope) -> Result<usize, Miss> {
        Matcher::new(moment, scope)
            .first(self.events)
            .ok_or_else(|| Miss::new(format!("`{moment}`, which bounds what is looked at"), "it never came"))
    }

    /// What templates in checks are filled in with, for a call. The token is the one that calls carried.
    pub fn context(&self, call: Option<&CallRef>) -> Context<'a> {
        let n = call.map_or(1, |call| u64::from(call.number));
        let carried = self.calls.iter().flat_map(|seen| seen.metadata).find(|(name, _)| name == "authorization");
        let token = carried.and_then(|(_, value)| value.as_str()?.strip_prefix("Bearer ")).unwrap_or(NO_TOKEN);
        Context { n, lane: n, token, expired_token: NO_TOKEN }
    }
}

/// Whether a stream is one that the selector and group mean.
pub fn place_fits(select: &Selector, group: &Group, place: &Place) -> bool {
    select.attempt.is_none_or(|attempt| attempt == place.attempt)
        && select.path.as_deref().is_none_or(|path| path == place.path)
        && parts_fit(select, group, place.call.as_ref(), Some((&place.peer, place.connection)))
}

/// Whether something of a call, at a connection, is what the selector and group mean.
pub fn parts_fit(select: &Selector, group: &Group, call: Option<&CallRef>, at: Option<(&str, u32)>) -> bool {
    let call_fits = match call {
        Some(call) => !is_aftercare(call) && names(select.call.as_deref(), call) && group.call.as_ref().is_none_or(|wanted| wanted == call),
        None => select.call.is_none() && group.call.is_none(),
    };
    let peer = select.peer.as_deref().or(group.peer.as_deref());
    let connection = select.connection.or(group.connection);
    let at_fits = match at {
        Some((seen, number)) => peer.is_none_or(|peer| peer == seen) && connection.is_none_or(|connection| connection == number),
        None => peer.is_none() && connection.is_none(),
    };
    call_fits && at_fits
}

/// Whether `call` is called `name`, `NAME` or `NAME/n`.
pub fn names(name: Option<&str>, call: &CallRef) -> bool {
    name.is_none_or(|name| call.name == name || call.to_string() == name)
}

/// Judges a count.
pub fn count<T: Measure + PartialOrd>(group: &Group, what: &str, bound: &Bound<T>, seen: T, last: Option<&Event>) -> Option<Miss> {
    if bound.holds(seen) {
        return None;
    }
    let mut miss = Miss::new(group.name(format!("{bound} {what}")), seen.show());
    miss.event = last.map(|event| event.seq);
    Some(miss)
}

/// A time as people read it.
pub fn show(time: Duration) -> String {
    let rounded = Duration::from_micros(time.as_micros() as u64);
    if rounded == time { show_duration(time) } else { format!("{:.3}ms", time.as_secs_f64() * 1000.0) }
}

fn calls_of(events: &[Event]) -> Vec<CallSeen<'_>> {
    let mut calls: Vec<CallSeen<'_>> = Vec::new();
    let mut places: BTreeMap<&CallRef, usize> = BTreeMap::new();
    for event in events {
        match &event.what {
            What::CallStarted { call, method, call_kind, deadline_ns, metadata, .. } if !is_aftercare(call) => {
                places.insert(call, calls.len());
                calls.push(CallSeen {
                    call: call.clone(),
                    method,
                    kind: *call_kind,
                    metadata,
                    deadline: deadline_ns.map(Duration::from_nanos),
                    started: event,
                    ends: Vec::new(),
                });
            }
            What::CallEnded { call, outcome } => {
                if let Some(seen) = places.get(call).and_then(|place| calls.get_mut(*place)) {
                    seen.ends.push((event, outcome));
                }
            }
            _ => {}
        }
    }
    calls
}

/// Stands for a token in cases whose calls carry none.
const NO_TOKEN: &str = "no-token";
