//! A server that runs already, at a host and port. It is not started, steered or signalled.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use proofmark_system::{ServerFactory, ServerInfo, ServerLaunch, ServerSystem, Signal, StartError, Tier};
use proofmark_transport::clock::timeout;
use proofmark_transport::{BoxFuture, Network, TcpNetwork};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Builder;

/// A server at an address.
#[derive(Clone, Debug)]
pub struct AddressServer {
    /// Its name in reports.
    pub name: String,
    /// Where it is.
    pub address: SocketAddr,
    /// What it has.
    pub features: BTreeSet<String>,
}

impl ServerFactory for AddressServer {
    fn info(&self) -> ServerInfo {
        ServerInfo { name: self.name.clone(), version: "unknown".into(), tier: Tier::Address, features: self.features.clone() }
    }

    fn start(&self, launch: ServerLaunch) -> BoxFuture<'_, Result<Box<dyn ServerSystem>, StartError>> {
        let address = self.address;
        Box::pin(async move {
            launch.network.connect(address).await.map_err(|error| {
                StartError::Failed(format!(
                    "nobody answers at {address}: {error}; start the server, or say where it is with --address HOST:PORT"
                ))
            })?;
            Ok(Box::new(Reached(address)) as Box<dyn ServerSystem>)
        })
    }
}

/// Looks whether the server at `address` speaks HTTP/2 without TLS. Blocks.
///
/// # Errors
/// Where nobody answers, or the answer is something else; says what was seen.
pub fn check(address: SocketAddr) -> Result<(), StartError> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| StartError::Failed(format!("no runtime: {error}")))?;
    runtime.block_on(say_hello(address))
}

async fn say_hello(address: SocketAddr) -> Result<(), StartError> {
    let refused = |error: std::io::Error| {
        StartError::Failed(format!("nobody answers at {address}: {error}; start the server, or say where it is with --address HOST:PORT"))
    };
    let mut link = TcpNetwork.connect(address).await.map_err(refused)?;
    let mut hello = proofmark_wire::PREFACE.to_vec();
    hello.extend_from_slice(&[0, 0, 0, 4, 0, 0, 0, 0, 0]);
    link.write_all(&hello).await.map_err(refused)?;
    let mut head = [0; 9];
    let wanted = "a SETTINGS frame of HTTP/2 without TLS; is this the gRPC port?";
    match timeout(HELLO_LIMIT, link.read_exact(&mut head)).await {
        Ok(Ok(_)) if head[3] == proofmark_wire::kind::SETTINGS => Ok(()),
        Ok(Ok(_)) => {
            Err(StartError::Failed(format!("{address} speaks something else: it began with `{}`, wanted {wanted}", head.escape_ascii())))
        }
        Ok(Err(_)) => Err(StartError::Failed(format!("{address} closed the connection at the HTTP/2 preface, wanted {wanted}"))),
        Err(_) => {
            Err(StartError::Failed(format!("{address} accepted the connection and said nothing for {HELLO_LIMIT:?}, wanted {wanted}")))
        }
    }
}

#[derive(Debug)]
struct Reached(SocketAddr);

impl ServerSystem for Reached {
    fn address(&self) -> SocketAddr {
        self.0
    }

    fn pid(&self) -> Option<u32> {
        None
    }

    fn signal(&mut self, _: Signal) {}

    fn steer(&mut self, _: &str) {}
}

const HELLO_LIMIT: Duration = Duration::from_secs(5);
