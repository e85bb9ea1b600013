//! Which events a moment of the case language means.

use proofmark_record::{Actor, BlockKind, CallRef, Direction, End, Event, FrameSays, Place, Steered, SystemAct, What};

use crate::case::{Moment, Thing, Verb};

/// What a moment that leaves something out is about: the script's own stream, or the call that is looked at.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Only things of this call.
    pub call: Option<CallRef>,
    /// Only things of this stream or, where the thing has none, of its connection.
    pub place: Option<Place>,
    /// Names of calls that mean one of them here (rounds of a `repeat`).
    pub own: Vec<CallRef>,
    /// Only things at this peer.
    pub peer: Option<String>,
    /// Only things on this connection of a peer.
    pub connection: Option<u32>,
}

impl Scope {
    /// The call of this round that a moment names, if it does.
    pub fn own_call(&self, moment: &Moment) -> Option<&CallRef> {
        let name = if moment.thing == Thing::Call { moment.name.as_ref() } else { moment.of.as_ref() }?;
        self.own.iter().rev().find(|own| own.name == *name)
    }
}

/// Finds the events that a moment means, one after the other.
#[derive(Clone, Debug)]
pub struct Matcher<'a> {
    moment: &'a Moment,
    scope: &'a Scope,
    count: u32,
}

impl<'a> Matcher<'a> {
    /// A matcher that has seen nothing yet.
    pub fn new(moment: &'a Moment, scope: &'a Scope) -> Self {
        Self { moment, scope, count: 0 }
    }

    /// Whether this event is the one that is meant. Must see every event in order.
    pub fn hits(&mut self, event: &Event) -> bool {
        if !self.is_of_kind(event) {
            return false;
        }
        self.count += 1;
        match self.moment.number {
            Some(number) if !has_own_number(self.moment.thing) => self.count == number,
            _ => true,
        }
    }

    /// The place of the first event that is meant.
    pub fn first(mut self, events: &[Event]) -> Option<usize> {
        events.iter().position(|event| self.hits(event))
    }

    /// The places of all events that are meant.
    pub fn all(mut self, events: &[Event]) -> Vec<usize> {
        (0..events.len()).filter(|place| self.hits(&events[*place])).collect()
    }

    fn is_of_kind(&self, event: &Event) -> bool {
        let Moment { thing, number, name, of, verb } = self.moment;
        let named = |other: &str| name.as_deref().is_none_or(|name| name == other);
        match (thing, verb, &event.what) {
            (Thing::Case, Verb::Started, What::CaseStarted) | (Thing::Case, Verb::Ended, What::CaseEnded) => true,
            (Thing::Call, Verb::Started, What::CallStarted { call, .. })
            | (Thing::Call, Verb::Cancelled, What::CallCancelled { call })
            | (Thing::Call, Verb::Ended, What::CallEnded { call, .. }) => self.call_fits(call, name.as_deref()),
            (Thing::Attempt, Verb::Began, What::AttemptBegan(place))
            | (Thing::Attempt, Verb::Reset, What::AttemptReset { place, .. })
            | (Thing::Attempt, Verb::Ended, What::AttemptEnded { place, .. }) => {
                number.is_none_or(|number| place.attempt == number) && self.place_fits(place, of.as_deref(), false)
            }
            (Thing::Connection, verb, what) => self.connection_event(*verb, what),
            (Thing::Headers | Thing::Message | Thing::HalfClose, verb, what) => self.stream_event(*thing, *verb, what),
            (Thing::Goaway | Thing::Ping | Thing::PingAck | Thing::Settings | Thing::WindowUpdate, verb, What::Frame(frame)) => {
                let direction = if *verb == Verb::Sent { Direction::Sent } else { Direction::Received };
                frame.direction == direction
                    && is_frame(*thing, &frame.says)
                    && of
                        .as_deref()
                        .is_none_or(|of| frame.peer == of || frame.call.as_ref().is_some_and(|call| self.call_fits(call, Some(of))))
                    && self.scope_peer(&frame.peer, frame.connection)
            }
            (Thing::Handler, verb, What::Hook { call, line }) => {
                let word = match verb {
                    Verb::Started => "begin",
                    Verb::Cancelled => "cancelled",
                    _ => "end",
                };
                line.get("hook").and_then(|hook| hook.as_str()) == Some(word)
                    && call.as_ref().is_some_and(|call| self.call_fits(call, of.as_deref()))
            }
            (Thing::Store, Verb::Closed, What::Hook { line, .. }) => {
                line.get("hook").and_then(|hook| hook.as_str()) == Some("store")
                    && line.get("operation").and_then(|operation| operation.as_str()) == Some("close")
            }
            (Thing::Process, Verb::Ready, What::ProcessReady { .. }) | (Thing::Process, Verb::Exited, What::ProcessExited { .. }) => true,
            (Thing::System, verb, What::System { act }) => matches!(
                (verb, act),
                (Verb::Started, SystemAct::Started)
                    | (Verb::Killed, SystemAct::Killed)
                    | (Verb::Frozen, SystemAct::Frozen)
                    | (Verb::Thawed, SystemAct::Thawed)
            ),
            (Thing::Signal, Verb::Sent, What::SignalSent { .. }) => true,
            (Thing::Store | Thing::Health | Thing::Auth, Verb::Switched, What::Steering { what, direction: Direction::Sent, .. }) => {
                matches!((thing, what), (Thing::Store, Steered::Store) | (Thing::Health, Steered::Health) | (Thing::Auth, Steered::Auth))
            }
            (Thing::Resolver, verb, What::Resolver { direction }) => (*verb == Verb::Updated) == (*direction == Direction::Sent),
            (Thing::Fault, Verb::Fired, What::FaultFired { fault }) | (Thing::Fault, Verb::Lifted, What::FaultLifted { fault }) => {
                named(fault)
            }
            (Thing::Mark, Verb::Reached, What::MarkReached { mark }) => named(mark),
            _ => false,
        }
    }

    fn connection_event(&self, verb: Verb, what: &What) -> bool {
        let (peer, connection) = match (verb, what) {
            (Verb::Opened, What::ConnectionOpened { peer, connection })
            | (Verb::Ready, What::ConnectionReady { peer, connection })
            | (Verb::Refused, What::ConnectionRefused { peer, connection, .. })
            | (Verb::Closed, What::ConnectionClosed { peer, connection, .. }) => (peer, *connection),
            _ => return false,
        };
        self.moment.number.is_none_or(|number| number == connection)
            && self.moment.of.as_deref().is_none_or(|of| of == peer)
            && self.scope_peer(peer, connection)
    }

    fn stream_event(&self, thing: Thing, verb: Verb, what: &What) -> bool {
        let wanted = if verb == Verb::Sent { Direction::Sent } else { Direction::Received };
        let of = self.moment.of.as_deref();
        match (thing, what) {
            (Thing::Headers, What::Frame(frame)) => {
                let FrameSays::Block { block, .. } = &frame.says else { return false };
                // a request that a backend received is not what the call received
                let at_caller = wanted == Direction::Sent || *block != BlockKind::Request;
                frame.direction == wanted
                    && of.is_none_or(|of| {
                        frame.peer == of || at_caller && frame.call.as_ref().is_some_and(|call| self.call_fits(call, Some(of)))
                    })
                    && self.scope_stream(frame.call.as_ref(), &frame.peer, frame.connection, frame.stream)
            }
            (Thing::Headers, What::CallHeaders { call, .. }) if wanted == Direction::Received => self.at_caller(call, of),
            (Thing::Message, What::Message { at, direction, call, place, .. }) => {
                *direction == wanted && self.end_fits(*at, call.as_ref(), place.as_ref(), of)
            }
            (Thing::HalfClose, What::HalfClose { direction, call, place }) => {
                let at = if *direction == Direction::Sent { End::Caller } else { End::Backend };
                *direction == wanted && self.end_fits(at, call.as_ref(), place.as_ref(), of)
            }
            _ => false,
        }
    }

    fn end_fits(&self, at: End, call: Option<&CallRef>, place: Option<&Place>, of: Option<&str>) -> bool {
        if let Some(own) = &self.scope.place {
            return of.is_none() && place.is_some_and(|place| same_stream(place, own));
        }
        match (at, call, place) {
            (End::Caller, Some(call), _) => {
                self.call_fits(call, None)
                    && of.is_none_or(|of| self.call_fits(call, Some(of)) || place.is_some_and(|place| place.peer == of))
            }
            (End::Backend, call, Some(place)) => {
                of.is_none_or(|of| place.peer == of)
                    && (of.is_some() || self.scope.call.is_none())
                    && (call.is_none() || call.is_some_and(|call| self.call_fits(call, None)))
            }
            _ => false,
        }
    }

    fn at_caller(&self, call: &CallRef, of: Option<&str>) -> bool {
        self.scope.place.is_none() && self.call_fits(call, of)
    }

    fn place_fits(&self, place: &Place, of: Option<&str>, own_stream: bool) -> bool {
        let of_fits = of.is_none_or(|of| place.peer == of || place.call.as_ref().is_some_and(|call| self.call_fits(call, Some(of))));
        let scope_call = self.scope.call.as_ref().or(self.scope.place.as_ref().and_then(|own| own.call.as_ref()));
        let call_fits = of.is_some() && self.scope.call.is_none() || scope_call.is_none_or(|call| place.call.as_ref() == Some(call));
        let stream_fits = !own_stream || self.scope.place.as_ref().is_none_or(|own| same_stream(place, own));
        of_fits && call_fits && stream_fits && self.scope_window(&place.peer, place.connection)
    }

    fn scope_stream(&self, call: Option<&CallRef>, peer: &str, connection: u32, stream: u32) -> bool {
        match (&self.scope.place, &self.scope.call) {
            (Some(own), _) => own.peer == peer && own.connection == connection && own.stream == stream,
            (None, Some(wanted)) => call == Some(wanted),
            (None, None) => self.scope_window(peer, connection),
        }
    }

    fn scope_peer(&self, peer: &str, connection: u32) -> bool {
        let own = self.scope.place.as_ref().filter(|_| self.moment.of.is_none());
        own.is_none_or(|own| own.peer == peer && own.connection == connection) && self.scope_window(peer, connection)
    }

    fn scope_window(&self, peer: &str, connection: u32) -> bool {
        self.scope.peer.as_deref().is_none_or(|wanted| wanted == peer) && self.scope.connection.is_none_or(|wanted| wanted == connection)
    }

    /// Whether a call is the one that `name` means here: `short`, `short/3`, or within a round its own `short`.
    fn call_fits(&self, call: &CallRef, name: Option<&str>) -> bool {
        if self.scope.call.as_ref().is_some_and(|wanted| wanted != call) {
            return false;
        }
        let Some(name) = name else { return true };
        if let Some((base, number)) = name.rsplit_once('/') {
            return call.name == base && number.parse() == Ok(call.number);
        }
        let own = self.scope.own.iter().rev().find(|own| own.name == name);
        call.name == name && own.is_none_or(|own| own == call)
    }
}

/// Whether something the harness did brought the event about, so that its time is exact.
pub fn is_our_act(event: &Event) -> bool {
    match &event.what {
        What::CaseStarted
        | What::CaseEnded
        | What::CallStarted { .. }
        | What::CallCancelled { .. }
        | What::SignalSent { .. }
        | What::System { .. }
        | What::FaultFired { .. }
        | What::FaultLifted { .. }
        | What::MarkReached { .. } => true,
        What::AttemptEnded { by, .. } | What::ConnectionClosed { by, .. } => *by == Actor::Peer,
        What::Frame(frame) => frame.direction == Direction::Sent,
        What::Message { direction, .. }
        | What::HalfClose { direction, .. }
        | What::Steering { direction, .. }
        | What::Resolver { direction } => *direction == Direction::Sent,
        _ => false,
    }
}

fn is_frame(thing: Thing, says: &FrameSays) -> bool {
    match says {
        FrameSays::Goaway { .. } => thing == Thing::Goaway,
        FrameSays::Ping { ack: false, .. } => thing == Thing::Ping,
        FrameSays::Ping { ack: true, .. } => thing == Thing::PingAck,
        FrameSays::Settings { ack: false, .. } => thing == Thing::Settings,
        FrameSays::Window { .. } => thing == Thing::WindowUpdate,
        _ => false,
    }
}

fn has_own_number(thing: Thing) -> bool {
    matches!(thing, Thing::Attempt | Thing::Connection)
}

fn same_stream(a: &Place, b: &Place) -> bool {
    a.peer == b.peer && a.connection == b.connection && a.stream == b.stream
}
