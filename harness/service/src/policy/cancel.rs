//! What a call does whose caller has gone.

use std::fmt::Debug;

/// How a caller goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// RST_STREAM with this error code.
    Reset(u32),
    /// The connection broke.
    Connection,
}

/// What happens to the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// It is dropped, which is how it is told.
    Drop,
    /// It runs to its own end and is not told; a request stream it reads fails.
    Run,
    /// It is not told, and a request stream it reads shows a clean end.
    EndInput,
}

/// Decisions about cancelled calls.
pub trait CancelPolicy: Debug + Send + Sync {
    /// What becomes of the handler of `path`.
    fn react(&self, _path: &str, _loss: Loss) -> Reaction {
        Reaction::Drop
    }
}
