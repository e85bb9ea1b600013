//! Check `outcome`.

use proofmark_record::Outcome as Seen;
use proofmark_wire::StatusCode as Status;

use super::{Selector, selector::check};
use crate::case::{StatusCode, text::Expected};
use crate::judge::{CallSeen, Group, Miss, View, count};

check! {
    /// How calls ended, as the application was told.
    pub struct Outcome {
        /// The status.
        pub status: Option<StatusCode>,
        /// One of these.
        #[serde(default)]
        pub one_of: Vec<StatusCode>,
        /// The status message.
        pub status_message: Option<Expected>,
        /// Whether the call has not ended.
        #[serde(default)]
        pub open: bool,
        /// Whether the API refused the call before anything was sent.
        #[serde(default)]
        pub refused: bool,
        select: Selector,
        maybe_bound: u64,
    }
}

impl Outcome {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let calls = view.calls_of(&self.select);
        if calls.is_empty() {
            return vec![Miss::new(self.wanted(), "no such call was made")];
        }
        let good = calls.iter().filter(|call| self.fits(call)).count();
        if let Some(bound) = &self.bound {
            return count(&Group::default(), &format!("calls with {}", self.wanted()), bound, good as u64, None).into_iter().collect();
        }
        calls.iter().filter(|call| !self.fits(call)).map(|call| self.miss(call)).collect()
    }

    fn fits(&self, call: &CallSeen<'_>) -> bool {
        let Some((_, outcome)) = call.ends.first() else { return self.open };
        if self.open {
            return false;
        }
        match outcome {
            Seen::Refused { .. } => self.refused,
            Seen::Status(status) => {
                !self.refused
                    && self.allows(Status(status.code))
                    && self.status_message.as_ref().is_none_or(|message| message.holds(&status.message.lossy()))
            }
            // a cancelled call of a library that tells its application nothing is judged by the wire alone (driver protocol, section 4)
            Seen::Dropped => !self.refused && self.allows(Status::CANCELLED),
            Seen::Exception { .. } => false,
        }
    }

    fn allows(&self, code: Status) -> bool {
        let is = |allowed: &StatusCode| allowed.number() == code.0;
        self.status.as_ref().is_none_or(is) && (self.one_of.is_empty() || self.one_of.iter().any(is))
    }

    fn miss(&self, call: &CallSeen<'_>) -> Miss {
        let expected = format!("call {}: {}", call.call, self.wanted());
        match call.ends.first() {
            None => Miss::new(expected, "the call has not ended").at(call.started),
            Some((event, outcome)) => Miss::new(expected, describe(outcome)).at(event),
        }
    }

    fn wanted(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.status.map(|status| status.to_string()));
        if !self.one_of.is_empty() {
            words.push(format!("one of {}", self.one_of.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")));
        }
        words.extend(self.status_message.as_ref().map(|message| format!("message {message}")));
        if self.open {
            words.push("still open".into());
        }
        if self.refused {
            words.push("refused by the API".into());
        }
        if words.is_empty() { "an end".into() } else { words.join(", ") }
    }
}

fn describe(outcome: &Seen) -> String {
    match outcome {
        Seen::Status(status) if status.message.0.is_empty() => Status(status.code).to_string(),
        Seen::Status(status) => format!("{} `{}`", Status(status.code), status.message),
        Seen::Refused { text } => format!("refused by the API: {text}"),
        Seen::Exception { text } => format!("an exception: {text}"),
        Seen::Dropped => "let go without an outcome".into(),
    }
}
