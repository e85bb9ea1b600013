//! Carries one connection.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::yield_now;

use super::Shared;
use super::harm::{Harms, WAYS};
use super::way::{Next, Sink, Tail, Way};
use crate::clock;
use crate::fault::{Ending, Pass, Waiting};
use crate::net::{BoxFuture, BoxLink};

/// A connection, from when it was accepted until both directions are over.
pub(super) struct Conn {
    shared: Rc<Shared>,
    number: u32,
    phase: Phase,
    harms: Harms,
}

enum Phase {
    /// The client is here, the target is being called.
    Dialing(Option<BoxLink>, BoxFuture<'static, io::Result<BoxLink>>),
    Carrying(Box<Pair>),
}

impl Conn {
    /// A connection of `client` to the target.
    pub(super) fn new(shared: Rc<Shared>, number: u32, client: BoxLink) -> Self {
        let phase = Phase::Dialing(Some(client), shared.network.connect(shared.target.get()));
        let harms = Harms::new(shared.clone(), number);
        Self { shared, number, phase, harms }
    }
}

impl Future for Conn {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let conn = self.get_mut();
        conn.shared.wake_on_change(conn.number, cx.waker());
        if let Phase::Dialing(client, dialing) = &mut conn.phase {
            let dialed = ready!(dialing.as_mut().poll(cx));
            let Some(mut client) = client.take() else { return Poll::Ready(()) };
            match dialed {
                Ok(server) => conn.phase = Phase::Carrying(Box::new(Pair::new(client, server))),
                Err(_) => {
                    client.reset_on_drop();
                    return Poll::Ready(());
                }
            }
        }
        conn.harms.follow(clock::now());
        match &mut conn.phase {
            Phase::Carrying(pair) => pair.poll_carry(&mut conn.harms, cx),
            Phase::Dialing(..) => Poll::Pending,
        }
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        self.shared.forget(self.number);
    }
}

/// Both links, client first, and both ways, upstream first: way `n` goes from link `n` to the other one.
struct Pair {
    links: [BoxLink; 2],
    ways: [Way; 2],
    scratch: Box<[u8]>,
    /// Lets everybody else have a turn first.
    pause: Option<BoxFuture<'static, ()>>,
}

/// What a turn came to; the later outweigh the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// It has to wait.
    Waits,
    /// Something moved: there may be more to do.
    Moved,
    /// A piece was sent that the receiver shall see before the next.
    Pauses,
    /// The connection is reset.
    Resets,
}

impl Pair {
    fn new(client: BoxLink, server: BoxLink) -> Self {
        let way = || Way::new(clock::now());
        Self { links: [client, server], ways: [way(), way()], scratch: vec![0; READ].into(), pause: None }
    }

    fn poll_carry(&mut self, harms: &mut Harms, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.poll_pause(cx));
        loop {
            let mut turn = self.end(harms);
            for way in 0..WAYS.len() {
                if turn < Turn::Resets {
                    turn = turn.max(self.send(way, harms, cx)).max(self.end(harms));
                }
                if turn < Turn::Resets {
                    turn = turn.max(self.read(way, harms, cx));
                }
            }
            match turn {
                Turn::Resets => {
                    self.links.iter_mut().for_each(|link| link.reset_on_drop());
                    return Poll::Ready(());
                }
                _ if self.ways.iter().all(Way::is_over) => return Poll::Ready(()),
                Turn::Pauses => {
                    self.pause = Some(Box::pin(yield_now()));
                    ready!(self.poll_pause(cx));
                }
                Turn::Waits if !self.time_has_come(cx) => return Poll::Pending,
                Turn::Waits | Turn::Moved => {}
            }
        }
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        Poll::Ready(())
    }

    fn time_has_come(&mut self, cx: &mut Context<'_>) -> bool {
        let [up, down] = &mut self.ways;
        // both, so that both timers run
        up.poll_wake(cx).is_ready() | down.poll_wake(cx).is_ready()
    }

    /// Ends what the faults say ends now.
    fn end(&mut self, harms: &mut Harms) -> Turn {
        harms.report();
        let mut turn = Turn::Waits;
        for (way, ending) in harms.endings() {
            let ended = match ending {
                Ending::Direction => way..way + 1,
                Ending::Fin => 0..WAYS.len(),
                Ending::Reset => return Turn::Resets,
            };
            for way in self.ways[ended].iter_mut().filter(|way| !way.discards()) {
                way.end(Sink::Closing);
                turn = Turn::Moved;
            }
        }
        turn
    }

    /// Sends what is due and may pass.
    fn send(&mut self, number: usize, harms: &mut Harms, cx: &mut Context<'_>) -> Turn {
        let (way, link) = (&mut self.ways[number], Pin::new(&mut self.links[1 - number]));
        way.wake = None;
        if way.sink == Sink::Closing {
            if link.poll_shutdown(cx).is_pending() {
                return Turn::Waits;
            }
            way.sink = Sink::Closed;
            return Turn::Moved;
        }
        let now = clock::now();
        let (bytes, since, tail) = match way.next(now) {
            Next::Nothing => return Turn::Waits,
            Next::Later(due) => {
                way.wake = Some(due);
                return Turn::Waits;
            }
            Next::Bytes(bytes, since) => (bytes, since, None),
            Next::End(tail, since) => (&mut [][..], since, Some(tail)),
        };
        let waiting = bytes.len();
        let may = match harms.pass(number, now, Waiting { bytes: waiting, since }) {
            Pass::Bytes(may) => may,
            Pass::At(at) => {
                way.wake = Some(at);
                return Turn::Waits;
            }
            Pass::Never => return Turn::Waits,
        };
        match tail {
            Some(Tail::Rst) => return Turn::Resets,
            Some(Tail::Fin) => {
                way.end(Sink::Closing);
                return Turn::Moved;
            }
            None => harms.alter(number, &mut bytes[..may]),
        }
        harms.report();
        match link.poll_write(cx, &bytes[..may]) {
            Poll::Pending => Turn::Waits,
            Poll::Ready(Ok(sent)) => {
                way.sent(sent);
                harms.sent(number, sent);
                if may < waiting { Turn::Pauses } else { Turn::Moved }
            }
            Poll::Ready(Err(_)) => self.lose_receiver(number),
        }
    }

    /// The receiver is gone. What it still said arrives; its reading end says how it went. Where that was heard already, the sender
    /// learns it as from a receiver that closed: by RST.
    fn lose_receiver(&mut self, number: usize) -> Turn {
        self.ways[number].end(Sink::Closed);
        if self.ways[1 - number].discards() { Turn::Resets } else { Turn::Moved }
    }

    /// Reads what there is room for.
    fn read(&mut self, number: usize, harms: &mut Harms, cx: &mut Context<'_>) -> Turn {
        let now = clock::now();
        let way = &mut self.ways[number];
        if !way.reading || !(way.discards() || (way.has_room(now) && harms.reads(number))) {
            return Turn::Waits;
        }
        let mut buffer = ReadBuf::new(&mut self.scratch);
        let tail = match Pin::new(&mut self.links[number]).poll_read(cx, &mut buffer) {
            Poll::Pending => return Turn::Waits,
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => None,
            Poll::Ready(Ok(())) => Some(Tail::Fin),
            Poll::Ready(Err(_)) => Some(Tail::Rst),
        };
        if way.discards() {
            return self.read_in_vain(number, tail);
        }
        let delay = harms.delay(number);
        harms.report();
        match tail {
            None => way.push(buffer.filled(), now, delay),
            Some(tail) => way.push_end(tail, now, delay),
        }
        Turn::Moved
    }

    /// What is read on a way that has ended does not arrive; but a reset ends the other way too.
    fn read_in_vain(&mut self, number: usize, tail: Option<Tail>) -> Turn {
        self.ways[number].reading = tail.is_none();
        if tail == Some(Tail::Rst) && !self.ways[1 - number].discards() { Turn::Resets } else { Turn::Moved }
    }
}

/// What is read at once.
const READ: usize = 16 * 1024;
