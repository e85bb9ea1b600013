//! The traits that everything which talks to a peer is written against.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One end of a connection.
pub type BoxLink = Box<dyn Link>;

/// One end of a byte connection. Dropping it, or shutting it down, ends it in order (FIN).
pub trait Link: AsyncRead + AsyncWrite + Send + Unpin + Debug {
    /// Ends the connection by a reset (RST) when it is dropped: the other end's reads fail with `ConnectionReset`, bytes under way are lost.
    fn reset_on_drop(&mut self);
}

/// Accepts connections at one address. Dropping it closes the address: later connects are refused.
pub trait Listener: Send + Debug {
    /// The address that was bound, with its real port.
    fn address(&self) -> SocketAddr;

    /// The next connection and the address of its other end. Cancel safe.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxLink, SocketAddr)>>;
}

/// An address that is kept, until this is dropped.
#[derive(Debug)]
pub struct Held(#[expect(dead_code, reason = "it is there to be dropped")] pub(crate) tokio::net::TcpSocket);

/// Something that can listen and connect.
pub trait Network: Send + Sync + Debug {
    /// Listens at `address`; port 0 means a free one.
    fn listen(&self, address: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>>;

    /// Keeps `address` for whoever listens there next: connects are refused, and nobody else is given it as a free one. Nothing where that cannot happen.
    fn hold(&self, _address: SocketAddr) -> Option<Held> {
        None
    }

    /// Connects to `address`; an address that nobody listens on gives `ConnectionRefused`.
    fn connect(&self, address: SocketAddr) -> BoxFuture<'static, io::Result<BoxLink>>;
}
