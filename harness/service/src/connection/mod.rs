//! One connection: handshake, accepting calls, and its way out, on the `h2` crate.
//!
//! - [`serve`]: the task of a connection
//! - [`task`]: the task of a call, which owns its stream
//! - [`request`]: the request as handlers read it
//! - [`gate`]: the link, with a way to let a PING ack in
//!
//! h2's own limits are set on purpose. Header lists: the setting `max-header-list`, by default 128 KiB, since h2 derives from it how many CONTINUATION frames a
//! block may have (ten), and blocks are legally cut anywhere. Streams that the peer resets before we saw them: 100, so that a burst of cancels is no attack.
//! Streams that we reset and still remember: 256. Windows: 256 KiB a stream and 1 MiB a connection, so that four stalled streams leave room for others.

pub(crate) mod gate;
pub(crate) mod request;
pub(crate) mod task;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::server::{Connection, SendResponse};
use proofmark_transport::clock::{Instant, sleep_until};
use proofmark_transport::watch;
use proofmark_transport::{BoxLink, Chance};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::app::App;
use crate::call::Call;
use crate::connection::gate::{Gate, GateHandle};
use crate::connection::task::{CallTask, Stop};
use crate::interceptor::Inner;
use crate::shutdown::{Roster, Seat, Stage};

/// What a connection is served with.
#[derive(Debug)]
pub(crate) struct Serving<S> {
    pub(crate) app: Arc<App>,
    pub(crate) stack: S,
    pub(crate) stage: watch::Receiver<Stage>,
    pub(crate) roster: Arc<Roster>,
    pub(crate) jitter: Chance,
}

impl<S: Inner> Serving<S> {
    /// Serves a connection until it has ended and every call on it too.
    pub(crate) async fn serve(mut self, link: BoxLink, peer: SocketAddr) {
        let keeps_open = !self.app.policies.shutdown.closes_drained(false);
        let (gate, handle) = Gate::new(link, keeps_open);
        let handshake = limits(&self.app).handshake(gate);
        let closes_unready = self.app.policies.shutdown.closes_unready();
        let ready = tokio::select! {
            biased;
            ready = handshake => ready,
            () = closes_unready_at(&mut self.stage, closes_unready) => return,
        };
        let Ok(connection) = ready else { return };
        let seat = self.roster.join();
        let mut connected = Connected::new(self, connection, handle, peer, seat);
        connected.run().await;
        connected.finish().await;
    }
}

/// A connection after its handshake.
struct Connected<S> {
    serving: Serving<S>,
    connection: Option<Connection<Gate, Bytes>>,
    gate: GateHandle,
    peer: SocketAddr,
    seat: Seat,
    calls: JoinSet<()>,
    stop: watch::Sender<Stop>,
    shared: Arc<Shared>,
    is_leaving: bool,
    timers: Timers,
}

/// What the calls of a connection tell it.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) active: AtomicUsize,
    pub(crate) changed: Notify,
    pub(crate) is_broken: AtomicBool,
    /// The end of the last call is to be told.
    pub(crate) tells_idle: bool,
}

/// When something is due.
#[derive(Debug, Default)]
struct Timers {
    ack: Option<Instant>,
    age: Option<Instant>,
    idle: Option<Instant>,
    cut: Option<Instant>,
}

enum Event {
    Accepted(Box<(http::Request<h2::RecvStream>, SendResponse<Bytes>)>),
    Closed,
    Stage,
    Due,
    Shared,
}

impl<S: Inner> Connected<S> {
    fn new(mut serving: Serving<S>, connection: Connection<Gate, Bytes>, gate: GateHandle, peer: SocketAddr, seat: Seat) -> Self {
        let now = Instant::now();
        let settings = &serving.app.settings;
        let age = settings.max_age.map(|age| now + serving.jitter.between(age.mul_f64(0.9), age.mul_f64(1.1)));
        let idle = settings.max_idle.map(|idle| now + idle);
        // a shutdown that began during the handshake is news
        serving.stage.mark_changed();
        Self {
            connection: Some(connection),
            gate,
            peer,
            seat,
            calls: JoinSet::new(),
            stop: watch::Sender::new(Stop::No),
            shared: Arc::new(Shared { tells_idle: idle.is_some(), ..Shared::default() }),
            is_leaving: false,
            timers: Timers { age, idle, ..Timers::default() },
            serving,
        }
    }

    /// Accepts calls until the connection is closed or cut.
    async fn run(&mut self) {
        while self.connection.is_some() {
            match self.next().await {
                Event::Accepted(arrived) => self.begin(*arrived),
                Event::Closed => self.connection = None,
                Event::Stage => self.follow_stage().await,
                Event::Due => self.keep_time(),
                Event::Shared => self.note_calls(),
            }
        }
    }

    async fn next(&mut self) -> Event {
        let Some(connection) = &mut self.connection else { return Event::Closed };
        let due = self.timers.next();
        tokio::select! {
            biased;
            changed = self.serving.stage.changed() => if changed.is_ok() { Event::Stage } else { Event::Closed },
            () = self.shared.changed.notified() => Event::Shared,
            accepted = connection.accept() => match accepted {
                Some(Ok(arrived)) => Event::Accepted(Box::new(arrived)),
                // a broken connection ends its calls by itself
                Some(Err(_)) | None => Event::Closed,
            },
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Event::Due,
        }
    }

    fn begin(&mut self, (request, mut respond): (http::Request<h2::RecvStream>, SendResponse<Bytes>)) {
        let app = &self.serving.app;
        if self.is_leaving && !app.policies.shutdown.serves_after_first_goaway() {
            respond.send_reset(Reason::REFUSED_STREAM);
            return;
        }
        if let Some(refusal) = request::refusal(&request, &*app.policies.message) {
            // the peer may have reset it already
            let _ = respond.send_response(refusal, true);
            return;
        }
        let call = Arc::new(Call::new(request.uri().clone(), request.headers(), self.peer, Instant::now()));
        self.timers.idle = None;
        // calls that have ended are let go here: nobody has to be woken for that
        while self.calls.try_join_next().is_some() {}
        let task = CallTask::new(app, call, request, respond, self.serving.stack.clone(), self.stop.subscribe(), self.shared.clone());
        self.calls.spawn(task.run());
    }

    async fn follow_stage(&mut self) {
        let stage = *self.serving.stage.borrow_and_update();
        if stage >= Stage::WatchesCut && self.serving.app.policies.shutdown.ends_watches() {
            self.stop.send_if_modified(|stop| std::mem::replace(stop, (*stop).max(Stop::Watches)) < Stop::Watches);
        }
        if stage >= Stage::Flushing {
            self.flush().await;
            self.seat.flushed();
        }
        if stage >= Stage::Leaving && stage < Stage::Forced {
            self.leave();
        }
        if stage >= Stage::Forced {
            self.cut().await;
        }
    }

    /// Hands everything that the calls have written to the link, before anything that is written from here.
    async fn flush(&mut self) {
        while let Some(connection) = &mut self.connection {
            let accepted = std::future::poll_fn(|cx| match connection.poll_accept(cx) {
                std::task::Poll::Ready(accepted) => std::task::Poll::Ready(Some(accepted)),
                std::task::Poll::Pending => std::task::Poll::Ready(None),
            });
            match accepted.await {
                None => return,
                Some(Some(Ok(arrived))) => self.begin(arrived),
                Some(Some(Err(_)) | None) => self.connection = None,
            }
        }
    }

    /// First GOAWAY and PING; the final GOAWAY follows the ack, or our own if none comes.
    fn leave(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        if std::mem::replace(&mut self.is_leaving, true) {
            return;
        }
        connection.graceful_shutdown();
        let policy = &self.serving.app.policies.shutdown;
        if policy.skips_round_trip() {
            self.gate.acknowledge_shutdown();
        }
        self.timers.age = None;
        self.timers.idle = None;
        self.timers.ack = policy.ping_patience().map(|patience| Instant::now() + patience);
    }

    fn keep_time(&mut self) {
        let now = Instant::now();
        if Timers::take(&mut self.timers.ack, now) {
            self.gate.acknowledge_shutdown();
        }
        if Timers::take(&mut self.timers.age, now) {
            self.timers.cut = self.serving.app.settings.max_age_grace.map(|grace| now + grace);
            self.leave();
        }
        if Timers::take(&mut self.timers.idle, now) {
            self.leave();
        }
        if Timers::take(&mut self.timers.cut, now) {
            self.stop.send_replace(Stop::All);
        }
    }

    fn note_calls(&mut self) {
        if self.shared.is_broken.load(Ordering::Relaxed) {
            self.connection = None;
        }
        let is_idle = self.shared.active.load(Ordering::Relaxed) == 0;
        if is_idle && !self.is_leaving {
            self.timers.idle = self.serving.app.settings.max_idle.map(|idle| Instant::now() + idle);
        }
    }

    /// Ends the remaining calls; what they have to say is flushed for a while, then the connection is closed.
    async fn cut(&mut self) {
        if self.serving.app.policies.shutdown.cuts_calls() {
            self.stop.send_replace(Stop::All);
        }
        let end = Instant::now() + FLUSH;
        while let Some(connection) = &mut self.connection {
            if self.shared.active.load(Ordering::Relaxed) == 0 && !connection.has_streams() {
                break;
            }
            tokio::select! {
                biased;
                Some(_) = self.calls.join_next(), if !self.calls.is_empty() => {}
                accepted = connection.accept() => match accepted {
                    Some(Ok((_, mut respond))) => respond.send_reset(Reason::REFUSED_STREAM),
                    Some(Err(_)) | None => self.connection = None,
                },
                () = sleep_until(end) => break,
            }
        }
        if let Some(mut connection) = self.connection.take() {
            connection.abrupt_shutdown(Reason::NO_ERROR);
            let closed = std::future::poll_fn(|cx| connection.poll_closed(cx));
            tokio::select! {
                biased;
                _ = closed => {}
                () = sleep_until(end) => {}
            }
        }
    }

    /// After the connection: its calls have been told, and end.
    async fn finish(&mut self) {
        while self.calls.join_next().await.is_some() {}
        if self.gate.keeps_open() {
            let served_calls = self.shared.active.load(Ordering::Relaxed) > 0;
            if !self.serving.app.policies.shutdown.closes_drained(served_calls) {
                let _ = self.serving.stage.wait_for(|stage| *stage == Stage::Forced).await;
            }
        }
    }
}

impl Timers {
    fn next(&self) -> Option<Instant> {
        [self.ack, self.age, self.idle, self.cut].into_iter().flatten().min()
    }

    fn take(timer: &mut Option<Instant>, now: Instant) -> bool {
        timer.take_if(|due| *due <= now).is_some()
    }
}

async fn closes_unready_at(stage: &mut watch::Receiver<Stage>, closes: bool) {
    if !closes {
        std::future::pending::<()>().await;
    }
    // without a sender the server is gone
    let _ = stage.wait_for(|stage| *stage >= Stage::LameDuckOver).await;
}

fn limits(app: &App) -> h2::server::Builder {
    let mut limits = h2::server::Builder::new();
    limits
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(app.settings.max_concurrent_streams)
        .max_header_list_size(app.settings.max_header_list)
        .max_pending_accept_reset_streams(100)
        .max_concurrent_reset_streams(256)
        .max_send_buffer_size(SEND_BUFFER);
    limits
}

const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;
const SEND_BUFFER: usize = 256 << 10;

/// How long cut calls may be flushed.
const FLUSH: Duration = Duration::from_millis(250);
