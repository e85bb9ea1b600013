//! Renderings of a record; each reads a record and nothing else.
//!
//! - [`ladder`]: a transcript as a ladder of frames
//! - [`terminal`]: a failure as a person reads it, and totals
//! - [`compare`]: two releases of one system side by side
//! - [`matrix`]: who keeps which promise, of a run over many systems
//! - [`FORMATS`]: `json`, `junit`, `markdown`, `terminal`: one file each, one row here

pub mod compare;
pub mod json;
pub mod junit;
pub mod ladder;
pub mod markdown;
pub mod matrix;
pub mod terminal;

use std::io::{self, Write};

use proofmark_record::Record;

/// A format: its name, the file it is written to, and how.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// As `--format` takes it.
    pub name: &'static str,
    /// Its file in the folder of a run.
    pub file: &'static str,
    /// Writes it.
    pub write: fn(&Record, &mut dyn Write) -> io::Result<()>,
}

/// Every format.
pub const FORMATS: [Format; 4] = [
    Format { name: "json", file: "report.json", write: json::write },
    Format { name: "junit", file: "junit.xml", write: junit::write },
    Format { name: "markdown", file: "summary.md", write: markdown::write },
    Format { name: "terminal", file: "terminal.txt", write: terminal::write },
];
