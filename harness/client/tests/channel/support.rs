//! Servers and shortcuts.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use proofmark_client::{CallEvent, CallEvents, CallHandle, CallKind, CallOptions, Channel, Code, Metadata, Options, Outcome};
use proofmark_transport::clock::{Instant, now};
use proofmark_transport::{BoxLink, Clock, Network, Seed, SimNetwork};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// One request as a server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) at: Duration,
    pub(crate) connection: usize,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }
}

/// A network with servers, and what they saw.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) network: SimNetwork,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    start: Instant,
}

pub(crate) type Reply = SendResponse<Bytes>;

impl World {
    pub(crate) fn new() -> Self {
        Self { network: SimNetwork::default(), seen: Arc::default(), start: now() }
    }

    pub(crate) fn options(&self, ports: &[u16]) -> Options {
        let addresses = ports.iter().map(|port| address(*port)).collect();
        Options::new(Arc::new(self.network.clone()), Clock::fixed(), Seed(7), addresses)
    }

    pub(crate) fn channel(&self, config: &str) -> Channel {
        let options = Options { service_config: Some(config.to_owned()), ..self.options(&[1]) };
        Channel::open(options).expect("opened")
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.seen.lock().expect("unpoisoned").clone()
    }

    /// Serves `port` with h2; `handler` gets the number of the request, over all connections, from 1.
    pub(crate) async fn serve<F, H>(&self, port: u16, handler: H)
    where
        F: Future<Output = ()> + Send + 'static,
        H: Fn(usize, Request<RecvStream>, Reply) -> F + Clone + Send + Sync + 'static,
    {
        self.serve_with(port, h2::server::Builder::new(), handler).await;
    }

    pub(crate) async fn serve_with<F, H>(&self, port: u16, builder: h2::server::Builder, handler: H)
    where
        F: Future<Output = ()> + Send + 'static,
        H: Fn(usize, Request<RecvStream>, Reply) -> F + Clone + Send + Sync + 'static,
    {
        let mut listener = self.network.listen(address(port)).await.expect("listening");
        let world = self.clone();
        tokio::spawn(async move {
            for connection in 1.. {
                let Ok((link, _)) = listener.accept().await else {
                    return;
                };
                tokio::spawn(world.clone().connection(connection, link, builder.clone(), handler.clone()));
            }
        });
    }

    async fn connection<F, H>(self, connection: usize, link: BoxLink, builder: h2::server::Builder, handler: H)
    where
        F: Future<Output = ()> + Send + 'static,
        H: Fn(usize, Request<RecvStream>, Reply) -> F + Clone + Send + Sync + 'static,
    {
        let Ok(mut server) = builder.handshake::<_, Bytes>(link).await else {
            return;
        };
        while let Some(Ok((request, reply))) = server.accept().await {
            let number = {
                let mut seen = self.seen.lock().expect("unpoisoned");
                let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
                seen.push(Seen { at: self.elapsed(), connection, path, headers });
                seen.len()
            };
            tokio::spawn(handler(number, request, reply));
        }
    }

    /// Serves `port` with hand-made frames; `script` gets the number of the connection, from 1.
    pub(crate) async fn raw<F, H>(&self, port: u16, script: H)
    where
        F: Future<Output = ()> + Send + 'static,
        H: Fn(usize, Raw) -> F + Send + Sync + 'static,
    {
        let mut listener = self.network.listen(address(port)).await.expect("listening");
        tokio::spawn(async move {
            for connection in 1.. {
                let Ok((link, _)) = listener.accept().await else {
                    return;
                };
                tokio::spawn(script(connection, Raw { link, window: true }));
            }
        });
    }
}

/// The server's end of a connection, frame by frame.
pub(crate) struct Raw {
    pub(crate) link: BoxLink,
    window: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawFrame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

pub(crate) const DATA: u8 = 0x0;
pub(crate) const HEADERS: u8 = 0x1;
pub(crate) const RST_STREAM: u8 = 0x3;
pub(crate) const SETTINGS: u8 = 0x4;
pub(crate) const PING: u8 = 0x6;
pub(crate) const GOAWAY: u8 = 0x7;
pub(crate) const CONTINUATION: u8 = 0x9;
pub(crate) const END_STREAM: u8 = 0x1;
pub(crate) const END_HEADERS: u8 = 0x4;

impl Raw {
    /// Reads the preface and sends SETTINGS.
    pub(crate) async fn greet(&mut self, settings: &[(u16, u32)]) {
        let mut preface = [0; 24];
        self.link.read_exact(&mut preface).await.expect("a preface");
        let payload: Vec<u8> =
            settings.iter().flat_map(|(id, value)| [id.to_be_bytes().to_vec(), value.to_be_bytes().to_vec()].concat()).collect();
        self.send(SETTINGS, 0, 0, &payload).await;
    }

    pub(crate) async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut frame = u32::try_from(payload.len()).expect("legal").to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        let _ = self.link.write_all(&frame).await;
    }

    /// The next frame; `None` at the end. SETTINGS and PING are answered, and left out.
    pub(crate) async fn next(&mut self) -> Option<RawFrame> {
        loop {
            let mut head = [0; 9];
            self.link.read_exact(&mut head).await.ok()?;
            let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            let mut payload = vec![0; length];
            self.link.read_exact(&mut payload).await.ok()?;
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            match (head[3], head[4] & 1) {
                (SETTINGS, 0) => self.send(SETTINGS, 1, 0, &[]).await,
                (SETTINGS, _) => {}
                (0x8, _) if self.window => {}
                _ => {
                    return Some(RawFrame { kind: head[3], flags: head[4], stream, payload });
                }
            }
        }
    }

    /// The next frame of this kind.
    pub(crate) async fn await_kind(&mut self, kind: u8) -> RawFrame {
        loop {
            let frame = self.next().await.expect("a frame");
            if frame.kind == kind {
                return frame;
            }
        }
    }

    /// The next HEADERS, then frames up to the end of that request.
    pub(crate) async fn request(&mut self) -> u32 {
        let stream = self.await_kind(HEADERS).await.stream;
        loop {
            let frame = self.next().await.expect("a frame");
            if frame.stream == stream && frame.flags & END_STREAM != 0 {
                return stream;
            }
        }
    }

    /// Reads frames until so many requests have ended.
    pub(crate) async fn requests(&mut self, count: usize) {
        let mut ended = 0;
        while ended < count {
            ended += usize::from(self.await_kind(DATA).await.flags & END_STREAM != 0);
        }
    }

    pub(crate) async fn headers(&mut self, stream: u32, end: bool, fields: &[(&str, &str)]) {
        let flags = END_HEADERS | if end { END_STREAM } else { 0 };
        self.send(HEADERS, flags, stream, &block(fields)).await;
    }

    pub(crate) async fn goaway(&mut self, last: u32, code: u32, debug: &[u8]) {
        self.send(GOAWAY, 0, 0, &[&last.to_be_bytes()[..], &code.to_be_bytes(), debug].concat()).await;
    }

    pub(crate) async fn reset(&mut self, stream: u32, code: u32) {
        self.send(RST_STREAM, 0, stream, &code.to_be_bytes()).await;
    }

    /// Headers, one message, trailers with this status.
    pub(crate) async fn answer(&mut self, stream: u32, message: &[u8], status: &str) {
        self.headers(stream, false, &OK_HEAD).await;
        self.send(DATA, 0, stream, &frame(message)).await;
        self.headers(stream, true, &[("grpc-status", status)]).await;
    }

    /// Reads until the other end closes.
    pub(crate) async fn drain(&mut self) {
        while self.next().await.is_some() {}
    }
}

pub(crate) const OK_HEAD: [(&str, &str); 2] = [(":status", "200"), ("content-type", "application/grpc")];

/// A header block of literal fields.
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| {
        assert!(text.len() < 127);
        [&[u8::try_from(text.len()).expect("legal")], text.as_bytes()].concat()
    };
    fields.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

pub(crate) fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], port))
}

/// A message with its prefix.
pub(crate) fn frame(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).expect("legal").to_be_bytes();
    [&[0][..], &length, message].concat().into()
}

/// Reads a request to its end.
pub(crate) async fn read_all(request: Request<RecvStream>) -> Result<Vec<u8>, h2::Error> {
    let mut body = request.into_body();
    let mut all = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        all.extend(chunk);
    }
    Ok(all)
}

/// Headers, messages and trailers.
pub(crate) fn answer(reply: &mut Reply, messages: &[&[u8]], trailers: &[(&'static str, &str)]) {
    let response = Response::builder().header("content-type", "application/grpc").body(()).expect("legal");
    let mut stream = reply.send_response(response, false).expect("sent");
    for message in messages {
        stream.send_data(frame(message), false).expect("sent");
    }
    let mut map = HeaderMap::new();
    for (key, value) in trailers {
        map.append(*key, value.parse().expect("legal"));
    }
    stream.send_trailers(map).expect("sent");
}

/// One header block that ends the stream.
pub(crate) fn trailers_only(reply: &mut Reply, fields: &[(&str, &str)]) {
    let mut response = Response::builder().header("content-type", "application/grpc");
    for (key, value) in fields {
        response = response.header(*key, *value);
    }
    reply.send_response(response.body(()).expect("legal"), true).expect("sent");
}

/// What an application saw of a call.
#[derive(Debug)]
pub(crate) struct Saw {
    pub(crate) headers: Option<Metadata>,
    pub(crate) messages: Vec<Bytes>,
    pub(crate) outcome: Outcome,
}

pub(crate) async fn finish(events: &mut CallEvents) -> Saw {
    let (mut headers, mut messages) = (None, Vec::new());
    loop {
        match events.next().await.expect("an event") {
            CallEvent::Headers(metadata) => {
                assert!(headers.replace(metadata).is_none() && messages.is_empty());
            }
            CallEvent::Message(message) => messages.push(message),
            CallEvent::Ended(outcome) => {
                assert_eq!(events.next().await, None);
                return Saw { headers, messages, outcome };
            }
        }
    }
}

pub(crate) fn start(channel: &Channel, kind: CallKind, timeout: Option<Duration>) -> (CallHandle, CallEvents) {
    channel.start(CallOptions { timeout, ..CallOptions::new("/t.S/M", kind) }).expect("started")
}

pub(crate) async fn call(channel: &Channel, kind: CallKind) -> Saw {
    let (handle, mut events) = start(channel, kind, None);
    handle.half_close();
    finish(&mut events).await
}

pub(crate) async fn unary(channel: &Channel) -> Saw {
    call(channel, CallKind::Unary).await
}

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) fn retry_config(attempts: u32, extra: &str) -> String {
    format!(
        r#"{{"methodConfig": [{{"name": [{{"service": "t.S"}}], "retryPolicy": {{"maxAttempts": {attempts}, "initialBackoff": "0.1s",
        "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}}}]{extra}}}"#
    )
}

pub(crate) fn assert_code(saw: &Saw, code: Code) {
    assert_eq!(saw.outcome.code, code, "{saw:?}");
}
