//! Making and keeping connections, and showing calls which there are.
//!
//! - [`Balancer`]: the task that owns all connections of a channel
//! - [`Picture`]: what calls see
//! - [`Board`]: where they see it
//! - `dialer`: starts and stops connections
//! - `pick_first`, `round_robin`: which connections are wanted, and when

mod board;
mod dialer;
mod pick_first;
mod round_robin;

use std::sync::Arc;

use proofmark_transport::clock::{Instant, now, sleep_until};
use tokio::sync::mpsc;

pub(crate) use crate::balance::board::Board;
use crate::balance::dialer::Dialer;
use crate::balance::pick_first::PickFirst;
use crate::balance::round_robin::RoundRobin;
use crate::config::Balancing;
use crate::connection::{Connection, DialReport};
use crate::options::Options;

/// What there is to send calls on.
#[derive(Clone)]
pub(crate) enum Picture {
    /// Nothing, until somebody asks.
    Idle,
    /// Nothing yet.
    Connecting,
    /// These.
    Ready(Arc<[Arc<Connection>]>),
    /// Nothing; the last attempt failed like this.
    Failed(Arc<str>),
    /// The channel is closed.
    Closed,
}

/// What the balancer is told.
pub(crate) enum Event {
    /// A call needs a connection.
    Wake,
    /// About a connection.
    Dial(u64, DialReport),
    /// The channel is closed.
    Close,
}

impl From<(u64, DialReport)> for Event {
    fn from((id, report): (u64, DialReport)) -> Self {
        Self::Dial(id, report)
    }
}

/// Which connections are wanted.
trait Strategy: Send {
    /// A call needs a connection.
    fn wake(&mut self);
    /// Something became of a connection.
    fn report(&mut self, id: u64, report: DialReport, dialer: &mut Dialer);
    /// Starts what is due; returns when to come again.
    fn advance(&mut self, now: Instant, dialer: &mut Dialer) -> Option<Instant>;
    /// What calls see.
    fn picture(&self) -> Picture;
}

/// Owns a channel's connections until the channel is closed.
pub(crate) struct Balancer {
    strategy: Box<dyn Strategy>,
    dialer: Dialer,
    events: mpsc::UnboundedReceiver<Event>,
    board: Arc<Board>,
}

impl Balancer {
    pub(crate) fn new(options: &Options, balancing: Balancing) -> (Self, mpsc::UnboundedSender<Event>, Arc<Board>) {
        let (sender, events) = mpsc::unbounded_channel();
        let board = Arc::new(Board::new());
        let mut dialer = Dialer::new(options, sender.downgrade());
        let strategy: Box<dyn Strategy> = match balancing {
            Balancing::PickFirst { shuffle } => Box::new(PickFirst::new(dialer.addresses(&options.addresses, shuffle))),
            Balancing::RoundRobin => Box::new(RoundRobin::new(&options.addresses)),
        };
        (Self { strategy, dialer, events, board: board.clone() }, sender, board)
    }

    pub(crate) async fn run(mut self) {
        loop {
            let due = self.strategy.advance(now(), &mut self.dialer);
            self.board.show(self.strategy.picture());
            let timer = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let event = tokio::select! {
                biased;
                event = self.events.recv() => event,
                () = timer => continue,
            };
            match event {
                Some(Event::Wake) => self.strategy.wake(),
                Some(Event::Dial(id, report)) => {
                    self.dialer.note(id, &report);
                    self.strategy.report(id, report, &mut self.dialer);
                }
                Some(Event::Close) | None => break,
            }
        }
        self.board.show(Picture::Closed);
    }
}
