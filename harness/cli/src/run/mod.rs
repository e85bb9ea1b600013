//! What a run needs around the engine.

pub(crate) mod folder;
pub(crate) mod interrupt;
pub(crate) mod progress;
pub(crate) mod scratch;
