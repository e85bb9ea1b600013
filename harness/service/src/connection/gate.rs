//! The link of a connection, with a way to let the ack of the shutdown PING in although the peer sent none.
//!
//! h2 sends the final GOAWAY only after that ack and has no call to do without. So the gate follows the frames that pass inwards, and between two of them it
//! can let one more in. An ack that nobody waits for is ignored by h2.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::task::AtomicWaker;
use proofmark_transport::BoxLink;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The link.
pub(crate) struct Gate {
    link: BoxLink,
    keeps_open: bool,
    wish: Arc<Wish>,
    frames: Frames,
}

/// The other end of the wish.
#[derive(Clone, Debug)]
pub(crate) struct GateHandle {
    wish: Arc<Wish>,
    keeps_open: bool,
}

#[derive(Debug, Default)]
struct Wish {
    is_open: AtomicBool,
    waker: AtomicWaker,
}

impl Gate {
    /// With `keeps_open` the link is not shut down when the connection is done with it.
    pub(crate) fn new(link: BoxLink, keeps_open: bool) -> (Self, GateHandle) {
        let wish = Arc::<Wish>::default();
        let handle = GateHandle { wish: wish.clone(), keeps_open };
        (Self { link, keeps_open, wish, frames: Frames::new() }, handle)
    }
}

impl GateHandle {
    /// Lets the ack in at the next end of a frame.
    pub(crate) fn acknowledge_shutdown(&self) {
        self.wish.is_open.store(true, Ordering::Release);
        self.wish.waker.wake();
    }

    /// The link stays open after the connection.
    pub(crate) fn keeps_open(&self) -> bool {
        self.keeps_open
    }
}

impl AsyncRead for Gate {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.wish.waker.register(cx.waker());
        let wished = this.wish.is_open.load(Ordering::Acquire);
        if wished && this.frames.is_between() && buffer.remaining() >= SHUTDOWN_ACK.len() {
            this.wish.is_open.store(false, Ordering::Release);
            buffer.put_slice(&SHUTDOWN_ACK);
            return Poll::Ready(Ok(()));
        }
        if wished && let Some(left) = this.frames.left() {
            // no further than the end of this frame
            let mut piece = [0; PIECE];
            let mut part = ReadBuf::new(&mut piece[..left.min(PIECE).min(buffer.remaining())]);
            ready!(Pin::new(&mut this.link).poll_read(cx, &mut part))?;
            this.frames.follow(part.filled());
            buffer.put_slice(part.filled());
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.link).poll_read(cx, buffer))?;
        this.frames.follow(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Gate {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.link).poll_write(cx, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, pieces: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.link).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.link.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.link).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.keeps_open {
            return Pin::new(&mut self.link).poll_flush(cx);
        }
        Pin::new(&mut self.link).poll_shutdown(cx)
    }
}

impl Drop for Gate {
    /// Reads what has arrived and nobody wants: a socket that is closed with unread bytes is reset, and a reset may destroy what the peer has not read yet.
    fn drop(&mut self) {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut rest = [0; PIECE];
        for _ in 0..MAX_UNREAD {
            let mut buffer = ReadBuf::new(&mut rest);
            match Pin::new(&mut self.link).poll_read(&mut cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                _ => return,
            }
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("link", &self.link).finish_non_exhaustive()
    }
}

/// Follows the frames of one direction, to know where one ends.
#[derive(Debug)]
struct Frames {
    /// Bytes of preface or payload that are still to come.
    left: usize,
    header: [u8; HEADER],
    header_len: usize,
}

impl Frames {
    fn new() -> Self {
        Self { left: PREFACE, header: [0; HEADER], header_len: 0 }
    }

    fn is_between(&self) -> bool {
        self.left == 0 && self.header_len == 0
    }

    /// How much is known to belong to the frame that has begun.
    fn left(&self) -> Option<usize> {
        if self.left > 0 {
            Some(self.left)
        } else if self.header_len > 0 {
            Some(HEADER - self.header_len)
        } else {
            // a byte at a time would be slow, but a header cannot be passed
            Some(HEADER)
        }
    }

    fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.left > 0 {
                let step = self.left.min(bytes.len());
                self.left -= step;
                bytes = &bytes[step..];
                continue;
            }
            let step = (HEADER - self.header_len).min(bytes.len());
            self.header[self.header_len..self.header_len + step].copy_from_slice(&bytes[..step]);
            self.header_len += step;
            bytes = &bytes[step..];
            if self.header_len == HEADER {
                let [a, b, c, ..] = self.header;
                self.left = u32::from_be_bytes([0, a, b, c]) as usize;
                self.header_len = 0;
            }
        }
    }
}

/// A PING frame of eight bytes with the ACK flag on stream 0; the payload is the one that h2 sends when a shutdown begins.
const SHUTDOWN_ACK: [u8; 17] = [0, 0, 8, 0x6, 0x1, 0, 0, 0, 0, 0x0b, 0x7b, 0xa2, 0xf0, 0x8b, 0x9b, 0xfe, 0x54];

/// The length of the client's preface, RFC 9113 section 3.4.
const PREFACE: usize = 24;

/// The length of a frame header.
const HEADER: usize = 9;

const PIECE: usize = 4096;

/// Pieces of unread input that are thrown away at the end.
const MAX_UNREAD: usize = 256;

#[cfg(test)]
mod tests {
    use proofmark_transport::sim::pair;
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn the_ack_comes_between_two_frames() {
        let (near, mut far) = pair();
        let (mut gate, handle) = Gate::new(Box::new(near), false);
        let frame = [0, 0, 2, 0, 0, 0, 0, 0, 1, 7, 7];
        far.write_all(&[b'p'; PREFACE]).await.unwrap();
        far.write_all(&frame[..10]).await.unwrap();
        let mut bytes = vec![0; PREFACE + 10];
        gate.read_exact(&mut bytes).await.unwrap();
        handle.acknowledge_shutdown();
        far.write_all(&frame[10..]).await.unwrap();
        far.write_all(&frame).await.unwrap();
        let mut bytes = vec![0; 1 + SHUTDOWN_ACK.len() + frame.len()];
        gate.read_exact(&mut bytes).await.unwrap();
        let expected: Vec<u8> = frame[10..].iter().chain(&SHUTDOWN_ACK).chain(&frame).copied().collect();
        assert_eq!(bytes, expected);
    }

    proptest! {
        #[test]
        fn ends_of_frames_are_found_however_bytes_are_cut(sizes in prop::collection::vec(0usize..40, 0..6), cut in 1usize..13) {
            let mut bytes = vec![b'p'; PREFACE];
            for size in sizes {
                bytes.extend([0, 0, size as u8, 0, 0, 0, 0, 0, 1]);
                bytes.extend(vec![1; size]);
            }
            let mut frames = Frames::new();
            for piece in bytes.chunks(cut) {
                frames.follow(piece);
            }
            prop_assert!(frames.is_between());
        }
    }
}
