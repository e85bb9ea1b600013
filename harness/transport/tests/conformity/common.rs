//! One body, two networks: what the tests of networks and faults share.

use std::cell::RefCell;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use proofmark_transport::clock::timeout;
use proofmark_transport::fault::{Direction, Fault, Kind};
use proofmark_transport::proxy::Proxy;
use proofmark_transport::{BoxLink, Listener, Network, Seed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::LocalSet;

/// Makes a test of each body on the simulated network in virtual time, and on loopback TCP.
macro_rules! on_both_networks {
    ($($(#[$meta:meta])* async fn $name:ident($network:ident: $type:ty) $body:block)+) => {
        $(async fn $name($network: $type) $body)+

        mod simulated {
            $($(#[$meta])* #[test] fn $name() { $crate::common::run_simulated(super::$name); })+
        }

        mod tcp {
            $($(#[$meta])* #[test] fn $name() { $crate::common::run_on_tcp(super::$name); })+
        }
    };
}

/// A network to test on.
#[derive(Clone)]
pub(crate) struct Net {
    pub(crate) network: Arc<dyn Network>,
    /// Times are exact.
    pub(crate) exact: bool,
}

pub(crate) fn run_simulated<F: Future<Output = ()>>(body: impl FnOnce(Net) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let net = Net { network: Arc::new(proofmark_transport::SimNetwork::default()), exact: true };
    LocalSet::new().block_on(&runtime, async { timeout(LIMIT, body(net)).await.expect("hangs") });
}

pub(crate) fn run_on_tcp<F: Future<Output = ()>>(body: impl FnOnce(Net) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let net = Net { network: Arc::new(proofmark_transport::TcpNetwork), exact: false };
    LocalSet::new().block_on(&runtime, async { timeout(LIMIT, body(net)).await.expect("hangs") });
}

impl Net {
    pub(crate) async fn listen(&self) -> Box<dyn Listener> {
        self.network.listen(any_port()).await.unwrap()
    }

    pub(crate) async fn connect(&self, address: SocketAddr) -> io::Result<BoxLink> {
        self.network.connect(address).await
    }

    /// Time passed as it should have: not less, and on the simulated network, to the timer's grain, not more.
    pub(crate) fn took(&self, passed: Duration, wanted: Duration) {
        assert!(passed >= wanted, "{passed:?} is less than {wanted:?}");
        let most = wanted + if self.exact { Duration::from_millis(1) } else { TCP_LAG };
        assert!(passed <= most, "{passed:?} is more than {most:?}");
    }
}

/// A fault that fired, and on which connection.
pub(crate) type Seen = (String, Option<u32>);

/// A server behind a proxy.
pub(crate) struct Bench {
    pub(crate) net: Net,
    pub(crate) listener: Box<dyn Listener>,
    pub(crate) proxy: Proxy,
    pub(crate) fired: Rc<RefCell<Vec<Seen>>>,
    running: tokio::task::JoinHandle<()>,
}

impl Bench {
    pub(crate) async fn new(net: Net) -> Self {
        Self::with_seed(net, Seed(7)).await
    }

    pub(crate) async fn with_seed(net: Net, seed: Seed) -> Self {
        let listener = net.listen().await;
        let fired = Rc::new(RefCell::new(Vec::new()));
        let seen = fired.clone();
        let proxy = Proxy::open(net.network.clone(), listener.address(), seed, move |firing| {
            seen.borrow_mut().push((firing.fault.to_owned(), firing.connection));
        })
        .await
        .unwrap();
        let running = tokio::task::spawn_local(proxy.run());
        Self { net, listener, proxy, fired, running }
    }

    /// A client's end and the server's end of a new connection.
    pub(crate) async fn connection(&mut self) -> (BoxLink, BoxLink) {
        let client = self.dial().await.unwrap();
        let (server, _) = self.listener.accept().await.unwrap();
        (client, server)
    }

    pub(crate) async fn dial(&self) -> io::Result<BoxLink> {
        self.net.connect(self.proxy.address()).await
    }

    /// Arms a fault called `harm`.
    pub(crate) fn arm(&self, kind: impl Kind + 'static, direction: Direction) {
        self.arm_one(kind, direction, None);
    }

    pub(crate) fn arm_one(&self, kind: impl Kind + 'static, direction: Direction, connection: Option<u32>) {
        self.proxy.arm(Fault { name: "harm".into(), kind: Rc::new(kind), connection, direction });
    }

    pub(crate) fn lift(&self) {
        self.proxy.lift("harm");
    }

    pub(crate) fn fired(&self) -> usize {
        self.fired.borrow().len()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Sender and receiver of a direction.
pub(crate) fn along(direction: Direction, (client, server): (BoxLink, BoxLink)) -> (BoxLink, BoxLink) {
    if direction == Direction::Downstream { (server, client) } else { (client, server) }
}

pub(crate) async fn send(link: &mut BoxLink, bytes: &[u8]) {
    link.write_all(bytes).await.unwrap();
}

pub(crate) async fn expect(link: &mut BoxLink, bytes: &[u8]) {
    let mut seen = vec![0; bytes.len()];
    link.read_exact(&mut seen).await.unwrap();
    assert!(seen == bytes, "other bytes arrived than were sent");
}

pub(crate) async fn expect_fin(link: &mut BoxLink) {
    assert_eq!(link.read(&mut [0; 16]).await.unwrap(), 0, "no FIN");
}

pub(crate) async fn expect_reset(link: &mut BoxLink) {
    let error = link.read(&mut [0; 16]).await.expect_err("no RST");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

/// Nothing can be read for a while.
pub(crate) async fn expect_quiet(link: &mut BoxLink) {
    let read = timeout(QUIET, link.read(&mut [0; 16])).await;
    assert!(read.is_err(), "something arrived: {read:?}");
}

pub(crate) fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// What is sent in tests of timing and bytes.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

pub(crate) const WAYS: [Direction; 2] = [Direction::Upstream, Direction::Downstream];
const LIMIT: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_millis(60);
/// How late a timer may be on a busy machine.
const TCP_LAG: Duration = Duration::from_secs(3);
