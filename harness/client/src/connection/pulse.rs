//! Notes when something was read from a connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use proofmark_transport::BoxLink;
use proofmark_transport::clock::{Instant, now};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// When bytes last arrived.
#[derive(Debug)]
pub(crate) struct Pulse {
    start: Instant,
    nanos: AtomicU64,
}

impl Pulse {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { start: now(), nanos: AtomicU64::new(0) })
    }

    pub(crate) fn last(&self) -> Instant {
        self.start + Duration::from_nanos(self.nanos.load(Ordering::Relaxed))
    }

    fn beat(&self) {
        let nanos = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanos.store(nanos, Ordering::Relaxed);
    }
}

/// A link whose reads are noted, if anybody wants to know.
#[derive(Debug)]
pub(crate) struct PulsedLink {
    link: BoxLink,
    pulse: Option<Arc<Pulse>>,
}

impl PulsedLink {
    pub(crate) fn new(link: BoxLink, pulse: Option<Arc<Pulse>>) -> Self {
        Self { link, pulse }
    }
}

impl AsyncRead for PulsedLink {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.link).poll_read(cx, buffer);
        if let Some(pulse) = self.pulse.as_ref().filter(|_| buffer.filled().len() > before) {
            pulse.beat();
        }
        polled
    }
}

impl AsyncWrite for PulsedLink {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.link).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.link).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.link).poll_shutdown(cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.link).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.link.is_write_vectored()
    }
}
