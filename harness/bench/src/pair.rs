//! A bare tonic client and server on a paused clock, in memory, made anew for each call: what a case could cost at least.

use std::sync::Arc;

use anyhow::Result;
use hyper_util::rt::TokioIo;
use proofmark_api::user::GetUserRequest;
use proofmark_api::user::user_service_client::UserServiceClient;
use proofmark_api::user::user_service_server::UserServiceServer;
use proofmark_engine::run::execute::Stopwatch;
use proofmark_service::{MemorySlot, SqliteStore, StoreConfig};
use tokio::runtime::Builder;
use tonic::transport::{Endpoint, Server};

use crate::plain::Plain;

pub(crate) fn measure() -> Result<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let stopwatch = Stopwatch::start();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(|| (0..PAIRS).try_for_each(|_| one_pair()))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a thread panicked"))))
    })?;
    let per_second = (PAIRS * cores) as f64 * 1000.0 / stopwatch.millis();
    Ok(format!("bare tonic pair with a store in memory, one call each, on a paused clock: {per_second:.0} a second on {cores} cores"))
}

fn one_pair() -> Result<()> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let store = Arc::new(SqliteStore::open(&StoreConfig::Memory(MemorySlot::default()))?);
        let (near, far) = tokio::io::duplex(64 * 1024);
        let incoming = futures_util::stream::once(async { Ok::<_, std::io::Error>(far) });
        tokio::spawn(Server::builder().add_service(UserServiceServer::new(Plain(store))).serve_with_incoming(incoming));
        let mut near = Some(near);
        let connector = tower::service_fn(move |_| {
            let link = near.take().map(TokioIo::new).ok_or(std::io::ErrorKind::ConnectionRefused);
            async move { link.map_err(std::io::Error::from) }
        });
        let channel = Endpoint::from_static("http://localhost").connect_with_connector(connector).await?;
        UserServiceClient::new(channel).get_user(GetUserRequest { id: "nobody".into() }).await.map(drop)?;
        Ok(())
    })
}

const PAIRS: usize = 1_000;
