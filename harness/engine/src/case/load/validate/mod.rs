//! What types cannot say: names that nothing carries, moments that cannot come, steps at the wrong end.
//!
//! - `moments`: moments that cannot come. `checks`: checks that say too little. Everything else stands here.

mod checks;
mod moments;

use super::{
    error::Fault,
    facts::{Facts, may_become, via},
    needs,
    tree::{Node, Span},
    typed,
};
use crate::{
    case::{Case, Role, nearest::nearest},
    peer::step::PeerStep,
};

/// Everything that is wrong with a case although its types are right.
pub(super) fn faults(case: &Case, facts: &Facts<'_>, body: &Node) -> Vec<Fault> {
    let mut judge = Judge { case, facts, body, faults: Vec::new() };
    judge.ends();
    judge.names();
    judge.moments();
    judge.streams();
    judge.checks();
    judge.needs();
    judge.faults
}

/// Whether a name is written in lower-kebab.
pub(super) fn is_kebab(name: &str) -> bool {
    name.split('-').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

struct Judge<'a> {
    case: &'a Case,
    facts: &'a Facts<'a>,
    body: &'a Node,
    faults: Vec<Fault>,
}

impl<'a> Judge<'a> {
    /// What belongs to the other end, or says nothing.
    fn ends(&mut self) {
        let given = &self.case.given;
        if self.case.role == Role::Pair && !given.backends.is_empty() {
            self.entry("given", "backends", "a pair case has no backends: the system's client calls the system's server");
        }
        if self.case.role != Role::Server && !given.clients.is_empty() {
            self.entry("given", "clients", "only a server case has scripted clients");
        }
        if self.case.rounds == 0 {
            self.text(&["rounds"], "0", "a case of no rounds does nothing".to_owned());
        }
        if self.case.then.is_empty() {
            self.entry("", "then", "a case must say what is to be true afterwards");
        }
        if self.case.role == Role::Server {
            return;
        }
        if self.facts.calls.iter().any(|call| call.wire.is_some()) {
            self.in_call("wire");
        }
        for word in ["data", "reset", "frame"] {
            if self.facts.call_steps.iter().any(|step| step.name() == word) {
                self.in_call(word);
            }
        }
    }

    /// Something of a scripted client in a case where the system is the client.
    fn in_call(&mut self, word: &str) {
        let what = format!("`{word}` needs a scripted client, and in a {} case the system is the client", self.case.role);
        let when = self.body.get("when").unwrap_or(self.body);
        let span = when
            .search("", &mut |key, node| matches!(key, "call" | "start").then(|| node.place_of_entry(word, |_| true)).flatten())
            .unwrap_or(&when.span);
        self.faults.push(Fault::at(span, what));
    }

    /// Names that are used and that nothing carries.
    fn names(&mut self) {
        self.given_names();
        let calls = self.calls();
        for (key, name) in &self.facts.call_uses {
            self.carried("call", &[key], base(name), name, &calls);
        }
        let peers = self.peers();
        for (key, name) in &self.facts.peer_uses {
            if !self.is_client(name) {
                self.carried("peer", &[key], name, name, &peers);
            }
        }
        let backends = self.backends();
        for name in &self.facts.address_uses {
            self.carried("backend", &["backends"], name, name, &backends);
        }
        for name in &self.facts.closes {
            if !self.is_channel(name) {
                self.carried("channel or connection", &["close"], name, name, &peers);
            }
        }
    }

    /// Names that a case gives.
    fn given_names(&mut self) {
        let given = &self.case.given;
        let keys = [
            ("backends", given.backends.keys().collect::<Vec<_>>()),
            ("clients", given.clients.keys().collect()),
            ("faults", given.faults.keys().collect()),
        ];
        for (parent, names) in keys {
            for name in names.into_iter().filter(|name| !is_kebab(name)) {
                let span = self.body.place_of_key(parent, name).unwrap_or(&self.body.span);
                self.faults.push(Fault::at(span, not_kebab(name)));
            }
        }
        for call in self.facts.calls.iter().filter(|call| !is_kebab(&call.name)) {
            self.text(&["name"], &call.name, not_kebab(&call.name));
        }
        for mark in self.facts.marks.iter().filter(|mark| !is_kebab(mark)) {
            self.text(&["mark"], mark, not_kebab(mark));
        }
    }

    fn calls(&self) -> Vec<&'a str> {
        distinct(self.facts.calls.iter().map(|call| call.name.as_str()))
    }

    fn backends(&self) -> Vec<&'a str> {
        if self.case.role == Role::Client && self.case.given.backends.is_empty() {
            return vec!["a"];
        }
        self.case.given.backends.keys().map(String::as_str).collect()
    }

    fn peers(&self) -> Vec<&'a str> {
        let backends = self.backends().into_iter();
        match self.case.role {
            Role::Client => backends.collect(),
            Role::Pair => vec!["server", "client"],
            Role::Server => {
                let clients = self.case.given.clients.keys().map(String::as_str);
                distinct(clients.chain(["main"]).chain(self.facts.connects.iter().copied()).chain(backends))
            }
        }
    }

    /// Whether calls go by this name as their channel or connection, or a step opens it.
    fn is_channel(&self, name: &str) -> bool {
        let opened = self.facts.connects.contains(&name) || name == "main";
        opened || via(&self.facts.calls).any(|template| may_become(template, name))
    }

    /// Whether a scripted client goes by this name.
    fn is_client(&self, name: &str) -> bool {
        self.case.role == Role::Server && self.is_channel(name)
    }

    fn carried(&mut self, what: &str, keys: &[&str], name: &str, text: &str, known: &[&str]) {
        if known.contains(&name) {
            return;
        }
        let span = self.body.place_of(keys, text).unwrap_or(&self.body.span).clone();
        self.nothing_carries(&span, what, name, known);
    }

    fn nothing_carries(&mut self, span: &Span, what: &str, name: &str, known: &[&str]) {
        let hint = nearest(name, known.iter().copied()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let mut fault = Fault::at(span, format!("no {what} of this case is named `{name}`{hint}"));
        fault.known = known.iter().map(|known| (*known).to_owned()).collect();
        self.faults.push(fault);
    }

    /// What needs a stream and has none.
    fn streams(&mut self) {
        let when = self.body.get("when").unwrap_or(self.body);
        if self.facts.endless {
            let span = when
                .place_of_entry("repeat", |repeat| repeat.get("times").is_none() && repeat.get("until").is_none())
                .unwrap_or(&when.span);
            self.faults.push(Fault::at(span, "this repeat never ends: outside a stream it needs `times` or `until`"));
        }
        for step in self.facts.loose_peer_steps.iter().filter(|step| is_on_stream(step)) {
            let span = when.place_of_entry(step.name(), |_| true).unwrap_or(&when.span);
            self.faults
                .push(Fault::at(span, format!("`{}` needs a stream, and `peer` acts outside any; it belongs into a rule", step.name())));
        }
    }

    fn needs(&mut self) {
        for need in &self.case.needs {
            let prefixed = need.starts_with("setting:") || need.starts_with("operation:");
            if !prefixed && !needs::KNOWN.contains(&need.as_str()) {
                let span = self.body.place_of(&["needs"], need).unwrap_or(&self.body.span);
                self.faults.push(typed::unknown(need, needs::KNOWN.iter().copied()).or_at(span));
            }
        }
    }

    fn entry(&mut self, parent: &str, key: &str, what: &str) {
        let node = self.body.get(parent).unwrap_or(self.body);
        let span = node.place_of_entry(key, |_| true).unwrap_or(&node.span);
        self.faults.push(Fault::at(span, what));
    }

    fn text(&mut self, keys: &[&str], text: &str, what: String) {
        let span = self.body.place_of(keys, text).unwrap_or(&self.body.span);
        self.faults.push(Fault::at(span, what));
    }
}

/// Whether a peer's step acts on a stream.
fn is_on_stream(step: &PeerStep) -> bool {
    matches!(
        step,
        PeerStep::Answer(_)
            | PeerStep::Fail(_)
            | PeerStep::Headers(_)
            | PeerStep::Send(_)
            | PeerStep::Data(_)
            | PeerStep::Trailers(_)
            | PeerStep::Reset(_)
            | PeerStep::Hold(_)
    )
}

/// A call's name without the number of its round.
fn base(name: &str) -> &str {
    name.split_once('/').map_or(name, |(base, _)| base)
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut distinct = Vec::new();
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct
}

fn not_kebab(name: &str) -> String {
    format!("`{name}` is no name: names are written in lower-kebab")
}
