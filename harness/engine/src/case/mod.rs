//! The case language: a text that says what is set up, what happens, and what must be true of the record afterwards.
//!
//! - [`suite`]: the loaded case; [`requirement`]: what it proves.
//! - [`given`], [`fault`]: what is set up.
//! - [`when`], [`operation`]: what happens. What must be true is in [`crate::check`].
//! - [`moment`], [`bound`], [`units`], [`names`], [`template`], [`payload`], [`text`], [`hex`]: the small words.
//! - `kinds`: how a list of kinds is defined; `nearest`: help for names that nothing carries.
//! - [`load`]: from files to cases.

pub mod bound;
pub mod fault;
pub mod given;
pub mod hex;
pub(crate) mod kinds;
pub mod load;
pub mod moment;
pub mod names;
pub(crate) mod nearest;
pub mod operation;
pub mod payload;
pub mod requirement;
pub mod suite;
pub mod template;
pub mod text;
pub mod units;
pub mod when;

pub(crate) use self::suite::FAR;
pub use self::{
    bound::Bound,
    fault::{Fault, FaultKind, known_faults},
    given::Given,
    kinds::Word,
    load::{LoadError, LoadErrors, load_catalogue, load_suites, needs, parse_one},
    moment::{Moment, Thing, Verb},
    names::{ErrorCode, FrameType, StatusCode},
    operation::Operation,
    requirement::{Catalogue, Level, Obliged, Owner, Requirement},
    suite::{Case, Role},
    template::Template,
    units::ByteCount,
    when::{Call, CallStep, Step, known_call_steps, known_steps},
};
