//! What must hold in every case (architecture, 'Standing checks').

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proofmark_record::{CallRef, Direction, End, Event, FrameSays, Outcome, What};

use super::view::{Miss, View, show};
use crate::case::{Case, Role, Step};
use crate::peer::step::PeerStep;
use crate::run::round::any_step;

/// Judges all of them.
pub fn judge(case: &Case, view: &View<'_>) -> Vec<(&'static str, Miss)> {
    let mut found = Vec::new();
    for (name, check) in STANDING {
        found.extend(check(case, view).into_iter().map(|miss| (name, miss)));
    }
    found
}

type StandingCheck = fn(&Case, &View<'_>) -> Vec<Miss>;

/// The standing checks by name.
pub const STANDING: [(&str, StandingCheck); 7] = [
    ("standing.ended-once", ended_once),
    ("standing.no-false-success", no_false_success),
    ("standing.alive", alive),
    ("standing.aftercare", aftercare),
    ("standing.neighbours", neighbours),
    ("standing.quiet", quiet),
    ("standing.no-leak", no_leak),
];

/// Every call has exactly one outcome, nothing follows it, and none is left pending.
fn ended_once(_: &Case, view: &View<'_>) -> Vec<Miss> {
    let lives = lives(view);
    let mut misses = Vec::new();
    for seen in &view.calls {
        let Some(life) = lives.get(&seen.call) else { continue };
        match life.ends.as_slice() {
            [] => misses.push(Miss::new(format!("call {} ends", seen.call), "never, not even when it was cancelled").at(seen.started)),
            [end] => {
                let late = seen.deadline.and_then(|deadline| {
                    let lasted = end.at().saturating_sub(seen.started.at());
                    (lasted > deadline + view.tolerance && life.cancelled_in_the_end).then_some((deadline, lasted))
                });
                if let Some((deadline, lasted)) = late {
                    let mut miss = Miss::new(
                        format!("call {} ends by its deadline of {}", seen.call, show(deadline)),
                        format!("after {}", show(lasted)),
                    )
                    .at(end);
                    miss.timing = true;
                    misses.push(miss);
                }
            }
            [_, second, ..] => {
                misses.push(Miss::new(format!("call {} ends once", seen.call), format!("{} times", life.ends.len())).at(second));
            }
        }
        misses.extend(
            life.after_end.map(|event| Miss::new(format!("nothing reaches call {} after its end", seen.call), "something did").at(event)),
        );
    }
    misses
}

/// What standing checks need to know of a call, gathered in one pass.
#[derive(Default)]
struct Life<'a> {
    ends: Vec<&'a Event>,
    after_end: Option<&'a Event>,
    /// The harness cancelled it after the case, so that is why it ended.
    cancelled_in_the_end: bool,
    /// The peer ended it as OK.
    completed: bool,
    sent_to_it: usize,
    delivered: usize,
}

fn lives<'a>(view: &View<'a>) -> BTreeMap<&'a CallRef, Life<'a>> {
    let mut lives: BTreeMap<&CallRef, Life<'_>> = BTreeMap::new();
    for event in view.all {
        match &event.what {
            What::CallStarted { call, .. } => {
                lives.entry(call).or_default();
            }
            What::CallEnded { call, .. } => lives.entry(call).or_default().ends.push(event),
            What::CallCancelled { call } => lives.entry(call).or_default().cancelled_in_the_end |= event.seq as usize >= view.events.len(),
            What::CallHeaders { call, .. } => lives.entry(call).or_default().delivery(event),
            What::Message { at, direction, call: Some(call), place, .. } => {
                let life = lives.entry(call).or_default();
                match (at, direction) {
                    (End::Backend, Direction::Sent) => life.sent_to_it += 1,
                    (End::Caller, Direction::Received) => {
                        life.delivered += 1;
                        // a driver's library delivers; what arrives at our own scripted client is judged by `quiet`
                        if place.is_none() {
                            life.delivery(event);
                        }
                    }
                    _ => {}
                }
            }
            What::Frame(frame) if frame.direction == Direction::Sent => {
                if let (Some(call), FrameSays::Block { end_stream: true, fields, .. }) = (&frame.call, &frame.says) {
                    lives.entry(call).or_default().completed |= says_ok(fields);
                }
            }
            _ => {}
        }
    }
    lives
}

impl<'a> Life<'a> {
    fn delivery(&mut self, event: &'a Event) {
        if !self.ends.is_empty() {
            self.after_end.get_or_insert(event);
        }
    }
}

/// No call is OK unless the peer's script completed it as OK, and no message is delivered that was not sent.
fn no_false_success(case: &Case, view: &View<'_>) -> Vec<Miss> {
    if case.role != Role::Client {
        return Vec::new();
    }
    let lives = lives(view);
    let mut misses = Vec::new();
    for seen in &view.calls {
        let (Some((end, Outcome::Status(status))), Some(life)) = (seen.ends.first(), lives.get(&seen.call)) else { continue };
        if status.code == 0 && !life.completed {
            misses.push(Miss::new(format!("call {} is OK only if the peer completed it as OK", seen.call), "OK without that").at(end));
        }
        if life.delivered > life.sent_to_it {
            let text = format!("{} delivered, {} sent", life.delivered, life.sent_to_it);
            misses.push(Miss::new(format!("call {} gets no message that was not sent", seen.call), text).at(end));
        }
    }
    misses
}

fn says_ok(fields: &[(proofmark_record::Text, proofmark_record::Text)]) -> bool {
    fields.iter().any(|(name, value)| name.0 == b"grpc-status" && value.0 == b"0")
}

/// The system's process lives as long as the case did not ask otherwise.
fn alive(_: &Case, view: &View<'_>) -> Vec<Miss> {
    view.all
        .iter()
        .filter_map(|event| match &event.what {
            What::ProcessExited { status, asked: false } => {
                let how = status.map_or("by a signal".to_owned(), |status| format!("with status {status}"));
                Some(Miss::new("the system lives as long as the case", format!("it ended {how}")).at(event))
            }
            _ => None,
        })
        .collect()
}

/// A plain call after the case succeeds.
fn aftercare(_: &Case, view: &View<'_>) -> Vec<Miss> {
    view.all
        .iter()
        .filter_map(|event| match &event.what {
            What::Aftercare { what, observed, good: false } if !what.starts_with("leak") => {
                Some(Miss::new(format!("a plain call after the case, on {what}, succeeds"), observed.clone()).at(event))
            }
            _ => None,
        })
        .collect()
}

/// Connections that the case did not harm are not ended by the system with an error.
fn neighbours(case: &Case, view: &View<'_>) -> Vec<Miss> {
    let harmed: BTreeSet<&str> = case.given.faults.values().map(|fault| fault.at.as_str()).collect();
    if is_hostile(case) || harmed.contains("server") {
        return Vec::new();
    }
    let broken_by_us = |peer: &str, connection: u32| {
        view.events
            .iter()
            .any(|event| matches!(&event.what, What::ProtocolBroken { peer: p, connection: c, .. } if p == peer && *c == connection))
    };
    view.events
        .iter()
        .filter_map(|event| match &event.what {
            What::Frame(frame) if frame.direction == Direction::Received && !harmed.contains(frame.peer.as_str()) => match &frame.says {
                FrameSays::Goaway { error, .. } if error != "NO_ERROR" && !broken_by_us(&frame.peer, frame.connection) => Some(
                    Miss::new(format!("connection {} of {} is left alone", frame.connection, frame.peer), format!("GOAWAY {error}"))
                        .at(event),
                ),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

/// Whether a case breaks or strains the protocol on purpose, so that a system may end the connection.
fn is_hostile(case: &Case) -> bool {
    let strains = |steps: &[PeerStep]| {
        steps.iter().any(|step| {
            matches!(step, PeerStep::Frame(_) | PeerStep::Data(_) | PeerStep::Ping(_) | PeerStep::Window(_) | PeerStep::Settings(_))
        })
    };
    let rules = case.given.backends.values().flat_map(|backend| &backend.rules);
    case.needs.contains("hostile")
        || rules.into_iter().any(|rule| strains(&rule.steps))
        || any_step(&case.when, &|step| matches!(step, Step::Peer(acts) if strains(&acts.steps)))
}

/// Nothing is sent on a stream after its end, and no attempt starts after its call ended. What a fault at the peer held back may come late.
fn quiet(case: &Case, view: &View<'_>) -> Vec<Miss> {
    let mut misses = Vec::new();
    let held_back: BTreeSet<&str> = case.given.faults.values().map(|fault| fault.at.as_str()).collect();
    let mut over: BTreeSet<(&str, u32, u32)> = BTreeSet::new();
    let mut ended: BTreeMap<&CallRef, Duration> = BTreeMap::new();
    for event in view.all {
        match &event.what {
            What::Frame(frame) if frame.direction == Direction::Received && frame.stream != 0 => {
                let stream = (frame.peer.as_str(), frame.connection, frame.stream);
                let speaks = matches!(frame.frame.as_str(), "DATA" | "HEADERS" | "CONTINUATION");
                if speaks && over.contains(&stream) {
                    let text = format!("{} of {} B", frame.frame, frame.length);
                    misses.push(Miss::new(format!("nothing follows the end of stream {} of {}", frame.stream, frame.peer), text).at(event));
                }
                let end_stream = matches!(frame.says, FrameSays::Data { end_stream: true } | FrameSays::Block { end_stream: true, .. });
                if end_stream || matches!(frame.says, FrameSays::Reset { .. }) {
                    over.insert(stream);
                }
            }
            What::CallEnded { call, .. } => {
                ended.entry(call).or_insert(event.at());
            }
            What::AttemptBegan(place)
                // what left before the end may still be under way: a driver's word can overtake its frames
                if !held_back.contains(place.peer.as_str())
                    && place.call.as_ref().and_then(|call| ended.get(call)).is_some_and(|end| event.at() > *end + view.tolerance) =>
            {
                misses.push(
                    Miss::new("no attempt starts after its call ended", format!("attempt {} of {}", place.attempt, place.path)).at(event),
                );
            }
            _ => {}
        }
    }
    misses
}

/// What was open before the case and what is open after it are the same.
fn no_leak(_: &Case, view: &View<'_>) -> Vec<Miss> {
    let mut misses: Vec<Miss> = view
        .all
        .iter()
        .filter_map(|event| match &event.what {
            What::Aftercare { what, observed, good: false } if what.starts_with("leak") => {
                Some(Miss::new("nothing is left behind", format!("{what}: {observed}")).at(event))
            }
            _ => None,
        })
        .collect();
    misses.extend(handlers_left(view));
    misses
}

/// A handler whose caller is gone must be left, too.
fn handlers_left(view: &View<'_>) -> Option<Miss> {
    let exited = view.all.iter().any(|event| {
        matches!(event.what, What::ProcessExited { .. }) || matches!(&event.what, What::System { act: proofmark_record::SystemAct::Killed })
    });
    if exited {
        return None;
    }
    let word = |wanted: &str| {
        view.all
            .iter()
            .filter(
                |event| matches!(&event.what, What::Hook { line, .. } if line.get("hook").and_then(|hook| hook.as_str()) == Some(wanted)),
            )
            .count()
    };
    let (begun, left) = (word("begin"), word("end"));
    (begun > left).then(|| Miss::new("every handler is left after the case", format!("{} of {begun} are still running", begun - left)))
}
