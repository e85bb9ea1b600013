//! Moments of what a case does not have, and moments that cannot come.

use super::{Judge, base, distinct};
use crate::case::{
    Moment, Role, Step, Thing, Verb,
    load::{error::Fault, facts::Facts, tree::Span},
    when::SystemAct,
};

impl<'a> Judge<'a> {
    /// Moments of what the case does not have, and moments that cannot come.
    pub(super) fn moments(&mut self) {
        for moment in &self.facts.moments {
            let span = self.place_of_moment(moment);
            if let Some(reason) = self.cannot_come(moment) {
                self.faults.push(Fault::at(&span, format!("`{moment}` cannot come: {reason}")));
            } else if let Some((what, name, known)) = self.uncarried(moment) {
                self.nothing_carries(&span, what, name, &known);
            }
        }
        for moment in self.facts.awaits.iter().filter(|moment| is_end(moment)) {
            let span = self.place_of_moment(moment);
            self.faults.push(Fault::at(&span, format!("`{moment}` cannot come while something waits for it")));
        }
        self.unclear_awaits();
        self.early_awaits();
    }

    /// Awaits of a call that is not named although there are several; a call or a peer would mean its own.
    fn unclear_awaits(&mut self) {
        let calls = self.calls();
        if calls.len() < 2 || calls.contains(&"call") {
            return;
        }
        for (step, _) in &self.facts.steps {
            if let Step::Await(moment) = step
                && (moment.thing, &moment.name) == (Thing::Call, &None)
            {
                let span = self.place_of_moment(moment);
                let what = format!("`{moment}` does not say which call; say one of {}", calls.join(", "));
                self.faults.push(Fault::at(&span, what));
            }
        }
    }

    /// Awaits of what only a later step of the same list brings about.
    fn early_awaits(&mut self) {
        for (number, step) in self.case.when.iter().enumerate() {
            let Step::Await(moment) = step else { continue };
            let before = Facts::before(self.case, number);
            let earlier = Judge { facts: &before, case: self.case, body: self.body, faults: Vec::new() };
            if self.can_come(moment) && !earlier.can_come(moment) {
                let span = self.place_of_moment(moment);
                let what = format!("`{moment}` cannot come: what brings it about stands further down");
                self.faults.push(Fault::at(&span, what));
            }
        }
    }

    fn can_come(&self, moment: &Moment) -> bool {
        self.cannot_come(moment).is_none() && self.uncarried(moment).is_none()
    }

    fn place_of_moment(&self, moment: &Moment) -> Span {
        self.body.place_of(MOMENT_KEYS, &moment.to_string()).unwrap_or(&self.body.span).clone()
    }

    /// The name in a moment that nothing carries, what it should be the name of, and the names there are.
    fn uncarried<'m>(&self, moment: &'m Moment) -> Option<(&'static str, &'m str, Vec<&'a str>)> {
        if let Some(name) = &moment.name {
            let (what, known) = match moment.thing {
                Thing::Call => ("call", self.calls()),
                Thing::Mark => ("mark", distinct(self.facts.marks.iter().copied())),
                _ => ("fault", self.case.given.faults.keys().map(String::as_str).collect()),
            };
            if !known.contains(&base(name)) {
                return Some((what, base(name), known));
            }
        }
        let of = moment.of.as_deref()?;
        let mut known = self.calls();
        known.extend(self.peers());
        let carried = known.contains(&base(of)) || self.is_client(of);
        (!carried).then(|| ("call or peer", base(of), known))
    }

    fn cannot_come(&self, moment: &Moment) -> Option<String> {
        let facts = self.facts;
        let steps = match (moment.thing, moment.verb) {
            (Thing::Handler, _) if self.case.role == Role::Client => {
                return Some("in a client case the handlers are scripts".to_owned());
            }
            (Thing::Mark, _) if facts.marks.is_empty() => {
                return Some("no step is a `mark`".to_owned());
            }
            (Thing::Fault, _) if self.case.given.faults.is_empty() => {
                return Some("no fault is given".to_owned());
            }
            (Thing::Call, _) if facts.calls.is_empty() => {
                return Some("no call is made".to_owned());
            }
            (Thing::Signal, _) => facts.count(|step| matches!(step, Step::Signal(_))),
            (Thing::Store, Verb::Switched) => facts.count(|step| matches!(step, Step::Store(_))),
            (Thing::Health, _) => facts.count(|step| matches!(step, Step::Health(_))),
            (Thing::Auth, _) => facts.count(|step| matches!(step, Step::Auth(_))),
            (Thing::Resolver, Verb::Updated) => facts.count(|step| matches!(step, Step::Resolver(_))),
            (Thing::System, Verb::Killed) => self.system_acts(SystemAct::Kill),
            (Thing::System, Verb::Frozen) => self.system_acts(SystemAct::Freeze),
            (Thing::System, Verb::Thawed) => self.system_acts(SystemAct::Thaw),
            _ => return None,
        };
        let wanted = moment.number.and_then(|number| usize::try_from(number).ok()).unwrap_or(1);
        match steps {
            0 => Some("no step of the case brings it about".to_owned()),
            steps if steps < wanted => Some(format!("the case brings about only {steps} of them")),
            _ => None,
        }
    }

    fn system_acts(&self, wanted: SystemAct) -> usize {
        self.facts.count(|step| matches!(step, Step::System(act) if *act == wanted))
    }
}

/// Whether a moment is the end of the case.
fn is_end(moment: &Moment) -> bool {
    (moment.thing, moment.verb) == (Thing::Case, Verb::Ended)
}

const MOMENT_KEYS: &[&str] = &["await", "until", "from", "to", "after", "order"];
