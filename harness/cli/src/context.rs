//! The surroundings of the process, read once.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use proofmark_engine::system::supervisor::Supervisor;

/// Environment, terminal and current directory.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// Standard error is a terminal.
    pub(crate) terminal: bool,
    /// Colour is wanted.
    pub(crate) colour: bool,
    /// Our own binary.
    pub(crate) binary: PathBuf,
    /// What starts systems.
    pub(crate) supervisor: Supervisor,
    /// The words of the command line.
    pub(crate) argv: Vec<String>,
    /// Cores that may be used.
    pub(crate) cores: usize,
}

impl Context {
    pub(crate) fn of_process() -> Self {
        let terminal = io::stderr().is_terminal();
        let binary = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("proofmark"));
        Self {
            terminal,
            colour: terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            supervisor: Supervisor::new(binary.clone()),
            binary,
            argv: std::env::args().collect(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// Writes a line to standard output. A reader that has gone ends nothing.
    pub(crate) fn say(&self, text: &str) {
        let _ = writeln!(io::stdout(), "{text}");
    }

    /// Writes a line to standard error.
    pub(crate) fn complain(&self, text: &str) {
        let _ = writeln!(io::stderr(), "{}", self.painted(text));
    }

    /// Words that say how something went, in colour where that is wanted; the word itself carries the meaning.
    fn painted(&self, text: &str) -> String {
        let colour = match text.split([' ', '[', ':']).next().unwrap_or_default() {
            "error" | "fail" | "system-error" | "harness-error" => "31",
            "warning" | "warn" | "inconclusive" => "33",
            "pass" => "32",
            _ => return text.to_owned(),
        };
        if !self.colour {
            return text.to_owned();
        }
        let (first, rest) = text.split_once('\n').map_or((text, ""), |(first, rest)| (first, rest));
        let rest = if rest.is_empty() { String::new() } else { format!("\n{rest}") };
        format!("\u{1b}[{colour}m{first}\u{1b}[0m{rest}")
    }
}
