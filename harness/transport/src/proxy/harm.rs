//! What the armed faults do to one connection.

use std::rc::Rc;
use std::time::Duration;

use super::{Firing, Shared};
use crate::clock::Instant;
use crate::fault::{Direction, Ending, Lane, Pass, Start, Waiting};

/// The lanes of one connection, in the order in which their faults were armed.
#[derive(Debug)]
pub(super) struct Harms {
    shared: Rc<Shared>,
    number: u32,
    serial: u64,
    /// The latest fault that was taken up.
    known: u64,
    lanes: Vec<Harm>,
}

#[derive(Debug)]
struct Harm {
    serial: u64,
    fault: String,
    way: usize,
    lane: Box<dyn Lane>,
    reported: bool,
}

/// The directions by the number of their way.
pub(super) const WAYS: [Direction; 2] = [Direction::Upstream, Direction::Downstream];

impl Harms {
    /// Those of connection `number`, which begins now.
    pub(super) fn new(shared: Rc<Shared>, number: u32) -> Self {
        let serial = shared.next_serial();
        Self { shared, number, serial, known: 0, lanes: Vec::new() }
    }

    /// Takes up faults that were armed since, and drops those that were lifted.
    pub(super) fn follow(&mut self, now: Instant) {
        let armed = self.shared.armed.borrow();
        self.lanes.retain(|harm| armed.iter().any(|armed| armed.serial == harm.serial));
        for armed in armed.iter().filter(|armed| armed.serial > self.known && armed.concerns(self.number)) {
            let fault = &armed.fault;
            for (way, direction) in WAYS.into_iter().enumerate().filter(|(_, direction)| fault.direction.covers(*direction)) {
                let chance = self.shared.seed.stream(&format!("fault.{}.{}.{direction:?}", fault.name, self.number));
                let start = Start { now, fresh: self.serial > armed.serial, chance };
                if let Some(lane) = fault.kind.lane(start) {
                    self.lanes.push(Harm { serial: armed.serial, fault: fault.name.clone(), way, lane, reported: false });
                }
            }
        }
        self.known = armed.last().map_or(self.known, |armed| armed.serial);
    }

    /// Reports harm that is about to be done for the first time.
    pub(super) fn report(&mut self) {
        let mut reported = Vec::new();
        for harm in &mut self.lanes {
            if harm.reported || !harm.lane.harmed() {
                continue;
            }
            harm.reported = true;
            if !reported.contains(&harm.serial) {
                reported.push(harm.serial);
                (self.shared.fired)(Firing { fault: &harm.fault, connection: Some(self.number) });
            }
        }
    }

    /// What ends, and on which way.
    pub(super) fn endings(&self) -> impl Iterator<Item = (usize, Ending)> {
        self.lanes.iter().filter_map(|harm| Some((harm.way, harm.lane.ending()?)))
    }

    /// Whether anything is read on a way.
    pub(super) fn reads(&self, way: usize) -> bool {
        self.lanes.iter().filter(|harm| harm.way == way).all(|harm| harm.lane.reads())
    }

    /// How much later what was just read becomes due.
    pub(super) fn delay(&mut self, way: usize) -> Duration {
        self.of(way).map(Lane::delay).sum()
    }

    /// Whether what waits may pass: each lane may let less pass than the one before.
    pub(super) fn pass(&mut self, way: usize, now: Instant, mut waiting: Waiting) -> Pass {
        let mut at = None;
        for lane in self.of(way) {
            match lane.pass(now, waiting) {
                Pass::Bytes(bytes) => waiting.bytes = bytes.min(waiting.bytes),
                Pass::At(later) => at = at.max(Some(later)),
                Pass::Never => return Pass::Never,
            }
        }
        at.map_or(Pass::Bytes(waiting.bytes), Pass::At)
    }

    /// Changes bytes that are about to be sent.
    pub(super) fn alter(&mut self, way: usize, bytes: &mut [u8]) {
        self.of(way).for_each(|lane| lane.alter(bytes));
    }

    /// So many bytes were sent.
    pub(super) fn sent(&mut self, way: usize, bytes: usize) {
        self.of(way).for_each(|lane| lane.sent(bytes));
    }

    fn of(&mut self, way: usize) -> impl Iterator<Item = &mut (dyn Lane + 'static)> {
        self.lanes.iter_mut().filter(move |harm| harm.way == way).map(|harm| &mut *harm.lane)
    }
}
