//! How the program ends.

use std::process::ExitCode;

/// The exit codes. Where several hold, the first in this order does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 130: interrupted; the partial record is written.
    Interrupted,
    /// 70: the harness itself failed.
    HarnessError,
    /// 3: a system never became ready, so that no case ran on it.
    NotReady,
    /// 1: a case failed, or a system did.
    Fails,
    /// 4: no failure, but something is inconclusive.
    Inconclusive,
    /// 2: usage, configuration or case-file error, or a selection that matches nothing.
    Usage,
    /// 0: conforms.
    Conforms,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Interrupted => 130,
            Self::HarnessError => 70,
            Self::NotReady => 3,
            Self::Fails => 1,
            Self::Inconclusive => 4,
            Self::Usage => 2,
            Self::Conforms => 0,
        }
    }

    /// Why, for the last line.
    pub fn why(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted; what was recorded until then is kept",
            Self::HarnessError => "the harness itself failed; please report the evidence folder",
            Self::NotReady => "a system never became ready",
            Self::Fails => "a must-level promise is broken, or a system failed",
            Self::Inconclusive => "nothing failed, but something could not be judged",
            Self::Usage => "nothing was run",
            Self::Conforms => "every promise that was tested is kept",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
