//! From an address to a driven connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use proofmark_transport::Network;
use proofmark_transport::clock::{now, timeout_at};
use tokio::sync::mpsc::UnboundedSender;

use crate::connection::Connection;
use crate::connection::driver::{Driver, NO_SETTINGS_YET, Progress};
use crate::connection::keepalive::Watch;
use crate::connection::pulse::{Pulse, PulsedLink};
use crate::options::Keepalive;
use crate::policy::ConnectionRules;

/// One connection to be made.
pub(crate) struct Dial {
    /// Its number; reports carry it.
    pub(crate) id: u64,
    pub(crate) address: SocketAddr,
    pub(crate) network: Arc<dyn Network>,
    pub(crate) keepalive: Option<Keepalive>,
    pub(crate) rules: Arc<dyn ConnectionRules>,
}

/// What became of a dialled connection.
pub(crate) enum DialReport {
    /// It takes calls.
    Ready(Arc<Connection>),
    /// It takes no new ones.
    Draining,
    /// It never took any.
    Failed(String),
    /// It is over. `too_many_pings`: the peer complained about keepalive.
    Ended { why: String, too_many_pings: bool },
}

impl Dial {
    /// Makes the connection and drives it to its end, reporting on the way. Dropping the future closes it.
    pub(crate) async fn run<E: From<(u64, DialReport)>>(self, reports: UnboundedSender<E>) {
        let report = |what| {
            // nobody listens once the channel is closed
            let _ = reports.send(E::from((self.id, what)));
        };
        let limit = now() + self.rules.connect_timeout();
        let (mut driver, connection) = match timeout_at(limit, self.establish()).await {
            Ok(Ok(established)) => established,
            Ok(Err(problem)) => {
                return report(DialReport::Failed(format!("could not connect to {}: {problem}", self.address)));
            }
            Err(_) => {
                return report(DialReport::Failed(format!("could not connect to {} in time", self.address)));
            }
        };
        report(DialReport::Ready(connection.clone()));
        while driver.next().await != Progress::Ended {
            report(DialReport::Draining);
        }
        let why = connection.why();
        report(DialReport::Ended { too_many_pings: why.contains(COMPLAINT), why });
    }

    /// Connects, and drives the connection until the peer's SETTINGS are there.
    async fn establish(&self) -> Result<(Driver, Arc<Connection>), String> {
        let link = self.network.connect(self.address).await.map_err(|error| error.to_string())?;
        let pulse = self.keepalive.map(|_| Pulse::new());
        let (sender, mut h2) = builder().handshake(PulsedLink::new(link, pulse.clone())).await.map_err(|error| error.to_string())?;
        let watch = match (self.keepalive, pulse, h2.ping_pong()) {
            (Some(settings), Some(pulse), Some(ping_pong)) => {
                let time = self.rules.keepalive_time(settings.time);
                Some(Watch::new(Keepalive { time, ..settings }, pulse, ping_pong))
            }
            _ => None,
        };
        let connection = Arc::new(Connection::new(self.address, sender.clone()));
        let mut driver = Driver::new(h2, sender, connection.clone(), watch, self.rules.clone());
        match driver.next().await {
            Progress::Ready => Ok((driver, connection)),
            _ => Err(connection.why()),
        }
    }
}

/// h2's own limits, all of them chosen here.
fn builder() -> h2::client::Builder {
    let mut builder = h2::client::Builder::new();
    builder
        .enable_push(false)
        .initial_max_send_streams(NO_SETTINGS_YET)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(HEADER_LIST)
        .max_concurrent_reset_streams(RESET_STREAMS)
        .reset_stream_duration(RESET_MEMORY)
        .max_local_error_reset_streams(Some(ERROR_RESETS));
    builder
}

/// How much a peer may send of one response before the application reads.
const STREAM_WINDOW: u32 = 256 * 1024;

/// The same for all responses together: 64 stalled streams do not hold up the next one.
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;

/// Decoded size of a header block. A larger one ends its stream; one several times larger (an HPACK bomb) ends the connection, and either way
/// no more than this is kept. It also bounds CONTINUATION frames: h2 allows 5 for every 4 full frames that such a block needs, so 40 here, and
/// ends the connection of a peer that sends more.
const HEADER_LIST: u32 = 512 * 1024;

/// Streams reset here whose late frames are still expected. Beyond that the oldest are forgotten, and late DATA is answered with STREAM_CLOSED.
const RESET_STREAMS: usize = 4096;

/// How long they are expected. h2 reads the real clock for this.
const RESET_MEMORY: Duration = Duration::from_secs(30);

/// Stream errors of the peer before the connection is ended with ENHANCE_YOUR_CALM.
const ERROR_RESETS: usize = 1024;

/// The debug data of a GOAWAY about keepalive (gRFC A8).
const COMPLAINT: &str = "too_many_pings";
