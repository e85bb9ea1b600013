//! Check `gap`.

use crate::judge::{Group, Miss, View, names, show};
use crate::moments::{Matcher, Scope, is_our_act};
use std::time::Duration;

use super::{Each, Selector, selector::check};
use crate::case::{Moment, Thing, units};

check! {
    /// The time between two moments.
    pub struct Gap {
        /// The moment it begins with.
        pub from: Moment,
        /// The moment it ends with.
        pub to: Moment,
        /// How many gaps there must be; fewer are no stimulus.
        pub samples: Option<u32>,
        /// At least one gap is shorter than this.
        #[serde(default, deserialize_with = "units::maybe_duration")]
        pub some_below: Option<Duration>,
        /// At least one gap is longer than this.
        #[serde(default, deserialize_with = "units::maybe_duration")]
        pub some_above: Option<Duration>,
        select: Selector,
        maybe_bound: Duration,
    }
}

impl Gap {
    pub(crate) fn judge(&self, view: &View<'_>) -> Vec<Miss> {
        let mut misses = Vec::new();
        let mut gaps = Vec::new();
        for group in self.groups(view) {
            match self.pairs(view, &group) {
                Ok(pairs) => {
                    for (from, to) in pairs {
                        let gap = view.events[to].at().saturating_sub(view.events[from].at());
                        gaps.push(gap);
                        misses.extend(self.judge_one(view, &group, from, to, gap));
                    }
                }
                Err(miss) => misses.push(miss),
            }
        }
        misses.extend(self.judge_spread(&gaps));
        misses
    }

    /// The groups; of calls only those that the moments speak of.
    fn groups(&self, view: &View<'_>) -> Vec<Group> {
        let spoken_of = |moment: &Moment| if moment.thing == Thing::Call { moment.name.clone() } else { moment.of.clone() };
        let of_calls: Vec<String> = [spoken_of(&self.from), spoken_of(&self.to)]
            .into_iter()
            .flatten()
            .filter(|name| view.calls.iter().any(|seen| names(Some(name), &seen.call)))
            .collect();
        let mut groups = view.groups(&self.select);
        groups.retain(|group| group.call.as_ref().is_none_or(|call| of_calls.iter().all(|name| names(Some(name), call))));
        groups
    }

    fn pairs(&self, view: &View<'_>, group: &Group) -> Result<Vec<(usize, usize)>, Miss> {
        let scope = self.scope(group);
        let events = view.events;
        if self.select.each == Some(Each::From) {
            let (froms, tos) = (Matcher::new(&self.from, &scope).all(events), Matcher::new(&self.to, &scope).all(events));
            if froms.is_empty() {
                return Err(Miss::new(group.name(format!("`{}`", self.from)), "it never came"));
            }
            return froms
                .iter()
                .map(|from| match tos.iter().find(|to| *to > from) {
                    Some(to) => Ok((*from, *to)),
                    None => {
                        Err(Miss::new(group.name(format!("`{}` after each `{}`", self.to, self.from)), "it did not come")
                            .at(&events[*from]))
                    }
                })
                .collect();
        }
        let find = |moment: &Moment| {
            Matcher::new(moment, &scope).first(events).ok_or_else(|| Miss::new(group.name(format!("`{moment}`")), "it never came"))
        };
        let from = find(&self.from)?;
        let to = find(&self.to)?;
        Ok(vec![(from, to)])
    }

    fn scope(&self, group: &Group) -> Scope {
        let mut scope = group.scope();
        scope.peer = scope.peer.or_else(|| self.select.peer.clone());
        scope.connection = scope.connection.or(self.select.connection);
        scope
    }

    fn judge_one(&self, view: &View<'_>, group: &Group, from: usize, to: usize, gap: Duration) -> Option<Miss> {
        let bound = self.bound.as_ref()?;
        let tolerance = view.tolerance;
        if to < from {
            let text = format!("`{}` after `{}`", self.to, self.from);
            return Some(Miss::new(group.name(text), "it came before").at(&view.events[to]));
        }
        let exact_low = is_our_act(&view.events[from]);
        let too_early = bound.low().is_some_and(|low| gap + if exact_low { Duration::ZERO } else { tolerance } < low);
        let too_late = bound.high().is_some_and(|high| gap > high + tolerance);
        if !too_early && !too_late {
            return None;
        }
        let widened = format!("`{}` -> `{}` {bound} (tolerance {})", self.from, self.to, show(tolerance));
        let mut miss = Miss::new(group.name(widened), show(gap)).at(&view.events[to]);
        miss.timing = too_late || !exact_low;
        Some(miss)
    }

    fn judge_spread(&self, gaps: &[Duration]) -> Vec<Miss> {
        let mut misses = Vec::new();
        let spread = || {
            let least = gaps.iter().min().copied().unwrap_or_default();
            let most = gaps.iter().max().copied().unwrap_or_default();
            format!("all between {} and {}", show(least), show(most))
        };
        if let Some(samples) = self.samples.filter(|samples| gaps.len() < *samples as usize) {
            misses.push(Miss::new(format!("{samples} gaps to judge"), format!("{} of them", gaps.len())));
            return misses;
        }
        if let Some(below) = self.some_below.filter(|below| !gaps.iter().any(|gap| gap < below)) {
            let mut miss = Miss::new(format!("some of {} gaps below {}", gaps.len(), show(below)), spread());
            // a machine that is late makes every gap longer, and none shorter
            miss.timing = true;
            misses.push(miss);
        }
        if let Some(above) = self.some_above.filter(|above| !gaps.iter().any(|gap| gap > above)) {
            misses.push(Miss::new(format!("some of {} gaps above {}", gaps.len(), show(above)), spread()));
        }
        misses
    }
}
