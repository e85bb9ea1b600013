//! Check `frames`.

use proofmark_record::{Direction, Event, FrameEvent, FrameSays, What};

use crate::judge::{Miss, View, count, parts_fit};
use serde::Deserialize;

use super::{Actor, Selector, selector::check};
use crate::case::{ByteCount, ErrorCode, FrameType, hex::Hex, names::Flags, units};

check! {
    /// How many frames went over the wire.
    pub struct Frames {
        /// Who sent them.
        pub by: Option<Actor>,
        /// Their type.
        #[serde(rename = "type")]
        pub kind: Option<FrameType>,
        /// Only the first or the last of them.
        pub pick: Option<Pick>,
        /// What is true of them.
        #[serde(default, rename = "where")]
        pub matching: FrameWhere,
        select: Selector,
        bound: u64,
    }
}

/// Which of several frames is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pick {
    /// The first.
    First,
    /// The last.
    Last,
}

/// What is true of a frame; what is absent may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct FrameWhere {
    /// Its stream; 0 is the connection.
    #[serde(deserialize_with = "units::maybe_number")]
    pub stream: Option<u32>,
    /// The length of its payload.
    pub length: Option<ByteCount>,
    /// Its flags, all of them.
    pub flags: Option<Flags>,
    /// Its error code (RST_STREAM, GOAWAY).
    pub error: Option<ErrorCode>,
    /// Its last stream (GOAWAY).
    #[serde(deserialize_with = "units::maybe_number")]
    pub last_stream_id: Option<u32>,
    /// Its increment (WINDOW_UPDATE).
    pub increment: Option<ByteCount>,
    /// Its payload.
    pub payload: Option<Hex>,
}

impl Frames {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let mut misses = Vec::new();
        for group in view.groups(&self.select) {
            let window = match view.window(&self.select, &group) {
                Ok(window) => window,
                Err(miss) => return vec![miss],
            };
            let of_kind: Vec<(&Event, &FrameEvent)> = window
                .iter()
                .filter_map(|event| if let What::Frame(frame) = &event.what { Some((event, frame)) } else { None })
                .filter(|(_, frame)| self.is_of_kind(frame))
                .filter(|(_, frame)| {
                    let of_connection = frame.stream == 0 && self.select.call.is_none() && group.call.is_none();
                    let call = if of_connection { None } else { frame.call.as_ref() };
                    parts_fit(&self.select, &group, call, Some((&frame.peer, frame.connection)))
                })
                .collect();
            let picked: Vec<_> = match self.pick {
                Some(Pick::First) => of_kind.first().into_iter().copied().collect(),
                Some(Pick::Last) => of_kind.last().into_iter().copied().collect(),
                None => of_kind,
            };
            let fitting: Vec<_> = picked.iter().filter(|(_, frame)| self.matching.fits(frame)).collect();
            let kind = self.kind.map_or("frames".to_owned(), |kind| kind.to_string());
            let what = if self.matching == FrameWhere::default() { kind } else { format!("{kind} as described") };
            if let Some(mut miss) =
                count(&group, &what, &self.bound, fitting.len() as u64, fitting.last().or(picked.last().as_ref()).map(|(event, _)| *event))
            {
                if fitting.is_empty() && !picked.is_empty() {
                    let seen: Vec<String> = picked.iter().take(3).map(|(_, frame)| describe(frame)).collect();
                    miss.observed = format!("0; there were {}", seen.join(", "));
                }
                misses.push(miss);
            }
        }
        misses
    }

    fn is_of_kind(&self, frame: &FrameEvent) -> bool {
        let by = self.by.is_none_or(|by| (by == Actor::Peer) == (frame.direction == Direction::Sent));
        let kind = self.kind.is_none_or(|kind| kind.to_string() == frame.frame);
        let ack = !matches!(frame.says, FrameSays::Settings { ack: true, .. }) || self.matching.flags.is_some();
        let pong = !matches!(frame.says, FrameSays::Ping { ack: true, .. }) || self.matching.flags.is_some();
        by && kind && ack && pong && self.select.attempt.is_none_or(|attempt| attempt == frame.attempt)
    }
}

impl FrameWhere {
    fn fits(&self, frame: &FrameEvent) -> bool {
        let error = match &frame.says {
            FrameSays::Reset { error } | FrameSays::Goaway { error, .. } => Some(error.as_str()),
            _ => None,
        };
        let last = if let FrameSays::Goaway { last_stream, .. } = frame.says { Some(last_stream) } else { None };
        let increment = if let FrameSays::Window { increment } = frame.says { Some(u64::from(increment)) } else { None };
        let payload = match &frame.says {
            FrameSays::Ping { payload, .. } => Some(payload.clone()),
            FrameSays::Goaway { debug, .. } => Some(crate::case::hex::to_hex(&debug.0)),
            _ => None,
        };
        self.stream.is_none_or(|wanted| wanted == frame.stream)
            && self.length.is_none_or(|wanted| wanted.0 == u64::from(frame.length))
            && self.flags.is_none_or(|wanted| wanted.0 == frame.flags)
            && self.error.is_none_or(|wanted| Some(wanted.to_string().as_str()) == error)
            && self.last_stream_id.is_none_or(|wanted| Some(wanted) == last)
            && self.increment.is_none_or(|wanted| Some(wanted.0) == increment)
            && self.payload.as_ref().is_none_or(|wanted| Some(wanted.to_string()) == payload)
    }
}

fn describe(frame: &FrameEvent) -> String {
    match &frame.says {
        FrameSays::Reset { error } => format!("{} {error}", frame.frame),
        FrameSays::Goaway { last_stream, error, .. } => format!("{} last stream {last_stream} {error}", frame.frame),
        _ => format!("{} s{} {} B", frame.frame, frame.stream, frame.length),
    }
}
