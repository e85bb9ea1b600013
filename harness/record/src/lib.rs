//! What a run writes down, and what is made of it.
//!
//! - [`Event`], [`What`]: one thing that happened in a case, when, and who did it
//! - [`CallRef`], [`Text`], [`Outcome`]: the parts of events
//! - [`Finding`], [`Verdict`], [`CaseResult`]: what judging says
//! - [`Record`], [`RecordWriter`]: the versioned `record.jsonl` from which every report is made

mod event;
mod result;
mod store;
mod text;

pub use event::{
    Actor, BlockKind, CallKind, CallRef, Direction, End, Ending, Event, FrameEvent, FrameSays, Outcome, Owed, Place, StatusSeen, Steered,
    SystemAct, What,
};
pub use proofmark_wire::StatusCode;
pub use result::{CaseResult, Finding, Level, Overlay, Owner, Role, Slot, Verdict};
pub use store::{Line, Machine, Record, RecordError, RecordWriter, RunEnd, RunStart, SystemInfo, VERSION};
pub use text::Text;
