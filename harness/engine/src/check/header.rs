//! Check `header`.

use proofmark_record::{BlockKind, CallRef, Direction, Event, FrameSays, Outcome, Text, What};
use proofmark_wire::{binary, timeout};
use serde_json::Value;

use crate::judge::{Group, Miss, View, parts_fit};
use std::time::Duration;

use serde::Deserialize;

use super::{CheckError, Selector, selector::check};
use crate::case::{Bound, Template, text::Pattern};

/// One field of a header block or of the metadata made from it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Header {
    /// What is looked at.
    pub select: Selector,
    /// In which block.
    pub block: Block,
    /// Which field.
    pub name: String,
    /// What is demanded of it.
    pub says: HeaderSays,
}

/// Where a field is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// The request headers on the wire.
    Request,
    /// The response headers on the wire.
    Response,
    /// The trailers on the wire; a Trailers-Only block is trailers.
    Trailers,
    /// The initial metadata as the application got them.
    Initial,
    /// The trailing metadata as the application got them.
    Trailing,
    /// The metadata as the handler saw them.
    Handler,
}

/// What is demanded of a field. Values of `-bin` keys are hex; on the wire, lists are compared after joining by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderSays {
    /// It is there once, with this value.
    Is(Template),
    /// It is there with these values, in order.
    Are(Vec<Template>),
    /// It is there once, with one of these values.
    OneOf(Vec<Template>),
    /// It is there, and the pattern is found in it.
    Matches(Pattern),
    /// It is not there.
    Absent,
    /// Its values are what the call itself sent.
    Own,
    /// It is the same wherever it is looked at.
    Same,
    /// It is different wherever it is looked at.
    Distinct,
    /// Each one is smaller than the one before.
    Decreasing,
    /// Read as a timeout it keeps this bound.
    Decoded(Bound<Duration>),
}

check! {
    /// The keys of the check.
    struct Keys {
        /// In which block.
        #[serde(rename = "in")]
        pub block: Block,
        /// Which field.
        pub name: String,
        /// [`HeaderSays::Is`].
        pub is: Option<Template>,
        /// [`HeaderSays::Are`].
        pub are: Option<Vec<Template>>,
        /// [`HeaderSays::OneOf`].
        pub one_of: Option<Vec<Template>>,
        /// [`HeaderSays::Matches`].
        pub matches: Option<Pattern>,
        /// [`HeaderSays::Absent`].
        #[serde(default)]
        pub absent: bool,
        /// [`HeaderSays::Own`].
        #[serde(default)]
        pub own: bool,
        /// [`HeaderSays::Same`].
        #[serde(default)]
        pub same: bool,
        /// [`HeaderSays::Distinct`].
        #[serde(default)]
        pub distinct: bool,
        /// [`HeaderSays::Decreasing`].
        #[serde(default)]
        pub decreasing: bool,
        /// [`HeaderSays::Decoded`].
        pub decoded: Option<Bound<Duration>>,
        select: Selector,
    }
}

impl TryFrom<Keys> for Header {
    type Error = CheckError;

    fn try_from(keys: Keys) -> Result<Self, CheckError> {
        let mut given = [
            keys.is.map(HeaderSays::Is),
            keys.are.map(HeaderSays::Are),
            keys.one_of.map(HeaderSays::OneOf),
            keys.matches.map(HeaderSays::Matches),
            keys.absent.then_some(HeaderSays::Absent),
            keys.own.then_some(HeaderSays::Own),
            keys.same.then_some(HeaderSays::Same),
            keys.distinct.then_some(HeaderSays::Distinct),
            keys.decreasing.then_some(HeaderSays::Decreasing),
            keys.decoded.map(HeaderSays::Decoded),
        ]
        .into_iter()
        .flatten();
        match (given.next(), given.next()) {
            (Some(says), None) => Ok(Self { select: keys.select, block: keys.block, name: keys.name, says }),
            _ => Err(CheckError::HeaderSays),
        }
    }
}

impl Header {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let mut misses = Vec::new();
        for group in view.groups(&self.select) {
            let window = match view.window(&self.select, &group) {
                Ok(window) => window,
                Err(miss) => return vec![miss],
            };
            let blocks: Vec<Seen<'_>> = window.iter().filter_map(|event| self.block(event, &group)).collect();
            if blocks.is_empty() {
                misses.push(Miss::new(group.name(format!("a block of {}", self.block_name())), "none came"));
            } else {
                misses.extend(self.judge_blocks(&group, &blocks, view));
            }
        }
        misses
    }

    fn block<'a>(&self, event: &'a Event, group: &Group) -> Option<Seen<'a>> {
        let fits = |call: Option<&CallRef>| {
            parts_fit(
                &Selector { peer: None, connection: None, ..self.select.clone() },
                &Group { peer: None, connection: None, ..group.clone() },
                call,
                None,
            )
        };
        match (&event.what, self.block) {
            (What::Frame(frame), Block::Request | Block::Response | Block::Trailers) if frame.direction == Direction::Received => {
                let FrameSays::Block { block, fields, .. } = &frame.says else { return None };
                let kind = matches!(
                    (self.block, block),
                    (Block::Request, BlockKind::Request) | (Block::Response, BlockKind::Response) | (Block::Trailers, BlockKind::Trailers)
                );
                let here = parts_fit(&self.select, group, frame.call.as_ref(), Some((&frame.peer, frame.connection)));
                let attempt = self.select.attempt.is_none_or(|attempt| attempt == frame.attempt);
                (kind && here && attempt).then(|| Seen { event, call: frame.call.as_ref(), values: self.wire_values(fields) })
            }
            (What::CallHeaders { call, metadata }, Block::Initial) if fits(Some(call)) => {
                Some(Seen { event, call: Some(call), values: self.values(metadata) })
            }
            (What::CallEnded { call, outcome: Outcome::Status(status) }, Block::Trailing) if fits(Some(call)) => {
                Some(Seen { event, call: Some(call), values: self.values(&status.trailers) })
            }
            (What::Hook { call: Some(call), line }, Block::Handler)
                if fits(Some(call)) && line.get("hook").and_then(Value::as_str) == Some("begin") =>
            {
                Some(Seen { event, call: Some(call), values: self.handler_values(line) })
            }
            _ => None,
        }
    }

    /// The values on the wire: lists joined by commas, `-bin` as hex.
    fn wire_values(&self, fields: &[(Text, Text)]) -> Vec<String> {
        let own = fields.iter().filter(|(name, _)| name.0 == self.name.as_bytes());
        if !self.name.ends_with("-bin") {
            return own.map(|(_, value)| value.lossy()).collect();
        }
        own.flat_map(|(_, value)| match binary::decode_list(&value.0) {
            Some(values) => values.iter().map(|value| binary::hex(value)).collect(),
            None => vec![format!("no base64: {value}")],
        })
        .collect()
    }

    fn values(&self, metadata: &[(String, Text)]) -> Vec<String> {
        let own = metadata.iter().filter(|(name, _)| *name == self.name);
        own.map(|(_, value)| if self.name.ends_with("-bin") { binary::hex(&value.0) } else { value.lossy() }).collect()
    }

    fn handler_values(&self, line: &Value) -> Vec<String> {
        let entries = line.get("metadata").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
        entries
            .iter()
            .filter(|entry| text(entry, "key").as_deref() == Some(&self.name))
            .filter_map(|entry| {
                let bytes = text(entry, "bytes").and_then(|bytes| binary::decode(bytes.as_bytes())).map(|bytes| binary::hex(&bytes));
                bytes.or_else(|| text(entry, "text"))
            })
            .collect()
    }

    fn judge_blocks(&self, group: &Group, blocks: &[Seen<'_>], view: &View<'_>) -> Vec<Miss> {
        match &self.says {
            HeaderSays::Same => self.judge_across(group, blocks, "the same everywhere", |before, after| before == after),
            HeaderSays::Distinct => self.judge_distinct(group, blocks),
            HeaderSays::Decreasing => self.judge_across(group, blocks, "smaller each time", |before, after| {
                let time = |values: &[String]| values.first().and_then(|value| timeout::decode(value.as_bytes()).ok());
                time(before).zip(time(after)).is_some_and(|(before, after)| after < before)
            }),
            _ => blocks.iter().filter_map(|seen| self.judge_one(group, seen, view)).collect(),
        }
    }

    fn judge_one(&self, group: &Group, seen: &Seen<'_>, view: &View<'_>) -> Option<Miss> {
        let context = view.context(seen.call);
        let expand = |template: &Template| template.expand_text(&context);
        let on_wire = matches!(self.block, Block::Request | Block::Response | Block::Trailers);
        let joined = |values: &[String]| values.join(",");
        let equal = |wanted: &[String]| {
            if on_wire { !seen.values.is_empty() && joined(&seen.values) == joined(wanted) } else { seen.values == wanted }
        };
        let (good, wanted) = match &self.says {
            HeaderSays::Is(template) => (equal(&[expand(template)]), format!("is `{}`", expand(template))),
            HeaderSays::Are(templates) => {
                let wanted: Vec<String> = templates.iter().map(expand).collect();
                (equal(&wanted), format!("are `{}`", wanted.join("`, `")))
            }
            HeaderSays::OneOf(templates) => {
                let wanted: Vec<String> = templates.iter().map(expand).collect();
                (wanted.iter().any(|one| equal(std::slice::from_ref(one))), format!("is one of `{}`", wanted.join("`, `")))
            }
            HeaderSays::Matches(pattern) => {
                (!seen.values.is_empty() && seen.values.iter().all(|value| pattern.is_match(value)), format!("matches {pattern}"))
            }
            HeaderSays::Absent => (seen.values.is_empty(), "is absent".to_owned()),
            HeaderSays::Own => {
                let own = self.own(seen.call, view);
                (equal(&own), format!("is what the call sent, `{}`", own.join("`, `")))
            }
            HeaderSays::Decoded(bound) => {
                let time = seen.values.first().and_then(|value| timeout::decode(value.as_bytes()).ok());
                let holds = |time: Duration| {
                    bound.low().is_none_or(|low| low <= time + view.tolerance) && bound.high().is_none_or(|high| time <= high)
                };
                (time.is_some_and(holds), format!("says {bound}"))
            }
            HeaderSays::Same | HeaderSays::Distinct | HeaderSays::Decreasing => return None,
        };
        (!good).then(|| self.miss(group, seen, &wanted))
    }

    fn own(&self, call: Option<&CallRef>, view: &View<'_>) -> Vec<String> {
        call.and_then(|call| view.call(call)).map(|seen| self.values(seen.metadata)).unwrap_or_default()
    }

    fn judge_across(&self, group: &Group, blocks: &[Seen<'_>], wanted: &str, good: impl Fn(&[String], &[String]) -> bool) -> Vec<Miss> {
        if blocks.len() < 2 {
            return vec![Miss::new(group.name(format!("several blocks of {} to compare", self.block_name())), format!("{}", blocks.len()))];
        }
        blocks
            .windows(2)
            .filter(|pair| pair[1].values.is_empty() || !good(&pair[0].values, &pair[1].values))
            .map(|pair| {
                let observed = format!("`{}` then `{}`", pair[0].values.join("`, `"), pair[1].values.join("`, `"));
                Miss::new(group.name(format!("{} in {} is {wanted}", self.name, self.block_name())), observed).at(pair[1].event)
            })
            .collect()
    }

    fn judge_distinct(&self, group: &Group, blocks: &[Seen<'_>]) -> Vec<Miss> {
        let mut known: Vec<&Vec<String>> = Vec::new();
        let mut misses = Vec::new();
        for seen in blocks {
            if seen.values.is_empty() || known.contains(&&seen.values) {
                misses.push(self.miss(group, seen, "is different everywhere"));
            }
            known.push(&seen.values);
        }
        misses
    }

    fn miss(&self, group: &Group, seen: &Seen<'_>, wanted: &str) -> Miss {
        let whose = seen.call.map(|call| format!("call {call}: ")).unwrap_or_default();
        let whose = if group.label.is_empty() { whose } else { group.name("") };
        let observed = if seen.values.is_empty() {
            "absent".to_owned()
        } else {
            format!("`{}`", seen.values.iter().map(|value| Text::from(value.as_str()).to_string()).collect::<Vec<_>>().join("`, `"))
        };
        Miss::new(format!("{whose}{} in {} {wanted}", self.name, self.block_name()), observed).at(seen.event)
    }

    fn block_name(&self) -> &'static str {
        match self.block {
            Block::Request => "the request",
            Block::Response => "the response headers",
            Block::Trailers => "the trailers",
            Block::Initial => "the initial metadata",
            Block::Trailing => "the trailing metadata",
            Block::Handler => "the handler's metadata",
        }
    }
}

struct Seen<'a> {
    event: &'a Event,
    call: Option<&'a CallRef>,
    values: Vec<String>,
}
