//! Carries connections and applies faults to them, the same code on every network.
//!
//! - `Proxy`: what is armed; the rest follows it
//! - `door`: lets connections in, leaves them outside, or refuses them
//! - `conn`: carries one connection
//! - `harm`: what the armed faults do to it
//! - `way`: what is under way in one direction of it

mod conn;
mod door;
mod harm;
mod way;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use self::conn::Conn;
use self::door::Door;
use crate::chance::Seed;
use crate::fault::{Entry, Fault};
use crate::net::Network;

/// Listens at a loopback port of its own and carries each connection to a target, harming it as it is armed. Clones are the same proxy.
///
/// FIN is carried over as FIN and RST as RST; each direction ends by itself. Connections are counted from 1 in the order in which they
/// were accepted. A connection that the target refuses is reset, since it was accepted already.
#[derive(Clone, Debug)]
pub struct Proxy(Rc<Shared>);

/// A fault did harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing<'a> {
    /// The name of the fault.
    pub fault: &'a str,
    /// The connection that it harmed, for the first time since it was armed; none for a fault that shuts the door, which counts as harm
    /// from when it is armed, because nobody sees who stands outside.
    pub connection: Option<u32>,
}

impl Proxy {
    /// Listens at a free loopback port for what shall go to `target`. Nothing is carried before [`Proxy::run`] is polled.
    ///
    /// `fired` is told of harm just before it is done; it must not call the proxy. All chance is drawn from `seed`, by the name of the
    /// fault, the number of the connection and the direction.
    ///
    /// # Errors
    /// Where no port can be bound.
    pub async fn open(network: Arc<dyn Network>, target: SocketAddr, seed: Seed, fired: impl Fn(Firing<'_>) + 'static) -> io::Result<Self> {
        let listener = network.listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        Ok(Self(Rc::new(Shared {
            address: listener.address(),
            door: RefCell::new(Door::open(listener)),
            network,
            target: Cell::new(target),
            seed,
            armed: RefCell::default(),
            serial: Cell::new(0),
            accepted: Cell::new(0),
            wakers: RefCell::default(),
            fired: Box::new(fired),
        })))
    }

    /// Where it listens, also while it refuses.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Carries later connections to another target.
    pub fn retarget(&self, target: SocketAddr) {
        self.0.target.set(target);
    }

    /// Arms a fault, from now on. Armed already, it stays so.
    pub fn arm(&self, fault: Fault) {
        let shared = &self.0;
        if shared.armed.borrow().iter().any(|armed| armed.fault.name == fault.name) {
            return;
        }
        if fault.kind.entry() != Entry::Open {
            (shared.fired)(Firing { fault: &fault.name, connection: None });
        }
        let serial = shared.next_serial();
        shared.armed.borrow_mut().push(Armed { serial, fault });
        shared.changed();
    }

    /// Lifts a fault: what it held back passes, what it did is done.
    pub fn lift(&self, name: &str) {
        self.0.armed.borrow_mut().retain(|armed| armed.fault.name != name);
        self.0.changed();
    }

    /// Lifts all faults.
    pub fn lift_all(&self) {
        self.0.armed.borrow_mut().clear();
        self.0.changed();
    }

    /// Accepts and carries connections for as long as it is polled; dropping it ends them all. Run it once.
    pub fn run(&self) -> impl Future<Output = ()> + 'static {
        Run { shared: self.0.clone(), conns: FuturesUnordered::new() }
    }
}

/// What the proxy, its door and its connections share.
struct Shared {
    address: SocketAddr,
    network: Arc<dyn Network>,
    target: Cell<SocketAddr>,
    seed: Seed,
    door: RefCell<Door>,
    armed: RefCell<Vec<Armed>>,
    /// Orders faults and connections by their beginning.
    serial: Cell<u64>,
    accepted: Cell<u32>,
    /// Who wants to know that faults changed: connections by number, at 0 the proxy itself.
    wakers: RefCell<BTreeMap<u32, Waker>>,
    fired: Box<dyn Fn(Firing<'_>)>,
}

/// A fault from when it was armed.
#[derive(Clone, Debug)]
struct Armed {
    serial: u64,
    fault: Fault,
}

impl Armed {
    fn concerns(&self, connection: u32) -> bool {
        self.fault.connection.is_none_or(|only| only == connection)
    }
}

impl Shared {
    fn next_serial(&self) -> u64 {
        self.serial.set(self.serial.get() + 1);
        self.serial.get()
    }

    fn changed(&self) {
        self.adjust_door();
        let wakers = std::mem::take(&mut *self.wakers.borrow_mut());
        wakers.into_values().for_each(Waker::wake);
    }

    /// What happens to the next connection.
    fn entry(&self) -> Entry {
        let next = self.accepted.get() + 1;
        self.armed.borrow().iter().filter(|armed| armed.concerns(next)).map(|armed| armed.fault.kind.entry()).max().unwrap_or(Entry::Open)
    }

    fn adjust_door(&self) {
        self.door.borrow_mut().adjust(self.entry() == Entry::Refused, &self.network, self.address);
    }

    fn wake_on_change(&self, connection: u32, waker: &Waker) {
        self.wakers.borrow_mut().insert(connection, waker.clone());
    }

    fn forget(&self, connection: u32) {
        self.wakers.borrow_mut().remove(&connection);
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("address", &self.address)
            .field("target", &self.target)
            .field("armed", &self.armed)
            .finish_non_exhaustive()
    }
}

struct Run {
    shared: Rc<Shared>,
    conns: FuturesUnordered<Conn>,
}

impl Run {
    fn poll_door(&self, cx: &mut Context<'_>) -> Poll<Conn> {
        if self.shared.entry() == Entry::Unattended {
            return Poll::Pending;
        }
        let link = std::task::ready!(self.shared.door.borrow_mut().poll_accept(&self.shared.network, self.shared.address, cx));
        self.shared.accepted.set(self.shared.accepted.get() + 1);
        self.shared.adjust_door();
        Poll::Ready(Conn::new(self.shared.clone(), self.shared.accepted.get(), link))
    }
}

impl Future for Run {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.shared.wake_on_change(0, cx.waker());
        while let Poll::Ready(conn) = self.poll_door(cx) {
            self.conns.push(conn);
        }
        while let Poll::Ready(Some(())) = self.conns.poll_next_unpin(cx) {}
        Poll::Pending
    }
}
