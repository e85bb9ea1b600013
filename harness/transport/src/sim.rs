//! A network in memory. Connects at once, loses nothing; delays and harm come from [`crate::proxy`].

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::sync::mpsc;

use crate::net::{BoxFuture, BoxLink, Link, Listener, Network};

/// An in-memory network; clones are the same network.
#[derive(Clone, Debug, Default)]
pub struct SimNetwork(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    listeners: BTreeMap<SocketAddr, mpsc::UnboundedSender<(BoxLink, SocketAddr)>>,
    next_port: u16,
}

impl SimNetwork {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bind(&self, address: SocketAddr) -> io::Result<Box<dyn Listener>> {
        let mut state = self.state();
        let address = if address.port() == 0 { state.free_port(address.ip()) } else { address };
        if state.listeners.contains_key(&address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let (sender, arrivals) = mpsc::unbounded_channel();
        state.listeners.insert(address, sender);
        Ok(Box::new(SimListener { network: self.clone(), address, arrivals }))
    }

    fn dial(&self, address: SocketAddr) -> io::Result<BoxLink> {
        let mut state = self.state();
        let local = state.free_port(address.ip());
        let listener = state.listeners.get(&address).ok_or(io::ErrorKind::ConnectionRefused)?;
        let (near, far) = pair();
        listener.send((Box::new(far), local)).map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(Box::new(near))
    }
}

impl State {
    fn free_port(&mut self, ip: IpAddr) -> SocketAddr {
        loop {
            self.next_port = self.next_port.wrapping_add(1).max(FIRST_PORT);
            let address = SocketAddr::new(ip, self.next_port);
            if !self.listeners.contains_key(&address) {
                return address;
            }
        }
    }
}

impl Network for SimNetwork {
    fn listen(&self, address: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        let bound = self.bind(address);
        Box::pin(async move { bound })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'static, io::Result<BoxLink>> {
        let network = self.clone();
        Box::pin(async move { network.dial(address) })
    }
}

#[derive(Debug)]
struct SimListener {
    network: SimNetwork,
    address: SocketAddr,
    arrivals: mpsc::UnboundedReceiver<(BoxLink, SocketAddr)>,
}

impl Listener for SimListener {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxLink, SocketAddr)>> {
        Box::pin(async { self.arrivals.recv().await.ok_or_else(|| io::ErrorKind::NotConnected.into()) })
    }
}

impl Drop for SimListener {
    fn drop(&mut self) {
        self.network.state().listeners.remove(&self.address);
        // as a kernel does with connections that nobody accepted
        while let Ok((mut link, _)) = self.arrivals.try_recv() {
            link.reset_on_drop();
        }
    }
}

/// Both ends of an in-memory connection.
pub fn pair() -> (SimLink, SimLink) {
    let (a, b) = duplex(BUFFER);
    let reset = Arc::new(Mutex::new(false));
    (SimLink { stream: a, reset: reset.clone(), resets: false }, SimLink { stream: b, reset, resets: false })
}

/// One end of an in-memory connection.
#[derive(Debug)]
pub struct SimLink {
    stream: DuplexStream,
    reset: Arc<Mutex<bool>>,
    resets: bool,
}

impl SimLink {
    fn was_reset(&self) -> bool {
        *self.reset.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link for SimLink {
    fn reset_on_drop(&mut self) {
        self.resets = true;
    }
}

impl Drop for SimLink {
    fn drop(&mut self) {
        if self.resets {
            *self.reset.lock().unwrap_or_else(PoisonError::into_inner) = true;
        }
    }
}

impl AsyncRead for SimLink {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.was_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if polled.is_ready() && self.was_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        polled
    }
}

impl AsyncWrite for SimLink {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.was_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if polled.is_ready() && self.was_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// What one direction holds before a writer has to wait, as a socket buffer would.
const BUFFER: usize = 256 * 1024;
const FIRST_PORT: u16 = 1024;
