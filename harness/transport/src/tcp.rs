//! TCP, meant for loopback.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};

use crate::net::{BoxFuture, BoxLink, Link, Listener, Network};

/// The machine's TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpNetwork;

impl Network for TcpNetwork {
    fn listen(&self, address: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        Box::pin(async move { Ok(Box::new(Bound(TcpListener::bind(address).await?)) as Box<dyn Listener>) })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'static, io::Result<BoxLink>> {
        Box::pin(async move { ready(TcpStream::connect(address).await?) })
    }
}

#[derive(Debug)]
struct Bound(TcpListener);

impl Listener for Bound {
    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxLink, SocketAddr)>> {
        Box::pin(async {
            let (stream, from) = self.0.accept().await?;
            Ok((ready(stream)?, from))
        })
    }
}

impl Link for TcpStream {
    fn reset_on_drop(&mut self) {
        // a linger time of zero makes close() send RST; a socket that is gone already needs none
        let _ = self.set_zero_linger();
    }
}

fn ready(stream: TcpStream) -> io::Result<BoxLink> {
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}
