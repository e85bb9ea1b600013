//! One HTTP/2 connection of a scripted peer, either end. It shakes hands, acknowledges and grants window by itself, as far as its manners say;
//! everything else is asked of it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use proofmark_record::{Actor, BlockKind, CallRef, Direction, End, Ending, FrameEvent, FrameSays, Place, Text, What};
use proofmark_transport::BoxLink;
use proofmark_transport::clock::sleep;
use proofmark_wire::grpc::{self, MessageReader};
use proofmark_wire::{
    DEFAULT_MAX_FRAME, DEFAULT_WINDOW, ErrorCode, Field, Frame, FrameReader, PREFACE, RawFrame, flag, hpack, kind, setting,
};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use super::tasks::Tasks;
use crate::case::fault::CloseHow;
use crate::case::given::{Acks, Grants, Handshake, Manners, Reads};
use crate::case::{ByteCount, hex::to_hex};
use crate::peer::step::Settings;
use crate::transcript::Transcript;

/// Which end of the connection the peer plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It accepts streams.
    Server,
    /// It opens streams.
    Client,
}

/// A request that arrived at a scripted server: its stream, and its fields.
pub type OnRequest = Rc<dyn Fn(&Conn, u32)>;

/// One connection. Clones are the same connection.
#[derive(Clone)]
pub struct Conn(Rc<Inner>);

struct Inner {
    peer: String,
    number: u32,
    side: Side,
    manners: Manners,
    call_prefix: String,
    transcript: Transcript,
    tasks: Tasks,
    state: RefCell<State>,
    waker: RefCell<Option<Waker>>,
    changed: Notify,
    on_request: Option<OnRequest>,
    reading: Cell<bool>,
}

struct State {
    outbox: BytesMut,
    closing: Option<CloseHow>,
    closed: bool,
    frames: FrameReader,
    decoder: hpack::Decoder,
    preface: usize,
    block: Option<PartialBlock>,
    send_window: i64,
    initial_window: i64,
    max_frame: usize,
    max_streams: u32,
    settings_received: bool,
    settings_sent: bool,
    ready: bool,
    goaway: bool,
    streams: BTreeMap<u32, Stream>,
    next_stream: u32,
    last_stream: u32,
    pings: VecDeque<[u8; 8]>,
    ungranted: u32,
}

struct PartialBlock {
    stream: u32,
    end_stream: bool,
    bytes: BytesMut,
}

/// What a peer knows of a stream.
pub struct Stream {
    /// Where it is, and whose.
    pub place: Place,
    /// The fields of the request.
    pub request: Vec<Field>,
    /// The first block of the response.
    pub response: Option<Vec<Field>>,
    /// The block that ended the response.
    pub trailers: Option<Vec<Field>>,
    /// Messages that arrived and nobody took.
    pub inbox: VecDeque<Bytes>,
    /// How many messages arrived in all.
    pub received: u32,
    /// Bytes of a message that is not whole.
    pub partial: usize,
    /// We sent headers.
    pub headers_sent: bool,
    /// How many messages we sent.
    pub messages_sent: u32,
    /// We sent END_STREAM.
    pub local_done: bool,
    /// END_STREAM arrived.
    pub remote_done: bool,
    /// The stream was reset, by whom and how.
    pub reset: Option<(Actor, ErrorCode)>,
    /// The connection ended under it.
    pub lost: bool,
    ended: bool,
    send_window: i64,
    reader: MessageReader,
    ungranted: u32,
}

impl Stream {
    /// Whether nothing more can come.
    pub fn is_over(&self) -> bool {
        self.remote_done || self.reset.is_some() || self.lost
    }
}

impl Conn {
    /// Starts to speak over `link`.
    pub fn start(setup: Setup, link: BoxLink) -> Self {
        let Setup { peer, number, side, manners, call_prefix, transcript, tasks, on_request } = setup;
        let table = manners.settings.header_table_size.map_or(4096, ByteCount::as_usize);
        let limit = manners.settings.max_frame_size.map_or(DEFAULT_MAX_FRAME, ByteCount::as_usize).max(DEFAULT_MAX_FRAME);
        let state = State {
            outbox: BytesMut::new(),
            closing: None,
            closed: false,
            frames: FrameReader::new(limit),
            decoder: hpack::Decoder::new(table, HEADER_LIST_LIMIT),
            preface: if side == Side::Server { PREFACE.len() } else { 0 },
            block: None,
            send_window: i64::from(DEFAULT_WINDOW),
            initial_window: i64::from(DEFAULT_WINDOW),
            max_frame: DEFAULT_MAX_FRAME,
            max_streams: u32::MAX,
            settings_received: false,
            settings_sent: false,
            ready: false,
            goaway: false,
            streams: BTreeMap::new(),
            next_stream: 1,
            last_stream: 0,
            pings: VecDeque::new(),
            ungranted: 0,
        };
        transcript.write(What::ConnectionOpened { peer: peer.clone(), connection: number });
        let inner = Inner {
            peer,
            number,
            side,
            reading: Cell::new(manners.reads == Reads::Always),
            manners,
            call_prefix,
            transcript,
            tasks: tasks.clone(),
            state: RefCell::new(state),
            waker: RefCell::default(),
            changed: Notify::new(),
            on_request,
        };
        let conn = Self(Rc::new(inner));
        conn.shake_hands();
        let driven = conn.clone();
        tasks.spawn(async move { driven.drive(link).await });
        conn
    }

    /// The peer's name.
    pub fn peer(&self) -> &str {
        &self.0.peer
    }

    /// Counted from 1 at each peer.
    pub fn number(&self) -> u32 {
        self.0.number
    }

    /// How the peer behaves.
    pub fn manners(&self) -> &Manners {
        &self.0.manners
    }

    /// The transcript it writes to.
    pub fn transcript(&self) -> &Transcript {
        &self.0.transcript
    }

    /// Whether it is over.
    pub fn is_closed(&self) -> bool {
        self.0.state.borrow().closed
    }

    /// Whether new calls should go elsewhere: it is over, or the system said GOAWAY.
    pub fn is_leaving(&self) -> bool {
        let state = self.0.state.borrow();
        state.closed || state.goaway || state.closing.is_some()
    }

    /// Whether SETTINGS went both ways.
    pub fn is_ready(&self) -> bool {
        self.0.state.borrow().ready
    }

    /// Streams that are open at this moment.
    pub fn open_streams(&self) -> usize {
        self.0.state.borrow().streams.values().filter(|stream| !stream.ended).count()
    }

    /// The stream that was opened last.
    pub fn last_stream(&self) -> u32 {
        self.0.state.borrow().last_stream
    }

    /// Looks at a stream.
    pub fn with_stream<T>(&self, id: u32, look: impl FnOnce(&mut Stream) -> T) -> Option<T> {
        self.0.state.borrow_mut().streams.get_mut(&id).map(look)
    }

    /// Waits until `done` says so; asked again whenever anything changes.
    pub async fn until<T>(&self, mut done: impl FnMut(&Self) -> Option<T>) -> T {
        loop {
            let changed = self.0.changed.notified();
            if let Some(value) = done(self) {
                return value;
            }
            changed.await;
        }
    }

    /// Opens a stream with these fields, as soon as the system allows one more.
    pub async fn open(&self, call: Option<CallRef>, fields: Vec<Field>, shape: BlockShape<'_>) -> Option<u32> {
        self.until(|conn| {
            let closed = conn.is_closed();
            let free = (conn.open_streams() as u64) < u64::from(conn.0.state.borrow().max_streams);
            (closed || free).then_some(())
        })
        .await;
        if self.is_closed() {
            return None;
        }
        let path = field_text(&fields, ":path");
        // a scripted client opens one stream a call; what a gateway opens upstream for it is counted by itself
        let attempt = 1;
        let id = {
            let mut state = self.0.state.borrow_mut();
            let id = state.next_stream;
            state.next_stream += 2;
            state.last_stream = id;
            let place = Place { peer: self.0.peer.clone(), connection: self.0.number, stream: id, call, attempt, path };
            let window = state.initial_window;
            state.streams.insert(id, Stream::new(place, fields.clone(), window));
            id
        };
        let place = self.with_stream(id, |stream| stream.place.clone())?;
        self.0.transcript.write(What::AttemptBegan(place));
        self.send_block(id, &fields, BlockKind::Request, shape);
        Some(id)
    }

    /// Sends a header block on a stream.
    pub fn send_block(&self, id: u32, fields: &[Field], block: BlockKind, shape: BlockShape<'_>) {
        let bytes = hpack::encode(fields);
        let mut cuts = cut(&bytes, shape.pieces).into_iter().peekable();
        let first = cuts.next().unwrap_or_default();
        let mut flags = if shape.end_stream { flag::END_STREAM } else { 0 };
        if cuts.peek().is_none() {
            flags |= flag::END_HEADERS;
        }
        let says = FrameSays::Block {
            block,
            fields: fields.iter().map(|field| (Text::from(&field.name[..]), Text::from(&field.value[..]))).collect(),
            end_stream: shape.end_stream,
        };
        let (payload, padded) = pad(first, shape.pad);
        self.queue(RawFrame::new(kind::HEADERS, flags | padded, id, payload), says);
        while let Some(piece) = cuts.next() {
            let flags = if cuts.peek().is_none() { flag::END_HEADERS } else { 0 };
            self.queue(RawFrame::new(kind::CONTINUATION, flags, id, piece), FrameSays::Other);
        }
        self.with_stream(id, |stream| stream.headers_sent = true);
        if shape.end_stream {
            self.local_end(id);
        }
    }

    /// Sends a message with its prefix, as window allows.
    pub async fn send_message(&self, id: u32, message: &OutMessage) {
        let Some(place) = self.with_stream(id, |stream| {
            stream.messages_sent += 1;
            stream.place.clone()
        }) else {
            return;
        };
        self.write_message(Direction::Sent, Some(&place), message.flag, &message.data);
        let body = grpc::frame(message.flag, message.declared, &message.data);
        self.send_data(id, body, &message.pieces, message.pad, message.end_stream).await;
    }

    /// Sends bytes in DATA frames, as window allows.
    pub async fn send_data(&self, id: u32, body: Bytes, pieces: &[ByteCount], pad_size: Option<ByteCount>, end_stream: bool) {
        let mut cuts = cut(&body, pieces).into_iter().peekable();
        if cuts.peek().is_none() {
            self.queue_data(id, Bytes::new(), pad_size, end_stream);
            return;
        }
        while let Some(mut piece) = cuts.next() {
            while !piece.is_empty() {
                let extra = pad_size.map_or(0, |size| size.as_usize() + 1);
                let Some(room) = self.window(id, extra).await else { return };
                let part = piece.split_to(piece.len().min(room));
                let last = piece.is_empty() && cuts.peek().is_none();
                self.queue_data(id, part, pad_size, last && end_stream);
            }
        }
    }

    /// Ends the local half of a stream with an empty DATA frame.
    pub fn half_close(&self, id: u32) {
        self.queue_data(id, Bytes::new(), None, true);
    }

    /// Resets a stream.
    pub fn reset(&self, id: u32, error: ErrorCode) {
        self.queue(Frame::RstStream(error).raw(id), FrameSays::Reset { error: error.to_string() });
        let place = self.with_stream(id, |stream| {
            stream.reset.get_or_insert((Actor::Peer, error));
        });
        if place.is_some() {
            self.end_stream(id, Actor::Peer);
        }
    }

    /// Sends any frame, word for word.
    pub fn send_raw(&self, raw: RawFrame) {
        let says = self.says(&raw);
        if raw.kind == kind::DATA || raw.kind == kind::HEADERS {
            let done = raw.has(flag::END_STREAM);
            let id = raw.stream;
            self.queue(raw, says);
            if done {
                self.local_end(id);
            }
        } else {
            self.queue(raw, says);
        }
    }

    /// Sends GOAWAY.
    pub fn goaway(&self, last_stream: Option<u32>, error: ErrorCode, debug: Bytes) {
        let last_stream = last_stream.unwrap_or_else(|| self.last_stream());
        let frame = Frame::Goaway { last_stream, error, debug };
        self.send_raw(frame.raw(0));
    }

    /// Sends PING; a fresh payload unless one is given.
    pub fn ping(&self, payload: Option<&[u8]>) {
        let fresh = u64::from(self.0.transcript.fresh()).to_be_bytes();
        let raw = RawFrame::new(kind::PING, 0, 0, payload.unwrap_or(&fresh).to_vec());
        self.send_raw(raw);
    }

    /// Acknowledges every PING that waits; `false` where none does. A system may have one of its own under way, to measure the bandwidth.
    pub fn ack_pings(&self) -> bool {
        let waiting = std::mem::take(&mut self.0.state.borrow_mut().pings);
        for payload in &waiting {
            self.send_raw(Frame::Ping { ack: true, payload: *payload }.raw(0));
        }
        !waiting.is_empty()
    }

    /// Sends SETTINGS.
    pub fn settings(&self, settings: &Settings) {
        self.send_raw(Frame::Settings { ack: false, values: values_of(settings) }.raw(0));
    }

    /// Sends WINDOW_UPDATE.
    pub fn grant(&self, id: u32, size: u32) {
        self.send_raw(Frame::WindowUpdate(size).raw(id));
    }

    /// Closes the connection once everything queued is written.
    pub fn close(&self, how: CloseHow) {
        self.0.state.borrow_mut().closing.get_or_insert(how);
        self.wake();
    }

    fn shake_hands(&self) {
        let manners = &self.0.manners;
        match manners.handshake {
            Handshake::TcpOnly => return,
            Handshake::HalfPreface => {
                self.raw_bytes(&PREFACE[..PREFACE.len() / 2]);
                return;
            }
            Handshake::Full => {}
        }
        if self.0.side == Side::Client {
            self.raw_bytes(PREFACE);
        }
        let mut values = values_of(&manners.settings);
        if self.0.side == Side::Client {
            values.insert(0, (setting::ENABLE_PUSH, 0));
        }
        self.send_raw(Frame::Settings { ack: false, values }.raw(0));
        self.0.state.borrow_mut().settings_sent = true;
        if let Reads::After(delay) = manners.reads {
            let conn = self.clone();
            self.0.tasks.spawn(async move {
                sleep(delay).await;
                conn.0.reading.set(true);
                conn.wake();
            });
        }
        if let Grants::Steps(steps) = manners.grants_window {
            let conn = self.clone();
            self.0.tasks.spawn(async move { conn.grant_in_steps(steps.size, steps.every).await });
        }
    }

    async fn grant_in_steps(&self, size: ByteCount, every: Duration) {
        let size = u32::try_from(size.0).unwrap_or(u32::MAX >> 1);
        loop {
            sleep(every).await;
            if self.is_closed() {
                return;
            }
            let open: Vec<u32> = {
                let state = self.0.state.borrow();
                state.streams.iter().filter(|(_, stream)| !stream.is_over()).map(|(id, _)| *id).collect()
            };
            for id in open {
                self.grant(id, size);
                self.grant(0, size);
            }
        }
    }

    fn raw_bytes(&self, bytes: &[u8]) {
        self.0.state.borrow_mut().outbox.extend_from_slice(bytes);
        self.wake();
    }

    fn queue(&self, raw: RawFrame, says: FrameSays) {
        if self.0.state.borrow().closing.is_some() || self.is_closed() {
            return;
        }
        self.write_frame(Direction::Sent, &raw, says);
        raw.encode(&mut self.0.state.borrow_mut().outbox);
        self.wake();
    }

    fn queue_data(&self, id: u32, data: Bytes, pad_size: Option<ByteCount>, end_stream: bool) {
        let mut flags = if end_stream { flag::END_STREAM } else { 0 };
        let (payload, padded) = pad(data, pad_size);
        flags |= padded;
        {
            let mut state = self.0.state.borrow_mut();
            let length = payload.len() as i64;
            state.send_window -= length;
            if let Some(stream) = state.streams.get_mut(&id) {
                stream.send_window -= length;
            }
        }
        if end_stream
            && self.0.side == Side::Client
            && let Some(place) = self.with_stream(id, |stream| stream.place.clone())
        {
            self.0.transcript.write(What::HalfClose { direction: Direction::Sent, call: place.call.clone(), place: Some(place) });
        }
        self.queue(RawFrame::new(kind::DATA, flags, id, payload), FrameSays::Data { end_stream });
        if end_stream {
            self.local_end(id);
        }
    }

    /// Room for data on a stream, at least one byte; `None` where the stream is over for us.
    async fn window(&self, id: u32, extra: usize) -> Option<usize> {
        let go_on = self.0.manners.after_reset == crate::case::given::AfterReset::GoOn;
        self.until(|conn| {
            let state = conn.0.state.borrow();
            let Some(stream) = state.streams.get(&id) else { return Some(None) };
            if state.closed || state.closing.is_some() || (stream.reset.is_some() && !go_on) {
                return Some(None);
            }
            if stream.reset.is_some() {
                return Some(Some(state.max_frame));
            }
            let window = state.send_window.min(stream.send_window) - extra as i64;
            (window > 0).then(|| Some((window as usize).min(state.max_frame - extra)))
        })
        .await
    }

    fn local_end(&self, id: u32) {
        let over = self.with_stream(id, |stream| {
            stream.local_done = true;
            stream.remote_done || self.0.side == Side::Server
        });
        if over == Some(true) {
            self.end_stream(id, Actor::Peer);
        }
    }

    fn end_stream(&self, id: u32, by: Actor) {
        let place = self.with_stream(id, |stream| {
            let first = !stream.ended;
            stream.ended = true;
            first.then(|| stream.place.clone())
        });
        if let Some(Some(place)) = place {
            self.0.transcript.write(What::AttemptEnded { place, by });
        }
        self.0.changed.notify_waiters();
    }

    fn wake(&self) {
        if let Some(waker) = self.0.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    async fn drive(&self, mut link: BoxLink) {
        let mut flushed = true;
        let (by, how) = poll_fn(|cx| self.poll(cx, &mut link, &mut flushed)).await;
        drop(link);
        self.finish(by, how);
    }

    fn poll(&self, cx: &mut Context<'_>, link: &mut BoxLink, flushed: &mut bool) -> Poll<(Actor, Ending)> {
        self.0.waker.borrow_mut().replace(cx.waker().clone());
        if self.0.reading.get()
            && let Poll::Ready(end) = self.poll_read(cx, link)
        {
            return Poll::Ready(end);
        }
        self.poll_write(cx, link, flushed)
    }

    fn poll_read(&self, cx: &mut Context<'_>, link: &mut BoxLink) -> Poll<(Actor, Ending)> {
        let mut bytes = [0; 16 * 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            let ended_by = || if self.0.state.borrow().closing.is_some() { Actor::Peer } else { Actor::System };
            match Pin::new(&mut *link).poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready((ended_by(), Ending::Fin)),
                Poll::Ready(Ok(())) => {
                    let filled = buffer.filled().to_vec();
                    if let Err(problem) = self.arrived(&filled) {
                        self.0.transcript.write(What::ProtocolBroken {
                            peer: self.0.peer.clone(),
                            connection: self.0.number,
                            text: problem,
                        });
                        link.reset_on_drop();
                        return Poll::Ready((Actor::Peer, Ending::Rst));
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready((ended_by(), ending_of(&error))),
            }
        }
    }

    fn poll_write(&self, cx: &mut Context<'_>, link: &mut BoxLink, flushed: &mut bool) -> Poll<(Actor, Ending)> {
        loop {
            let mut state = self.0.state.borrow_mut();
            if state.outbox.is_empty() {
                break;
            }
            match Pin::new(&mut *link).poll_write(cx, &state.outbox) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(written)) => state.outbox.advance(written),
                Poll::Ready(Err(error)) => return Poll::Ready((Actor::System, ending_of(&error))),
            }
            *flushed = false;
        }
        if !*flushed {
            match Pin::new(&mut *link).poll_flush(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(_) => *flushed = true,
            }
        }
        match self.0.state.borrow().closing {
            Some(CloseHow::Rst) => {
                link.reset_on_drop();
                Poll::Ready((Actor::Peer, Ending::Rst))
            }
            Some(CloseHow::Fin) => Pin::new(&mut *link).poll_shutdown(cx).map(|_| (Actor::Peer, Ending::Fin)),
            None => Poll::Pending,
        }
    }

    fn finish(&self, by: Actor, how: Ending) {
        let open: Vec<u32> = {
            let mut state = self.0.state.borrow_mut();
            state.closed = true;
            state.streams.iter_mut().filter(|(_, stream)| !stream.ended).for_each(|(_, stream)| stream.lost = true);
            state.streams.iter().filter(|(_, stream)| !stream.ended).map(|(id, _)| *id).collect()
        };
        self.0.transcript.write(What::ConnectionClosed { peer: self.0.peer.clone(), connection: self.0.number, by, how });
        for id in open {
            self.end_stream(id, by);
        }
        self.0.changed.notify_waiters();
    }

    fn arrived(&self, mut bytes: &[u8]) -> Result<(), String> {
        let missing = self.0.state.borrow().preface;
        if missing > 0 {
            let part = missing.min(bytes.len());
            let from = PREFACE.len() - missing;
            if bytes[..part] != PREFACE[from..from + part] {
                return Err(format!(
                    "the connection begins with `{}`, not with the HTTP/2 preface",
                    bytes[..bytes.len().min(40)].escape_ascii()
                ));
            }
            self.0.state.borrow_mut().preface -= part;
            bytes = &bytes[part..];
        }
        self.0.state.borrow_mut().frames.push(bytes);
        loop {
            let next = self.0.state.borrow_mut().frames.next_frame();
            match next {
                Ok(Some(raw)) => self.frame(&raw)?,
                Ok(None) => break,
                Err(malformed) => return Err(malformed.to_string()),
            }
        }
        self.0.changed.notify_waiters();
        Ok(())
    }

    fn frame(&self, raw: &RawFrame) -> Result<(), String> {
        let frame = Frame::parse(raw).map_err(|malformed| malformed.to_string())?;
        match frame {
            Frame::Headers { block, end_headers, end_stream } => {
                let partial = PartialBlock { stream: raw.stream, end_stream, bytes: BytesMut::from(&block[..]) };
                return self.block(raw, partial, end_headers);
            }
            Frame::Continuation { block, end_headers } => {
                let partial = self.0.state.borrow_mut().block.take();
                let mut partial = partial.filter(|partial| partial.stream == raw.stream).ok_or("CONTINUATION without a header block")?;
                partial.bytes.extend_from_slice(&block);
                return self.block(raw, partial, end_headers);
            }
            _ => {}
        }
        self.write_frame(Direction::Received, raw, self.says(raw));
        match frame {
            Frame::Data { data, flow, end_stream } => self.data(raw.stream, &data, flow, end_stream),
            Frame::RstStream(error) => self.was_reset(raw.stream, error),
            Frame::Settings { ack, values } => self.got_settings(ack, &values),
            Frame::Ping { ack: false, payload } => self.got_ping(payload),
            Frame::Goaway { .. } => self.0.state.borrow_mut().goaway = true,
            Frame::WindowUpdate(increment) => self.got_window(raw.stream, increment),
            _ => {}
        }
        Ok(())
    }

    fn block(&self, raw: &RawFrame, partial: PartialBlock, end_headers: bool) -> Result<(), String> {
        if !end_headers {
            if partial.bytes.len() > HEADER_LIST_LIMIT {
                return Err(format!("a header block of more than {HEADER_LIST_LIMIT} bytes"));
            }
            self.write_frame(Direction::Received, raw, FrameSays::Other);
            self.0.state.borrow_mut().block = Some(partial);
            return Ok(());
        }
        let PartialBlock { stream, end_stream, bytes } = partial;
        let fields = self.0.state.borrow_mut().decoder.decode(&bytes).map_err(|bad| bad.to_string())?;
        match self.0.side {
            Side::Server => self.request(raw, stream, fields, end_stream),
            Side::Client => self.response(raw, stream, fields, end_stream),
        }
        Ok(())
    }

    fn request(&self, raw: &RawFrame, id: u32, fields: Vec<Field>, end_stream: bool) {
        let known = self.with_stream(id, |_| ()).is_some();
        if !known {
            self.accept_stream(id, &fields);
        }
        let says =
            FrameSays::Block { block: if known { BlockKind::Trailers } else { BlockKind::Request }, fields: texts(&fields), end_stream };
        self.write_frame(Direction::Received, raw, says);
        if !known && let Some(place) = self.with_stream(id, |stream| stream.place.clone()) {
            self.0.transcript.write(What::AttemptBegan(place));
        }
        if end_stream {
            self.remote_end(id);
        }
        if !known && let Some(on_request) = &self.0.on_request {
            on_request(self, id);
        }
    }

    fn accept_stream(&self, id: u32, fields: &[Field]) {
        let call = self.call_of(fields);
        let attempt = call.as_ref().map_or(1, |call| self.0.transcript.next_attempt(call));
        let place =
            Place { peer: self.0.peer.clone(), connection: self.0.number, stream: id, call, attempt, path: field_text(fields, ":path") };
        let mut state = self.0.state.borrow_mut();
        let window = state.initial_window;
        state.last_stream = state.last_stream.max(id);
        state.streams.insert(id, Stream::new(place, fields.to_vec(), window));
    }

    fn call_of(&self, fields: &[Field]) -> Option<CallRef> {
        let value = |name: &str| fields.iter().find(|field| field.is(name)).and_then(|field| std::str::from_utf8(&field.value).ok());
        let named =
            value("x-proofmark-call").and_then(|text| text.strip_prefix(self.0.call_prefix.as_str())).and_then(|text| text.parse().ok());
        named.or_else(|| self.0.transcript.call_of_request(value("x-request-id")))
    }

    fn response(&self, raw: &RawFrame, id: u32, fields: Vec<Field>, end_stream: bool) {
        let block = if end_stream { BlockKind::Trailers } else { BlockKind::Response };
        self.write_frame(Direction::Received, raw, FrameSays::Block { block, fields: texts(&fields), end_stream });
        self.with_stream(id, |stream| if end_stream { stream.trailers = Some(fields) } else { stream.response = Some(fields) });
        if end_stream {
            self.remote_end(id);
        }
    }

    fn data(&self, id: u32, data: &[u8], flow: usize, end_stream: bool) {
        let mut arrived = Vec::new();
        let place = self.with_stream(id, |stream| {
            stream.reader.push(data);
            while let Some(message) = stream.reader.next_message() {
                stream.received += 1;
                stream.inbox.push_back(message.data.clone());
                arrived.push(message);
            }
            stream.partial = stream.reader.rest();
            stream.place.clone()
        });
        for message in arrived {
            self.write_message(Direction::Received, place.as_ref(), message.flag, &message.data);
        }
        self.grant_back(id, flow as u32, end_stream);
        if end_stream {
            self.remote_end(id);
        }
    }

    fn grant_back(&self, id: u32, flow: u32, end_stream: bool) {
        if self.0.manners.grants_window != Grants::AsRead {
            return;
        }
        let initial = self.0.manners.settings.initial_window_size.map_or(DEFAULT_WINDOW, |size| size.0 as u32);
        let (connection, stream) = {
            let mut state = self.0.state.borrow_mut();
            state.ungranted += flow;
            let connection = if state.ungranted >= DEFAULT_WINDOW / 2 { std::mem::take(&mut state.ungranted) } else { 0 };
            let stream = state.streams.get_mut(&id).map_or(0, |stream| {
                stream.ungranted += flow;
                if end_stream || stream.ungranted < (initial / 2).max(1) { 0 } else { std::mem::take(&mut stream.ungranted) }
            });
            (connection, stream)
        };
        if connection > 0 {
            self.grant(0, connection);
        }
        if stream > 0 {
            self.grant(id, stream);
        }
    }

    fn remote_end(&self, id: u32) {
        let seen = self.with_stream(id, |stream| {
            stream.remote_done = true;
            (stream.place.clone(), stream.local_done)
        });
        let Some((place, local_done)) = seen else { return };
        if self.0.side == Side::Server {
            self.0.transcript.write(What::HalfClose { direction: Direction::Received, call: place.call.clone(), place: Some(place) });
            if local_done {
                self.end_stream(id, Actor::System);
            }
        } else {
            // the response is complete; what is left of the request is of no use to anybody
            self.end_stream(id, Actor::System);
        }
    }

    fn was_reset(&self, id: u32, error: ErrorCode) {
        let place = self.with_stream(id, |stream| {
            stream.reset.get_or_insert((Actor::System, error));
            stream.place.clone()
        });
        if let Some(place) = place {
            self.0.transcript.write(What::AttemptReset { place, error: error.to_string() });
            self.end_stream(id, Actor::System);
        }
    }

    fn got_settings(&self, ack: bool, values: &[(u16, u32)]) {
        if ack {
            return;
        }
        {
            let mut state = self.0.state.borrow_mut();
            for (id, value) in values {
                match *id {
                    setting::INITIAL_WINDOW_SIZE => {
                        let change = i64::from(*value) - state.initial_window;
                        state.initial_window = i64::from(*value);
                        state.streams.values_mut().for_each(|stream| stream.send_window += change);
                    }
                    setting::MAX_FRAME_SIZE => state.max_frame = *value as usize,
                    setting::MAX_CONCURRENT_STREAMS => state.max_streams = *value,
                    _ => {}
                }
            }
            state.settings_received = true;
        }
        self.after(self.0.manners.acks_settings, |conn| conn.send_raw(Frame::Settings { ack: true, values: Vec::new() }.raw(0)));
        let became_ready = {
            let mut state = self.0.state.borrow_mut();
            let both = state.settings_received && state.settings_sent && !state.ready;
            state.ready |= both;
            both
        };
        if became_ready {
            self.0.transcript.write(What::ConnectionReady { peer: self.0.peer.clone(), connection: self.0.number });
        }
    }

    fn got_ping(&self, payload: [u8; 8]) {
        match self.0.manners.acks_pings {
            Acks::Never => self.0.state.borrow_mut().pings.push_back(payload),
            acks => self.after(acks, move |conn| conn.send_raw(Frame::Ping { ack: true, payload }.raw(0))),
        }
    }

    fn got_window(&self, id: u32, increment: u32) {
        let mut state = self.0.state.borrow_mut();
        if id == 0 {
            state.send_window += i64::from(increment);
        } else if let Some(stream) = state.streams.get_mut(&id) {
            stream.send_window += i64::from(increment);
        }
    }

    fn after(&self, acks: Acks, act: impl FnOnce(&Self) + 'static) {
        if self.0.manners.handshake != Handshake::Full {
            // who has not said who it is acknowledges nothing
            return;
        }
        match acks {
            Acks::AtOnce => act(self),
            Acks::Never => {}
            Acks::After(delay) => {
                let conn = self.clone();
                self.0.tasks.spawn(async move {
                    sleep(delay).await;
                    act(&conn);
                });
            }
        }
    }

    fn says(&self, raw: &RawFrame) -> FrameSays {
        match Frame::parse(raw) {
            Ok(Frame::Data { end_stream, .. }) => FrameSays::Data { end_stream },
            Ok(Frame::RstStream(error)) => FrameSays::Reset { error: error.to_string() },
            Ok(Frame::Settings { ack, values }) => FrameSays::Settings { ack, values },
            Ok(Frame::Ping { ack, payload }) => FrameSays::Ping { ack, payload: to_hex(&payload) },
            Ok(Frame::Goaway { last_stream, error, debug }) => {
                FrameSays::Goaway { last_stream, error: error.to_string(), debug: Text::from(&debug[..]) }
            }
            Ok(Frame::WindowUpdate(increment)) => FrameSays::Window { increment },
            _ => FrameSays::Other,
        }
    }

    fn write_frame(&self, direction: Direction, raw: &RawFrame, says: FrameSays) {
        let (call, attempt) = {
            let state = self.0.state.borrow();
            state.streams.get(&raw.stream).map_or((None, 0), |stream| (stream.place.call.clone(), stream.place.attempt))
        };
        self.0.transcript.write(What::Frame(FrameEvent {
            peer: self.0.peer.clone(),
            connection: self.0.number,
            direction,
            frame: raw.name(),
            flags: raw.flags,
            stream: raw.stream,
            length: raw.payload.len() as u32,
            call,
            attempt,
            says,
        }));
    }

    fn write_message(&self, direction: Direction, place: Option<&Place>, flag: u8, data: &[u8]) {
        let at = if self.0.side == Side::Server { End::Backend } else { End::Caller };
        let call = place.and_then(|place| place.call.clone());
        let (kept, digest) = keep(data);
        let size = data.len() as u64;
        self.0.transcript.write(What::Message { at, direction, call, place: place.cloned(), size, data: kept, digest, flag });
    }
}

/// What a connection is made of.
pub struct Setup {
    /// The peer's name.
    pub peer: String,
    /// Counted from 1 at each peer.
    pub number: u32,
    /// Which end it plays.
    pub side: Side,
    /// How it behaves.
    pub manners: Manners,
    /// What stands before the names of calls on the wire, where cases share a system.
    pub call_prefix: String,
    /// Where events go.
    pub transcript: Transcript,
    /// Where tasks live.
    pub tasks: Tasks,
    /// What happens when a request arrives, at a server.
    pub on_request: Option<OnRequest>,
}

/// The form in which a header block goes out.
#[derive(Clone, Copy, Debug, Default)]
pub struct BlockShape<'a> {
    /// The stream ends with it.
    pub end_stream: bool,
    /// Where it is cut.
    pub pieces: &'a [ByteCount],
    /// Padding of the HEADERS frame.
    pub pad: Option<ByteCount>,
}

/// A message to be sent.
#[derive(Clone, Debug, Default)]
pub struct OutMessage {
    /// The bytes.
    pub data: Vec<u8>,
    /// The compressed-flag.
    pub flag: u8,
    /// The length in the prefix, where it lies.
    pub declared: Option<u32>,
    /// Where it is cut.
    pub pieces: Vec<ByteCount>,
    /// Padding of each DATA frame.
    pub pad: Option<ByteCount>,
    /// The stream ends with it.
    pub end_stream: bool,
}

impl Stream {
    fn new(place: Place, request: Vec<Field>, send_window: i64) -> Self {
        Self {
            place,
            request,
            response: None,
            trailers: None,
            inbox: VecDeque::new(),
            received: 0,
            partial: 0,
            headers_sent: false,
            messages_sent: 0,
            local_done: false,
            remote_done: false,
            reset: None,
            lost: false,
            ended: false,
            send_window,
            reader: MessageReader::default(),
            ungranted: 0,
        }
    }
}

/// What an event keeps of a message: up to 1024 bytes of it, else the digest.
pub fn keep(data: &[u8]) -> (Text, Option<String>) {
    const KEPT: usize = 1024;
    if data.len() <= KEPT { (Text::from(data), None) } else { (Text::default(), Some(to_hex(&Sha256::digest(data)))) }
}

/// The first field of a name, as text.
pub fn field_text(fields: &[Field], name: &str) -> String {
    fields.iter().find(|field| field.is(name)).map(|field| String::from_utf8_lossy(&field.value).into_owned()).unwrap_or_default()
}

fn texts(fields: &[Field]) -> Vec<(Text, Text)> {
    fields.iter().map(|field| (Text::from(&field.name[..]), Text::from(&field.value[..]))).collect()
}

fn cut(bytes: &[u8], pieces: &[ByteCount]) -> Vec<Bytes> {
    let mut rest = Bytes::copy_from_slice(bytes);
    let mut cuts = Vec::new();
    for piece in pieces {
        if rest.is_empty() {
            break;
        }
        cuts.push(rest.split_to(piece.as_usize().min(rest.len())));
    }
    if !rest.is_empty() {
        cuts.push(rest);
    }
    // a block larger than any frame may be is cut whether the case says so or not
    cuts.into_iter().flat_map(|piece| piece.chunks(DEFAULT_MAX_FRAME).map(Bytes::copy_from_slice).collect::<Vec<_>>()).collect()
}

fn pad(data: Bytes, size: Option<ByteCount>) -> (Bytes, u8) {
    let Some(size) = size else { return (data, 0) };
    let size = size.as_usize().min(255);
    let mut padded = BytesMut::with_capacity(data.len() + size + 1);
    padded.extend_from_slice(&[size as u8]);
    padded.extend_from_slice(&data);
    padded.resize(data.len() + size + 1, 0);
    (padded.freeze(), flag::PADDED)
}

fn values_of(settings: &Settings) -> Vec<(u16, u32)> {
    let size = |size: Option<ByteCount>| size.map(|size| u32::try_from(size.0).unwrap_or(u32::MAX));
    [
        (setting::HEADER_TABLE_SIZE, size(settings.header_table_size)),
        (setting::MAX_CONCURRENT_STREAMS, settings.max_concurrent_streams),
        (setting::INITIAL_WINDOW_SIZE, size(settings.initial_window_size)),
        (setting::MAX_FRAME_SIZE, size(settings.max_frame_size)),
        (setting::MAX_HEADER_LIST_SIZE, size(settings.max_header_list_size)),
    ]
    .into_iter()
    .filter_map(|(id, value)| value.map(|value| (id, value)))
    .collect()
}

fn ending_of(error: &io::Error) -> Ending {
    if error.kind() == io::ErrorKind::UnexpectedEof { Ending::Fin } else { Ending::Rst }
}

/// The largest header list a peer takes.
const HEADER_LIST_LIMIT: usize = 1024 * 1024;
