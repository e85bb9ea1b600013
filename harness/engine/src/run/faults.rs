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

    /// Says which faults did no harm, though the case does not excuse that.
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
