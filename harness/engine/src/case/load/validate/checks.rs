//! Checks that say too little to be judged.

use super::Judge;
use crate::{
    case::load::{
        error::Fault,
        facts::selector,
        tree::{Kind, Node},
        typed::typed,
    },
    check::{Check, Each, Messages, Outcome},
};

impl Judge<'_> {
    /// Checks that say too little.
    pub(super) fn checks(&mut self) {
        for check in &self.facts.checks {
            let Some(wish) = too_little(check) else {
                continue;
            };
            let text = format!("this `{}` cannot be judged: {wish}", check.name());
            let then = self.body.get("then").unwrap_or(self.body);
            let span = then
                .place_of_entry(check.name(), |value| typed::<Check>(&one_key(check.name(), value)).is_ok_and(|same| &same == *check))
                .unwrap_or(&then.span);
            self.faults.push(Fault::at(span, text));
        }
    }
}

/// What a check would have to say besides, if it says too little.
fn too_little(check: &Check) -> Option<&'static str> {
    let by_from = selector(check).is_some_and(|select| select.each == Some(Each::From));
    match check {
        Check::Outcome(outcome) if is_empty_outcome(outcome) => Some("give status, one-of, status-message, open or refused"),
        Check::Messages(messages) if is_empty_messages(messages) => Some("give `are`, `own` or a bound"),
        Check::Handlers(handlers) if handlers.bound.is_none() && handlers.remaining.is_none() && handlers.subject.is_none() => {
            Some("give a bound, `remaining` or `subject`")
        }
        Check::Log(log) if log.bound.is_none() && log.duration.is_none() && log.distinct.is_none() => {
            Some("give a bound, `duration` or `distinct`")
        }
        Check::Spans(spans) if spans.bound.is_none() && spans.duration.is_none() && spans.distinct.is_none() => {
            Some("give a bound, `duration` or `distinct`")
        }
        Check::Gap(gap) if gap.bound.is_none() && gap.some_below.is_none() && gap.some_above.is_none() => {
            Some("give a bound, `some-below` or `some-above`")
        }
        Check::Gap(gap) if gap.samples.is_none() && (gap.some_below.is_some() || gap.some_above.is_some()) => {
            Some("chance needs `samples`, the number of gaps there must be")
        }
        Check::Exit(exit) if exit.clean.is_none() && exit.status.is_none() => Some("give `clean` or `status`"),
        Check::Credit(credit) if credit.overdrawn.is_none() && credit.returned.is_none() => Some("give `overdrawn` or `returned`"),
        Check::Order(order) if order.0.len() < 2 => Some("an order takes two moments or more"),
        Check::Stimulus(inner) if inner.0.is_empty() => Some("list the checks that prove the harm"),
        Check::Should(inner) if inner.0.is_empty() => Some("list the checks"),
        Check::AnyOf(lists) if lists.0.len() < 2 || lists.0.values().any(Vec::is_empty) => {
            Some("give two lists of checks or more, each with a name")
        }
        Check::Gap(_) => None,
        _ if by_from => Some("`each: from` is for gaps"),
        _ => None,
    }
}

fn is_empty_outcome(outcome: &Outcome) -> bool {
    let Outcome { status, one_of, status_message, open, refused, .. } = outcome;
    status.is_none() && one_of.is_empty() && status_message.is_none() && !open && !refused
}

fn is_empty_messages(messages: &Messages) -> bool {
    messages.are.is_none() && !messages.own && messages.bound.is_none()
}

/// A map with this one entry.
fn one_key(name: &str, value: &Node) -> Node {
    let key = Node { kind: Kind::Scalar { text: name.to_owned(), plain: true }, ..value.clone() };
    Node { kind: Kind::Map(vec![(key, value.clone())]), ..value.clone() }
}
