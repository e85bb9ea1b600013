//! Changes the frames that a system sends, between the system and its network. Killers use it for what no decision of the system can get wrong.

use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use proofmark_transport::{BoxFuture, BoxLink, Link, Listener, Network};
use proofmark_wire::{Field, Frame, FrameReader, PREFACE, RawFrame, flag, hpack, kind};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::reference_client::WrapNetwork;

/// What a system sends on one connection, and what goes out in its place.
pub trait Tamper: Debug + Send {
    /// Called for each thing that the system sends; what is returned goes out. The default changes nothing.
    fn outgoing(&mut self, out: Out) -> Vec<Out> {
        vec![out]
    }

    /// Called for each frame that arrives, before the system sees it; what is returned reaches the system. The default changes nothing.
    fn incoming(&mut self, frame: RawFrame) -> Vec<RawFrame> {
        vec![frame]
    }
}

/// One thing that a system sends.
#[derive(Clone, Debug)]
pub enum Out {
    /// A whole header block.
    Block {
        /// Its stream.
        stream: u32,
        /// Its fields; pseudo-fields first.
        fields: Vec<Field>,
        /// The stream ends with it.
        end_stream: bool,
    },
    /// Any other frame.
    Frame(RawFrame),
}

/// Puts a tamperer of its own on every connection.
pub fn tampering<T: Tamper + 'static>(make: fn() -> T) -> WrapNetwork {
    let make: MakeTamper = Arc::new(move || Box::new(make()));
    Arc::new(move |network| Arc::new(Tampered { network, make: make.clone() }))
}

type MakeTamper = Arc<dyn Fn() -> Box<dyn Tamper> + Send + Sync>;

#[derive(Clone)]
struct Tampered {
    network: Arc<dyn Network>,
    make: MakeTamper,
}

impl Debug for Tampered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tampered").finish_non_exhaustive()
    }
}

impl Network for Tampered {
    fn listen(&self, address: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Listener>>> {
        let (bound, make) = (self.network.listen(address), self.make.clone());
        Box::pin(async move { Ok(Box::new(TamperedListener { listener: bound.await?, make }) as Box<dyn Listener>) })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'static, io::Result<BoxLink>> {
        let (link, make) = (self.network.connect(address), self.make.clone());
        Box::pin(async move { Ok(Box::new(TamperedLink::new(link.await?, make(), true)) as BoxLink) })
    }
}

struct TamperedListener {
    listener: Box<dyn Listener>,
    make: MakeTamper,
}

impl Debug for TamperedListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.listener.fmt(f)
    }
}

impl Listener for TamperedListener {
    fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxLink, SocketAddr)>> {
        Box::pin(async {
            let (link, from) = self.listener.accept().await?;
            Ok((Box::new(TamperedLink::new(link, (self.make)(), false)) as BoxLink, from))
        })
    }
}

#[derive(Debug)]
struct TamperedLink {
    link: BoxLink,
    tamper: Box<dyn Tamper>,
    outgoing: FrameReader,
    decoder: hpack::Decoder,
    block: Option<(u32, bool, BytesMut)>,
    incoming: FrameReader,
    /// Bytes of the preface that have not passed, outgoing and incoming.
    preface: (usize, usize),
    ready_out: BytesMut,
    ready_in: BytesMut,
}

impl TamperedLink {
    fn new(link: BoxLink, tamper: Box<dyn Tamper>, is_client: bool) -> Self {
        Self {
            link,
            tamper,
            outgoing: FrameReader::new(LARGEST),
            decoder: hpack::Decoder::new(4096, LARGEST),
            block: None,
            incoming: FrameReader::new(LARGEST),
            preface: if is_client { (PREFACE.len(), 0) } else { (0, PREFACE.len()) },
            ready_out: BytesMut::new(),
            ready_in: BytesMut::new(),
        }
    }

    fn take_out(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let preface = self.preface.0.min(bytes.len());
        self.ready_out.extend_from_slice(&bytes[..preface]);
        self.preface.0 -= preface;
        bytes = &bytes[preface..];
        self.outgoing.push(bytes);
        while let Some(raw) = self.outgoing.next_frame().map_err(io::Error::other)? {
            if let Some(out) = self.read_out(raw)? {
                for out in self.tamper.outgoing(out) {
                    encode(out, &mut self.ready_out);
                }
            }
        }
        Ok(())
    }

    /// The system's own encoder keeps a table, so every block is decoded here, in order, and written anew.
    fn read_out(&mut self, raw: RawFrame) -> io::Result<Option<Out>> {
        let (stream, end_stream, mut bytes, done) = match Frame::parse(&raw).map_err(io::Error::other)? {
            Frame::Headers { block, end_headers, end_stream } => (raw.stream, end_stream, BytesMut::from(&block[..]), end_headers),
            Frame::Continuation { block, end_headers } => {
                let (stream, end_stream, mut bytes) = self.block.take().ok_or(io::ErrorKind::InvalidData)?;
                bytes.extend_from_slice(&block);
                (stream, end_stream, bytes, end_headers)
            }
            _ => return Ok(Some(Out::Frame(raw))),
        };
        if !done {
            self.block = Some((stream, end_stream, bytes));
            return Ok(None);
        }
        let fields = self.decoder.decode(&bytes.split()).map_err(io::Error::other)?;
        Ok(Some(Out::Block { stream, fields, end_stream }))
    }

    fn take_in(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let preface = self.preface.1.min(bytes.len());
        self.ready_in.extend_from_slice(&bytes[..preface]);
        self.preface.1 -= preface;
        bytes = &bytes[preface..];
        self.incoming.push(bytes);
        while let Some(raw) = self.incoming.next_frame().map_err(io::Error::other)? {
            for frame in self.tamper.incoming(raw) {
                frame.encode(&mut self.ready_in);
            }
        }
        Ok(())
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.ready_out.is_empty() {
            match Pin::new(&mut self.link).poll_write(cx, &self.ready_out) {
                Poll::Ready(Ok(written)) => self.ready_out.advance(written),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn encode(out: Out, into: &mut BytesMut) {
    match out {
        Out::Frame(raw) => raw.encode(into),
        Out::Block { stream, fields, end_stream } => {
            let block = hpack::encode(&fields);
            let end = if end_stream { flag::END_STREAM } else { 0 };
            let pieces: Vec<&[u8]> = if block.is_empty() { vec![&[]] } else { block.chunks(proofmark_wire::DEFAULT_MAX_FRAME).collect() };
            let last = pieces.len() - 1;
            for (place, piece) in pieces.into_iter().enumerate() {
                let done = if place == last { flag::END_HEADERS } else { 0 };
                let (kind, flags) = if place == 0 { (kind::HEADERS, end | done) } else { (kind::CONTINUATION, done) };
                RawFrame::new(kind, flags, stream, piece.to_vec()).encode(into);
            }
        }
    }
}

impl Link for TamperedLink {
    fn reset_on_drop(&mut self) {
        self.link.reset_on_drop();
    }
}

impl AsyncRead for TamperedLink {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.ready_in.is_empty() {
            let mut bytes = [0; 8 * 1024];
            let mut read = ReadBuf::new(&mut bytes);
            match Pin::new(&mut this.link).poll_read(cx, &mut read) {
                Poll::Ready(Ok(())) if read.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => {
                    let filled = read.filled().to_vec();
                    this.take_in(&filled)?;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        let part = this.ready_in.len().min(buffer.remaining());
        buffer.put_slice(&this.ready_in.split_to(part));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TamperedLink {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // what is waiting goes first, so that the system feels the network's back-pressure
        match self.poll_drain(cx) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => return Poll::Pending,
        }
        self.take_out(bytes)?;
        match self.poll_drain(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.poll_drain(cx) {
            Poll::Ready(Ok(())) => Pin::new(&mut self.link).poll_flush(cx),
            other => other,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.poll_drain(cx) {
            Poll::Ready(Ok(())) => Pin::new(&mut self.link).poll_shutdown(cx),
            other => other,
        }
    }
}

/// The largest frame and header list that pass.
const LARGEST: usize = 16 * 1024 * 1024;
