//! Check `messages`.

use proofmark_record::{Direction, End as At, Event, Text, What};

use crate::judge::{CallSeen, Group, Miss, View, count, parts_fit};
use crate::profile::{self, Side};
use serde::Deserialize;

use super::{Selector, selector::check};
use crate::case::payload::Payload;

check! {
    /// Messages that arrived at one end: which, or how many.
    pub struct Messages {
        /// At which end.
        pub at: End,
        /// What they say, in order.
        pub are: Option<Vec<Payload>>,
        /// Whether they are what the call itself sent.
        #[serde(default)]
        pub own: bool,
        select: Selector,
        maybe_bound: u64,
    }
}

/// The end at which messages arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Whoever made the call.
    Caller,
    /// Whoever serves it.
    Backend,
}

impl Messages {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let mut misses = Vec::new();
        for group in view.groups(&self.select) {
            let window = match view.window(&self.select, &group) {
                Ok(window) => window,
                Err(miss) => return vec![miss],
            };
            let seen: Vec<Arrived<'_>> = window.iter().filter_map(|event| self.arrived(event, &group, Direction::Received)).collect();
            if let Some(bound) = &self.bound {
                misses.extend(count(&group, "messages", bound, seen.len() as u64, seen.last().map(|arrived| arrived.event)));
            }
            if self.are.is_some() || self.own {
                misses.extend(self.judge_content(view, &group, &seen));
            }
        }
        misses
    }

    fn arrived<'a>(&self, event: &'a Event, group: &Group, wanted: Direction) -> Option<Arrived<'a>> {
        let What::Message { at, direction, call, place, size, data, .. } = &event.what else { return None };
        let end = if self.at == End::Caller { At::Caller } else { At::Backend };
        if *at != end || *direction != wanted {
            return None;
        }
        let attempt = self.select.attempt.is_none_or(|attempt| place.as_ref().is_some_and(|place| place.attempt == attempt));
        let at = place.as_ref().map(|place| (place.peer.as_str(), place.connection));
        let here = parts_fit(&self.select, group, call.as_ref(), at);
        (attempt && here).then_some(Arrived { event, call: call.as_ref(), place: place.as_ref(), size: *size, data })
    }

    fn judge_content(&self, view: &View<'_>, group: &Group, seen: &[Arrived<'_>]) -> Vec<Miss> {
        let calls: Vec<&CallSeen<'_>> =
            view.calls_of(&self.select).into_iter().filter(|call| group.call.as_ref().is_none_or(|wanted| *wanted == call.call)).collect();
        if calls.is_empty() {
            return vec![Miss::new(group.name("a call whose messages can be looked at"), "none was made")];
        }
        let mut misses = Vec::new();
        for call in calls {
            let own: Vec<&Arrived<'_>> = seen.iter().filter(|arrived| arrived.call == Some(&call.call)).collect();
            let wanted = match &self.are {
                Some(payloads) => payloads.iter().map(Wanted::Says).collect(),
                None => sent_by(view, call),
            };
            misses.extend(self.compare(view, call, &own, &wanted));
        }
        misses
    }

    fn compare(&self, view: &View<'_>, call: &CallSeen<'_>, own: &[&Arrived<'_>], wanted: &[Wanted<'_>]) -> Option<Miss> {
        let side = if self.at == End::Caller { Side::Response } else { Side::Request };
        let context = view.context(Some(&call.call));
        let method = |arrived: &Arrived<'_>| arrived.place.map_or(call.method, |place| place.path.as_str()).to_owned();
        let fits = |arrived: &Arrived<'_>, wanted: &Wanted<'_>| match wanted {
            Wanted::Says(payload) => profile::says(&method(arrived), side, payload, &context, &arrived.data.0, arrived.size),
            Wanted::Same(text) => profile::text_of(&method(arrived), side, &arrived.data.0)
                .is_some_and(|seen| seen == *text || seen == format!("Echo: {text}")),
        };
        if own.len() == wanted.len() && own.iter().zip(wanted).all(|(arrived, wanted)| fits(arrived, wanted)) {
            return None;
        }
        let shown: Vec<String> = own.iter().take(12).map(|arrived| describe(&method(arrived), side, arrived)).collect();
        let list =
            |texts: Vec<String>, all: usize| if texts.is_empty() { "none".to_owned() } else { format!("{}: {}", all, texts.join(", ")) };
        let names: Vec<String> = wanted.iter().take(12).map(Wanted::describe).collect();
        let miss = Miss::new(format!("call {}: messages {}", call.call, list(names, wanted.len())), list(shown, own.len()));
        let odd = own.iter().zip(wanted).find(|(arrived, wanted)| !fits(arrived, wanted)).map(|(arrived, _)| arrived.event);
        Some(match odd.or(own.last().map(|arrived| arrived.event)) {
            Some(event) => miss.at(event),
            None => miss,
        })
    }
}

struct Arrived<'a> {
    event: &'a Event,
    call: Option<&'a proofmark_record::CallRef>,
    place: Option<&'a proofmark_record::Place>,
    size: u64,
    data: &'a Text,
}

enum Wanted<'a> {
    Says(&'a Payload),
    Same(String),
}

impl Wanted<'_> {
    fn describe(&self) -> String {
        match self {
            Self::Says(Payload::Text(text)) => format!("text {text}"),
            Self::Says(Payload::Size(size)) => format!("{size}"),
            Self::Says(Payload::Hex(hex)) => format!("hex {hex}"),
            Self::Says(Payload::Json(json)) => json.to_string(),
            Self::Same(text) => format!("text {text}"),
        }
    }
}

/// What the call itself sent, as text.
fn sent_by<'a>(view: &View<'_>, call: &CallSeen<'_>) -> Vec<Wanted<'a>> {
    view.events
        .iter()
        .filter_map(|event| match &event.what {
            What::Message { at: At::Caller, direction: Direction::Sent, call: Some(other), data, .. } if *other == call.call => {
                Some(Wanted::Same(profile::text_of(call.method, Side::Request, &data.0).unwrap_or_default()))
            }
            _ => None,
        })
        .collect()
}

fn describe(method: &str, side: Side, arrived: &Arrived<'_>) -> String {
    match profile::text_of(method, side, &arrived.data.0).filter(|_| !arrived.data.0.is_empty()) {
        Some(text) => format!("text {}", Text::from(text.as_str())),
        None => match profile::json_of(method, side, &arrived.data.0).filter(|_| !arrived.data.0.is_empty()) {
            Some(json) => json.to_string(),
            None => format!("{} B", arrived.size),
        },
    }
}
