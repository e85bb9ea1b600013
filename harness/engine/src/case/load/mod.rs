//! From the text of suites and requirements to typed cases; everything that is wrong is told, not only the first thing.
//!
//! - `suites`: whole files, from bytes to cases. `catalogue`: the same for requirements.
//! - `tree`: YAML with a place for every node; `parse` makes it and refuses what the language forbids.
//! - `table`: rows of tables put in place of `$name`.
//! - `typed`: from the tree to types. `validate`: what types cannot say.
//! - `facts`: what a case speaks of. `needs`: what it demands of a system. `harmless`: whether it leaves a server as it found it.
//! - `error`: what a person is told.
//!
//! `$name` is replaced in the tree and not in the text: every node keeps the place where it was written, so no column
//! has to be led back, and a value can never run into its neighbours.

mod catalogue;
mod error;
mod facts;
mod harmless;
mod needs;
mod parse;
mod suites;
mod table;
mod tree;
mod typed;
mod validate;

pub use self::{
    catalogue::load_catalogue,
    error::{LoadError, LoadErrors, Place},
    needs::needs,
    suites::load_suites,
    typed::parse_one,
};
