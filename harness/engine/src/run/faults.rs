//! Puts a case's faults on its connections, and takes them off again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use indexmap::IndexMap;
use proofmark_record::{Owed, What};
use proofmark_transport::fault::{self, Kind};
use proofmark_transport::proxy::Proxy;

use super::stage::Stage;
use crate::case::Fault;
use crate::case::fault::{CloseHow, Direction, FaultKind};
use crate::moments::Scope;

/// The faults of a case. Clones are the same ones.
#[derive(Clone, Debug)]
pub struct Faults(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    stage: Stage,
    given: IndexMap<String, Fault>,
    phases: Phases,
    proxies: RefCell<BTreeMap<String, Proxy>>,
}

/// How far each fault is.
type Phases = Rc<RefCell<BTreeMap<String, Phase>>>;

#[derive(Clone, Copy, Debug, Default)]
struct Phase {
    armed: bool,
    fired: bool,
    over: bool,
}

impl Faults {
    /// Faults that do no harm yet.
    pub fn new(stage: &Stage, given: &IndexMap<String, Fault>) -> Self {
        let phases = given.keys().map(|name| (name.clone(), Phase::default())).collect();
        Self(Rc::new(Inner {
            stage: stage.clone(),
            given: given.clone(),
            phases: Rc::new(RefCell::new(phases)),
            proxies: RefCell::default(),
        }))
    }

    /// The way to a peer: through a proxy where a fault is at it, else straight. A fault whose time has come is armed before this
    /// returns. Asked again for the same peer, the proxy stays and leads to the new address.
    ///
    /// # Errors
    /// Where the proxy cannot listen.
    pub async fn route(&self, peer: &str, address: SocketAddr) -> io::Result<SocketAddr> {
        let at_peer: Vec<&String> = self.0.given.iter().filter(|(_, fault)| fault.at == peer).map(|(name, _)| name).collect();
        if at_peer.is_empty() {
            return Ok(address);
        }
        if let Some(proxy) = self.0.proxies.borrow().get(peer) {
            proxy.retarget(address);
            return Ok(proxy.address());
        }
        let proxy = self.open(peer, address).await?;
        let through = proxy.address();
        self.0.proxies.borrow_mut().insert(peer.to_owned(), proxy);
        for name in at_peer {
            if self.0.stage.has_come(&self.0.given[name].from, &Scope::default()) {
                self.arm(name);
            }
        }
        Ok(through)
    }

    /// Starts and ends faults at their moments from now on.
    pub fn watch(&self) {
        for (name, fault) in &self.0.given {
            let (faults, name, fault) = (self.clone(), name.clone(), fault.clone());
            self.0.stage.tasks().spawn(async move {
                faults.0.stage.reached(&fault.from, &Scope::default()).await;
                faults.arm(&name);
                if let Some(until) = &fault.until {
                    faults.0.stage.reached(until, &Scope::default()).await;
                    faults.lift(&name);
                }
            });
        }
    }

    /// Says that a proxy could not listen.
    pub fn failed(&self, error: &io::Error) {
        self.0.stage.transcript().write(What::HarnessError { text: format!("a fault's proxy cannot listen: {error}") });
    }

    /// Says which faults did no harm.
    pub fn account(&self) {
        let phases = self.0.phases.borrow();
        for (name, Fault { at, kind, .. }) in self.0.given.iter().filter(|(name, fault)| !fault.optional && !phases[*name].fired) {
            let text = format!("fault `{name}` ({} at {at}) never did any harm", kind.name());
            self.0.stage.transcript().write(What::Owed { by: Owed::Harness, text });
        }
    }

    /// Ends all faults, also those whose moment is still to come. The case is over by then, so that this is no event.
    pub fn lift_all(&self) {
        self.0.phases.borrow_mut().values_mut().for_each(|phase| phase.over = true);
        self.0.proxies.borrow().values().for_each(Proxy::lift_all);
    }

    async fn open(&self, peer: &str, address: SocketAddr) -> io::Result<Proxy> {
        let Inner { stage, phases, .. } = &*self.0;
        let (transcript, phases) = (stage.transcript().clone(), phases.clone());
        let proxy = Proxy::open(stage.network().clone(), address, stage.seed().derive(&format!("faults.{peer}")), move |firing| {
            let first = phases.borrow_mut().get_mut(firing.fault).is_some_and(|phase| !std::mem::replace(&mut phase.fired, true));
            if first {
                transcript.write(What::FaultFired { fault: firing.fault.to_owned() });
            }
        })
        .await?;
        stage.tasks().spawn(proxy.run());
        Ok(proxy)
    }

    /// Arms a fault, unless it was, or nobody takes the way to its peer yet.
    fn arm(&self, name: &str) {
        let fault = &self.0.given[name];
        let proxies = self.0.proxies.borrow();
        let Some(proxy) = proxies.get(&fault.at) else { return };
        let waits = self.0.phases.borrow_mut().get_mut(name).is_some_and(|phase| !phase.over && !std::mem::replace(&mut phase.armed, true));
        if waits {
            proxy.arm(fault::Fault {
                name: name.to_owned(),
                kind: kind(&fault.kind),
                connection: fault.connection,
                direction: direction(fault.direction),
            });
        }
    }

    fn lift(&self, name: &str) {
        let lasted = self.0.phases.borrow_mut().get_mut(name).is_some_and(|phase| !std::mem::replace(&mut phase.over, true) && phase.armed);
        if !lasted {
            return;
        }
        self.0.stage.transcript().write(What::FaultLifted { fault: name.to_owned() });
        if let Some(proxy) = self.0.proxies.borrow().get(&self.0.given[name].at) {
            proxy.lift(name);
        }
    }
}

fn direction(direction: Direction) -> fault::Direction {
    match direction {
        Direction::Upstream => fault::Direction::Upstream,
        Direction::Downstream => fault::Direction::Downstream,
        Direction::Both => fault::Direction::Both,
    }
}

/// What the transport knows the words of a case as.
fn kind(kind: &FaultKind) -> Rc<dyn Kind> {
    match kind {
        FaultKind::Refuse(_) => Rc::new(fault::Refuse),
        FaultKind::NeverAccept(_) => Rc::new(fault::NeverAccept),
        FaultKind::Silent(_) => Rc::new(fault::Silent),
        FaultKind::ResetAtHandshake(_) => Rc::new(fault::ResetAtHandshake),
        FaultKind::Down(down) => Rc::new(fault::Down { close: close(down.close) }),
        FaultKind::Latency(latency) => Rc::new(fault::Latency { delay: latency.delay, jitter: latency.jitter }),
        FaultKind::Bandwidth(bandwidth) => Rc::new(fault::Bandwidth { per_second: bandwidth.per_second.0 }),
        FaultKind::Slice(slice) => Rc::new(fault::Slice { size: usize::try_from(slice.size.0).unwrap_or(usize::MAX), every: slice.every }),
        FaultKind::Stall(_) => Rc::new(fault::Stall),
        FaultKind::HalfClose(_) => Rc::new(fault::HalfClose),
        FaultKind::Reset(_) => Rc::new(fault::Reset),
        FaultKind::Cut(cut) => Rc::new(fault::Cut { after: cut.after.0 }),
        FaultKind::Corrupt(corrupt) => Rc::new(fault::Corrupt { after: corrupt.after.0 }),
    }
}

fn close(close: CloseHow) -> fault::Close {
    match close {
        CloseHow::Fin => fault::Close::Fin,
        CloseHow::Rst => fault::Close::Rst,
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::io::ErrorKind;
    use std::sync::Arc;

    use proofmark_transport::clock::sleep;
    use proofmark_transport::{Seed, SimNetwork};
    use tokio::task::LocalSet;

    use super::*;
    use crate::profile::Profile;
    use crate::run::stage::any_port;

    fn on_stage<F: Future<Output = ()>>(body: impl FnOnce(Stage) -> F) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let stage = Stage::new(Arc::new(SimNetwork::default()), Seed(7), Seed(7), String::new(), Profile::User);
            stage.transcript().write(What::CaseStarted);
            body(stage.clone()).await;
            stage.tasks().end();
        });
    }

    fn given(text: &str) -> IndexMap<String, Fault> {
        serde_saphyr::from_str(text).unwrap()
    }

    fn fault_events(stage: &Stage) -> Vec<What> {
        let is_one = |what: &What| matches!(what, What::FaultFired { .. } | What::FaultLifted { .. } | What::Owed { .. });
        stage.transcript().with(|events| events.iter().map(|event| event.what.clone()).filter(is_one).collect())
    }

    #[test]
    fn a_fault_from_the_start_is_armed_by_route_and_lifted_at_its_moment() {
        on_stage(|stage| async move {
            let listener = stage.network().listen(any_port()).await.unwrap();
            let faults = Faults::new(&stage, &given("dead: {at: a, kind: {refuse: {}}, until: mark up reached}"));
            assert_eq!(faults.route("b", listener.address()).await.unwrap(), listener.address());
            let through = faults.route("a", listener.address()).await.unwrap();
            assert_eq!(faults.route("a", listener.address()).await.unwrap(), through);
            assert_eq!(stage.network().connect(through).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
            faults.watch();
            stage.mark("up").await;
            sleep(std::time::Duration::from_millis(1)).await;
            assert!(stage.network().connect(through).await.is_ok());
            faults.account();
            let (fault, other) = ("dead".to_owned(), "dead".to_owned());
            assert_eq!(fault_events(&stage), [What::FaultFired { fault }, What::FaultLifted { fault: other }]);
        });
    }

    #[test]
    fn a_fault_that_never_did_harm_is_owed_unless_it_is_optional() {
        on_stage(|stage| async move {
            let faults = Faults::new(&stage, &given("x: {at: a, kind: {stall: {}}}\ny: {at: a, kind: {stall: {}}, optional: true}"));
            faults.route("a", any_port()).await.unwrap();
            faults.watch();
            faults.account();
            let text = "fault `x` (stall at a) never did any harm".to_owned();
            assert_eq!(fault_events(&stage), [What::Owed { by: Owed::Harness, text }]);
        });
    }

    #[test]
    fn lift_all_also_takes_back_what_is_still_to_come() {
        on_stage(|stage| async move {
            let listener = stage.network().listen(any_port()).await.unwrap();
            let faults =
                Faults::new(&stage, &given("x: {at: a, kind: {refuse: {}}}\ny: {at: a, kind: {refuse: {}}, from: mark late reached}"));
            let through = faults.route("a", listener.address()).await.unwrap();
            faults.watch();
            faults.lift_all();
            stage.mark("late").await;
            sleep(std::time::Duration::from_millis(1)).await;
            assert!(stage.network().connect(through).await.is_ok());
        });
    }
}
