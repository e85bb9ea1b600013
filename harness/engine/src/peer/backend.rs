//! A scripted server: accepts connections, and gives each stream to the first rule that fits it.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use proofmark_record::{Owed, What};

use super::conn::{Conn, OnRequest, Setup, Side};
use super::script::Script;
use super::serve;
use crate::case::given::{Backend as Given, Rule};
use crate::run::stage::{Stage, any_port};

/// A scripted server. Clones are the same one.
#[derive(Clone)]
pub struct Backend(Rc<Inner>);

struct Inner {
    name: String,
    given: Given,
    stage: Stage,
    address: SocketAddr,
    conns: RefCell<Vec<Conn>>,
    used: RefCell<Vec<bool>>,
    /// Rules no longer apply: aftercare wants a server that behaves.
    tame: Cell<bool>,
}

impl Backend {
    /// Listens, and serves until the case ends.
    ///
    /// # Errors
    /// Where no port can be bound.
    pub async fn start(stage: &Stage, name: &str, given: Given) -> io::Result<Self> {
        let mut listener = stage.network().listen(any_port()).await?;
        let inner = Inner {
            name: name.to_owned(),
            used: RefCell::new(vec![false; given.rules.len()]),
            given,
            stage: stage.clone(),
            address: listener.address(),
            conns: RefCell::default(),
            tame: Cell::new(false),
        };
        let backend = Self(Rc::new(inner));
        let accepting = backend.clone();
        stage.tasks().spawn(async move {
            while let Ok((link, _)) = listener.accept().await {
                accepting.accept(link);
            }
        });
        Ok(backend)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// A connection by its number; the latest without one.
    pub fn conn(&self, number: Option<u32>) -> Option<Conn> {
        let conns = self.0.conns.borrow();
        match number {
            Some(number) => conns.get(number.checked_sub(1)? as usize).cloned(),
            None => conns.last().cloned(),
        }
    }

    /// From now on every stream is served well.
    pub fn tame(&self) {
        self.0.tame.set(true);
    }

    /// Says which rules no stream came for.
    pub fn account(&self) {
        for (rule, used) in self.0.given.rules.iter().zip(self.0.used.borrow().iter()) {
            if !used && !rule.optional {
                let text = format!("no stream came for the rule of `{}` that wants {}", self.0.name, wants(rule));
                self.0.stage.transcript().write(What::Owed { by: Owed::System, text });
            }
        }
    }

    fn accept(&self, link: proofmark_transport::BoxLink) {
        let backend = self.clone();
        let on_request: OnRequest = Rc::new(move |conn, id| backend.request(conn, id));
        let number = self.0.conns.borrow().len() as u32 + 1;
        let manners = if self.0.tame.get() { Default::default() } else { self.0.given.manners.clone() };
        let setup = Setup {
            peer: self.0.name.clone(),
            number,
            side: Side::Server,
            manners,
            call_prefix: self.0.stage.call_prefix().to_owned(),
            transcript: self.0.stage.transcript().clone(),
            tasks: self.0.stage.tasks().clone(),
            on_request: Some(on_request),
        };
        let conn = Conn::start(setup, link);
        self.0.conns.borrow_mut().push(conn);
    }

    fn request(&self, conn: &Conn, id: u32) {
        let Some(place) = conn.with_stream(id, |stream| stream.place.clone()) else { return };
        let script = Script::on_stream(self.0.stage.clone(), conn.clone(), id);
        if self.0.given.rules.is_empty() || self.0.tame.get() {
            self.0.stage.tasks().spawn(async move { serve_alone(script, id).await });
            return;
        }
        let fitting = self.0.given.rules.iter().position(|rule| fits(rule, &place));
        match fitting {
            Some(index) => {
                self.0.used.borrow_mut()[index] = true;
                let steps = self.0.given.rules[index].steps.clone();
                self.0.stage.tasks().spawn(script.play(steps));
            }
            None => {
                self.0.stage.transcript().write(What::Unexpected(place));
            }
        }
    }
}

async fn serve_alone(script: Script, id: u32) {
    let gone = script.conn.until(|conn| conn.with_stream(id, |stream| stream.reset.is_some() || stream.lost).filter(|over| *over));
    tokio::select! {
        biased;
        _ = gone => {}
        () = serve::serve(&script, id) => {}
    }
}

fn fits(rule: &Rule, place: &proofmark_record::Place) -> bool {
    rule.call.as_deref().is_none_or(|name| place.call.as_ref().is_some_and(|call| call.name == name || call.to_string() == name))
        && rule.attempt.is_none_or(|attempt| attempt == place.attempt)
        && rule.connection.is_none_or(|connection| connection == place.connection)
        && rule.path.as_deref().is_none_or(|path| path == place.path)
}

fn wants(rule: &Rule) -> String {
    let mut words = Vec::new();
    words.extend(rule.call.as_ref().map(|call| format!("call {call}")));
    words.extend(rule.attempt.map(|attempt| format!("attempt {attempt}")));
    words.extend(rule.connection.map(|connection| format!("connection {connection}")));
    words.extend(rule.path.as_ref().map(|path| format!("path {path}")));
    if words.is_empty() { "any stream".into() } else { words.join(", ") }
}
