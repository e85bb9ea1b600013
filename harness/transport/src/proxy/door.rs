//! The listening side of a proxy.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use crate::clock::sleep;
use crate::net::{BoxFuture, BoxLink, Held, Listener, Network};

/// Lets connections in, or has nobody listen.
pub(super) enum Door {
    /// Somebody listens, and waits for the next connection.
    Open(Accepting),
    /// Nobody listens: connections are refused. The address is kept: another case that got it would answer in our place.
    Shut(#[expect(dead_code, reason = "it is there to be dropped")] Option<Held>),
    /// Listens again at the same address.
    Opening(BoxFuture<'static, io::Result<Box<dyn Listener>>>),
}

/// The listener is inside, so that dropping the wait closes the address at once.
type Accepting = Pin<Box<dyn Future<Output = (Box<dyn Listener>, io::Result<BoxLink>)>>>;

impl Door {
    /// A door that is open.
    pub(super) fn open(mut listener: Box<dyn Listener>) -> Self {
        Self::Open(Box::pin(async move {
            let accepted = listener.accept().await.map(|(link, _)| link);
            (listener, accepted)
        }))
    }

    /// Shuts or opens; both take effect at once where the network allows it.
    pub(super) fn adjust(&mut self, refuses: bool, network: &Arc<dyn Network>, address: SocketAddr) {
        match (refuses, &*self) {
            (true, Self::Shut(_)) => {}
            (true, _) => {
                // as long as somebody listens the address cannot be had
                *self = Self::Shut(None);
                *self = Self::Shut(network.hold(address));
            }
            (false, Self::Shut(_)) => {
                *self = Self::Opening(network.listen(address));
                // whoever runs the proxy polls again with a real waker
                self.poll_open(network, address, &mut Context::from_waker(Waker::noop()));
            }
            (false, _) => {}
        }
    }

    /// The next connection.
    pub(super) fn poll_accept(&mut self, network: &Arc<dyn Network>, address: SocketAddr, cx: &mut Context<'_>) -> Poll<BoxLink> {
        loop {
            self.poll_open(network, address, cx);
            let Self::Open(accepting) = self else { return Poll::Pending };
            let (listener, accepted) = ready!(accepting.as_mut().poll(cx));
            *self = Self::open(listener);
            // a connection that failed before it was accepted is none
            if let Ok(link) = accepted {
                return Poll::Ready(link);
            }
        }
    }

    fn poll_open(&mut self, network: &Arc<dyn Network>, address: SocketAddr, cx: &mut Context<'_>) {
        while let Self::Opening(opening) = self {
            match opening.as_mut().poll(cx) {
                Poll::Pending => return,
                Poll::Ready(Ok(listener)) => *self = Self::open(listener),
                Poll::Ready(Err(_)) => *self = Self::Opening(try_later(network.clone(), address)),
            }
        }
    }
}

/// A free port can be somebody's for a moment: that of an outgoing connection, for example.
fn try_later(network: Arc<dyn Network>, address: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
    Box::pin(async move {
        sleep(LATER).await;
        network.listen(address).await
    })
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open(_) => "Open",
            Self::Shut(_) => "Shut",
            Self::Opening(_) => "Opening",
        })
    }
}

const LATER: Duration = Duration::from_millis(10);
