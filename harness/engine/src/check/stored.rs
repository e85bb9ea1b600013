//! Check `stored`.

use proofmark_record::{Direction, End, Outcome, What};

use super::Selector;
use crate::judge::{Group, Miss, View, count, names};
use crate::profile::{self, Side};
use serde::Deserialize;

use super::selector::check;

check! {
    /// How often each write is in what a `list` call found.
    pub struct Stored {
        /// The `list` call.
        pub seen_by: String,
        /// Which writes.
        pub writes: Writes,
        bound: u64,
    }
}

/// What became of a write, as its caller was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Writes {
    /// It ended OK.
    Acknowledged,
    /// It ended in any other way.
    Refused,
}

impl Stored {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let listed: Vec<String> = view
            .events
            .iter()
            .filter_map(|event| match &event.what {
                What::Message { at: End::Caller, direction: Direction::Received, call: Some(call), data, .. }
                    if names(Some(&self.seen_by), call) =>
                {
                    profile::text_of(LIST, Side::Response, &data.0)
                }
                _ => None,
            })
            .collect();
        let lister = Selector { call: Some(self.seen_by.clone()), ..Selector::default() };
        let complete =
            view.calls_of(&lister).iter().any(|call| matches!(call.ends.first(), Some((_, Outcome::Status(status))) if status.code == 0));
        if !complete {
            return vec![Miss::new(format!("call {} lists what is stored", self.seen_by), "it did not end OK")];
        }
        let writes = view.calls.iter().filter(|call| call.method == CREATE);
        let mut misses = Vec::new();
        for write in writes {
            let ok = matches!(write.ends.first(), Some((_, Outcome::Status(status))) if status.code == 0);
            if ok != (self.writes == Writes::Acknowledged) {
                continue;
            }
            let sent = view.events.iter().find_map(|event| match &event.what {
                What::Message { at: End::Caller, direction: Direction::Sent, call: Some(call), data, .. } if *call == write.call => {
                    profile::text_of(CREATE, Side::Request, &data.0)
                }
                _ => None,
            });
            let Some(sent) = sent else { continue };
            let times = listed.iter().filter(|name| **name == sent).count();
            let group = Group { label: format!("write {}", write.call), ..Group::default() };
            misses.extend(count(&group, "times in the store", &self.bound, times as u64, None));
        }
        misses
    }
}

const LIST: &str = "/user.v1.UserService/ListUsers";
const CREATE: &str = "/user.v1.UserService/CreateUser";
