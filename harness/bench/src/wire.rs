//! Unary calls a second over loopback TCP: the reference service beside tonic's server, the reference channel beside tonic's.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::future::try_join_all;
use h2::client::SendRequest;
use proofmark_api::user::GetUserRequest;
use proofmark_api::user::user_service_client::UserServiceClient;
use proofmark_api::user::user_service_server::UserServiceServer;
use proofmark_client::{Channel, Options};
use proofmark_service::{Calling, Environment, HooksConfig, Settings, SqliteStore, StoreConfig};
use proofmark_transport::clock::{Instant, timeout};
use proofmark_transport::{Clock, Seed, TcpNetwork};
use prost::Message;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};

use crate::plain::Plain;

pub(crate) fn measure() -> Result<String> {
    let folder = tempfile::tempdir()?;
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let text = runtime.block_on(async {
        let config = StoreConfig::File { path: folder.path().join("users.db"), calling: Calling::Blocking };
        let mut environment = Environment::real(config.clone());
        environment.test_hooks = Some(HooksConfig { users: 10, ..HooksConfig::default() });
        let ours = proofmark_service::start(Settings::default(), environment, SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let theirs = tonic_server(&config).await?;
        let mut out = String::new();
        for concurrent in [1, 50] {
            let (our, their) = (server_rate(ours.address(), concurrent).await?, server_rate(theirs, concurrent).await?);
            writeln!(out, "  service, unary at {concurrent:>2}: {our:.0}/s, tonic's server {their:.0}/s, ratio {:.2}", our / their)?;
        }
        for concurrent in [1, 50] {
            let (our, their) = (our_channel_rate(theirs, concurrent).await?, their_channel_rate(theirs, concurrent).await?);
            writeln!(out, "  channel, unary at {concurrent:>2}: {our:.0}/s, tonic's channel {their:.0}/s, ratio {:.2}", our / their)?;
        }
        Ok::<_, anyhow::Error>(out)
    });
    runtime.shutdown_background();
    text
}

async fn tonic_server(config: &StoreConfig) -> Result<SocketAddr> {
    let store = Arc::new(SqliteStore::open(config)?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::spawn(Server::builder().add_service(UserServiceServer::new(Plain(store))).serve_with_incoming(incoming));
    Ok(address)
}

/// Calls a second of a server, asked by a bare h2 client.
async fn server_rate(address: SocketAddr, concurrent: usize) -> Result<f64> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (send, connection) = h2::client::handshake(stream).await?;
    let connection = tokio::spawn(connection);
    let message = GetUserRequest { id: "user-1".into() }.encode_to_vec();
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(message.len() as u32);
    framed.put_slice(&message);
    let request = framed.freeze();
    let rate = rate(concurrent, || bare_call(send.clone(), request.clone())).await;
    connection.abort();
    rate
}

async fn bare_call(send: SendRequest<Bytes>, message: Bytes) -> Result<()> {
    let request = http::Request::post("http://a/user.v1.UserService/GetUser")
        .header("te", "trailers")
        .header("content-type", "application/grpc")
        .body(())?;
    let mut send = send.ready().await?;
    let (response, mut stream) = send.send_request(request, false)?;
    stream.send_data(message, true)?;
    let mut body = response.await?.into_body();
    while let Some(data) = body.data().await {
        let length = data?.len();
        body.flow_control().release_capacity(length)?;
    }
    let trailers = body.trailers().await?.ok_or_else(|| anyhow!("no trailers"))?;
    if trailers.get("grpc-status").is_some_and(|status| status == "0") { Ok(()) } else { Err(anyhow!("not OK: {trailers:?}")) }
}

async fn our_channel_rate(address: SocketAddr, concurrent: usize) -> Result<f64> {
    let channel = Channel::open(Options::new(Arc::new(TcpNetwork), Clock::system(), Seed(1), vec![address]))?;
    let client = UserServiceClient::new(channel.clone());
    let rate = rate(concurrent, || {
        let mut client = client.clone();
        async move { Ok(client.get_user(GetUserRequest { id: "user-1".into() }).await.map(drop)?) }
    })
    .await;
    channel.close();
    rate
}

async fn their_channel_rate(address: SocketAddr, concurrent: usize) -> Result<f64> {
    let channel = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true).connect().await?;
    let client = UserServiceClient::new(channel);
    rate(concurrent, || {
        let mut client = client.clone();
        async move { Ok(client.get_user(GetUserRequest { id: "user-1".into() }).await.map(drop)?) }
    })
    .await
}

/// Calls a second of so many loops, for a while.
async fn rate<F: Future<Output = Result<()>> + Send + 'static>(concurrent: usize, call: impl Fn() -> F) -> Result<f64> {
    timeout(Duration::from_secs(10), call()).await??;
    let start = Instant::now();
    let loops = (0..concurrent).map(|_| async {
        let mut count = 0_u64;
        while start.elapsed() < LENGTH {
            call().await?;
            count += 1;
        }
        Ok::<_, anyhow::Error>(count)
    });
    let counts = try_join_all(loops).await?;
    Ok(counts.iter().sum::<u64>() as f64 / start.elapsed().as_secs_f64())
}

const LENGTH: Duration = Duration::from_secs(2);
