//! One file a subcommand.

pub(crate) mod build;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod drive;
pub(crate) mod explain;
pub(crate) mod judge;
pub(crate) mod killers;
pub(crate) mod list;
pub(crate) mod matrix;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod supervise;
pub(crate) mod sweep;
pub(crate) mod systems;
