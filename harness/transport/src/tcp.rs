//! TCP, meant for loopback.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::net::{BoxFuture, BoxLink, Held, Link, Listener, Network};

/// The machine's TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpNetwork;

impl Network for TcpNetwork {
    fn listen(&self, address: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        Box::pin(async move { Ok(Box::new(Bound(TcpListener::bind(address).await?)) as Box<dyn Listener>) })
    }

    fn hold(&self, address: SocketAddr) -> Option<Held> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.ok()?;
        // whoever listens at an address that was in use a moment ago says this, too
        socket.set_reuseaddr(true).ok()?;
        socket.bind(address).ok()?;
        Some(Held(socket))
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

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[tokio::test]
    async fn a_held_address_refuses_and_is_nobodys_but_the_next_listeners() {
        let address = TcpNetwork.listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap().address();
        let held = TcpNetwork.hold(address).unwrap();
        assert_eq!(TcpNetwork.connect(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        let listener = TcpNetwork.listen(address).await.unwrap();
        assert!(TcpNetwork.connect(address).await.is_ok(), "listening works while the address is held");
        drop((held, listener));
        assert!(TcpNetwork.listen(address).await.is_ok());
    }
}
