//! Check `nowhere`.

use proofmark_record::{Direction, Event, FrameSays, Outcome, What};

use crate::judge::{Miss, View};
use serde::Deserialize;

use crate::case::Template;

/// A text that must not be found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nowhere {
    /// The text.
    pub text: Template,
    /// Where it must not be; in all of them if empty.
    #[serde(default, rename = "in")]
    pub places: Vec<Place>,
}

/// Where a text may leak to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// What the system sent to its caller.
    Wire,
    /// What the system wrote down.
    Log,
    /// What the system sent upstream.
    Downstream,
}

impl Nowhere {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let text = self.text.expand_text(&view.context(None));
        let looked = |place: Place| self.places.is_empty() || self.places.contains(&place);
        view.events
            .iter()
            .filter_map(|event| {
                let (place, found) = holds(event, &text, view)?;
                (looked(place) && found).then(|| Miss::new(format!("`{text}` is not {}", name(place)), "it is there").at(event))
            })
            .collect()
    }
}

fn holds(event: &Event, text: &str, view: &View<'_>) -> Option<(Place, bool)> {
    let within = |bytes: &[u8]| !text.is_empty() && bytes.windows(text.len()).any(|window| window == text.as_bytes());
    match &event.what {
        What::Frame(frame) if frame.direction == Direction::Received => {
            let FrameSays::Block { fields, .. } = &frame.says else { return None };
            let found = fields.iter().any(|(name, value)| {
                within(&name.0) || within(&proofmark_wire::text::decode(&value.0)) || decoded_holds(&value.0, &within)
            });
            // requests that the system makes go downstream, responses to its caller
            let request = fields.iter().any(|(name, _)| name.0 == b":path");
            Some((
                if request && view.calls.iter().any(|call| frame.call.as_ref() == Some(&call.call)) {
                    Place::Downstream
                } else {
                    Place::Wire
                },
                found,
            ))
        }
        What::Message { direction: Direction::Received, data, .. } => Some((Place::Wire, within(&data.0))),
        What::CallEnded { outcome: Outcome::Status(status), .. } => {
            let details = status.details.as_deref().and_then(proofmark_wire::binary::from_hex).unwrap_or_default();
            Some((Place::Wire, within(&status.message.0) || within(&details)))
        }
        What::Log { line, .. } => Some((Place::Log, within(line.to_string().as_bytes()))),
        What::Stderr { text } => Some((Place::Log, within(&text.0))),
        _ => None,
    }
}

fn decoded_holds(value: &[u8], within: &dyn Fn(&[u8]) -> bool) -> bool {
    proofmark_wire::binary::decode(value).is_some_and(|bytes| within(&bytes))
}

fn name(place: Place) -> &'static str {
    match place {
        Place::Wire => "on the wire",
        Place::Log => "in the log",
        Place::Downstream => "sent downstream",
    }
}
