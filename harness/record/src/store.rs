//! `record.jsonl`: one line a thing, append-only, readable up to the last whole line whatever ended the run.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::result::{CaseResult, Role, Verdict};

/// The version of the format. A reader refuses a newer one.
pub const VERSION: u32 = 1;

/// One line of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub enum Line {
    /// The first line.
    Run(RunStart),
    /// A system that takes part.
    System(SystemInfo),
    /// Something happened in a case.
    Event {
        /// The system.
        system: String,
        /// The case.
        case: String,
        /// The round, from 1.
        round: u32,
        /// What happened.
        event: Event,
    },
    /// A case was judged.
    Case(Box<CaseResult>),
    /// The run is over.
    End(RunEnd),
}

/// How a run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunStart {
    /// [`VERSION`].
    pub version: u32,
    /// The run's id.
    pub id: String,
    /// The seed.
    pub seed: String,
    /// The command line.
    pub argv: Vec<String>,
    /// When, in seconds since 1970.
    pub started_unix: u64,
    /// Where.
    pub machine: Machine,
    /// The harness's version.
    pub harness: String,
    /// Digest of the requirement catalogue.
    pub catalogue: String,
    /// How many requirements the catalogue has.
    pub requirements: u32,
}

/// The machine of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Machine {
    /// Operating system.
    pub os: String,
    /// Processor architecture.
    pub arch: String,
    /// Cores the harness may use.
    pub cores: u32,
}

/// A system that takes part in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SystemInfo {
    /// Unique in the run.
    pub name: String,
    /// Its version, where known.
    pub version: String,
    /// Which end.
    pub role: Role,
    /// `in-process`, `process`, `address`.
    pub tier: String,
    /// What it has.
    pub features: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunEnd {
    /// Real time it took.
    pub duration_ms: f64,
    /// The exit code.
    pub exit: u8,
    /// It was interrupted.
    pub interrupted: bool,
}

/// A whole record.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// How it began.
    pub run: RunStart,
    /// Who took part.
    pub systems: Vec<SystemInfo>,
    /// The results, in the order in which cases ended.
    pub cases: Vec<CaseResult>,
    /// The events by system, case and round.
    pub transcripts: IndexMap<(String, String, u32), Vec<Event>>,
    /// How it ended; absent where it was cut off.
    pub end: Option<RunEnd>,
    /// The last line was cut short and left out.
    pub truncated: bool,
}

impl Record {
    /// Reads a record.
    ///
    /// # Errors
    /// Where the file cannot be read, is no record, or is of a newer version. A last line that was cut short is no error.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let at = |source| RecordError::Io { path: path.to_owned(), source };
        let mut lines = BufReader::new(File::open(path).map_err(at)?).split(b'\n').enumerate().peekable();
        let first = match lines.next() {
            Some((_, line)) => line.map_err(at)?,
            None => return Err(RecordError::NotARecord { path: path.to_owned(), seen: "nothing: the file is empty".into() }),
        };
        let mut record = Self::begin(path, &first)?;
        while let Some((number, line)) = lines.next() {
            let line = line.map_err(at)?;
            if line.is_empty() {
                continue;
            }
            match serde_json::from_slice(&line) {
                Ok(line) => record.take(line),
                Err(_) if lines.peek().is_none() => record.truncated = true,
                Err(source) => return Err(RecordError::BadLine { path: path.to_owned(), number: number + 1, source }),
            }
        }
        Ok(record)
    }

    fn begin(path: &Path, first: &[u8]) -> Result<Self, RecordError> {
        let seen = || format!("`{}`", String::from_utf8_lossy(&first[..first.len().min(60)]).escape_debug());
        let not_a_record = || RecordError::NotARecord { path: path.to_owned(), seen: seen() };
        let value: serde_json::Value = serde_json::from_slice(first).map_err(|_| not_a_record())?;
        let version = value.get("version").and_then(serde_json::Value::as_u64).ok_or_else(not_a_record)?;
        if version > u64::from(VERSION) {
            return Err(RecordError::Newer { path: path.to_owned(), version });
        }
        match serde_json::from_value(value) {
            Ok(Line::Run(run)) => {
                Ok(Self { run, systems: Vec::new(), cases: Vec::new(), transcripts: IndexMap::new(), end: None, truncated: false })
            }
            _ => Err(not_a_record()),
        }
    }

    /// Adds what a line says.
    pub fn take(&mut self, line: Line) {
        match line {
            Line::Run(run) => self.run = run,
            Line::System(system) => self.systems.push(system),
            Line::Event { system, case, round, event } => self.transcripts.entry((system, case, round)).or_default().push(event),
            Line::Case(case) => self.cases.push(*case),
            Line::End(end) => self.end = Some(end),
        }
    }

    /// A record with nothing in it yet.
    pub fn new(run: RunStart) -> Self {
        Self { run, systems: Vec::new(), cases: Vec::new(), transcripts: IndexMap::new(), end: None, truncated: false }
    }

    /// How many cases have each verdict; every verdict is listed.
    pub fn totals(&self) -> IndexMap<Verdict, usize> {
        Verdict::ALL.into_iter().map(|verdict| (verdict, self.cases.iter().filter(|case| case.verdict == verdict).count())).collect()
    }
}

/// Writes a record line by line. A line is written whole or, if the machine dies, cut short as the last.
#[derive(Debug)]
pub struct RecordWriter {
    out: BufWriter<File>,
    path: PathBuf,
}

impl RecordWriter {
    /// Starts a record at `path`; its folder must exist.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn create(path: &Path) -> Result<Self, RecordError> {
        let file = File::create(path).map_err(|source| RecordError::Io { path: path.to_owned(), source })?;
        Ok(Self { out: BufWriter::with_capacity(256 * 1024, file), path: path.to_owned() })
    }

    /// Appends a line.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&mut self, line: &Line) -> Result<(), RecordError> {
        self.write_inner(line).map_err(|source| RecordError::Io { path: self.path.clone(), source })
    }

    /// Appends whole lines that are serialised already.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write_raw(&mut self, lines: &[u8]) -> Result<(), RecordError> {
        self.out.write_all(lines).map_err(|source| RecordError::Io { path: self.path.clone(), source })
    }

    /// Hands everything written so far to the operating system.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn flush(&mut self) -> Result<(), RecordError> {
        self.out.flush().map_err(|source| RecordError::Io { path: self.path.clone(), source })
    }

    fn write_inner(&mut self, line: &Line) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")
    }
}

/// Why a record cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file system said no.
    #[error("record {} cannot be read or written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The file is something else.
    #[error("{} is no record: its first line is {seen}; a record begins with a line of kind `run` (look for record.jsonl in the folder of a run)", path.display())]
    NotARecord {
        /// The file.
        path: PathBuf,
        /// Its beginning.
        seen: String,
    },
    /// A later proofmark wrote it.
    #[error("record {} has format version {version}, this proofmark reads up to {VERSION}: use the proofmark that wrote it, or a newer one", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// A line in the middle is damaged.
    #[error("record {}, line {number}: the line is damaged; restore the file or run again", path.display())]
    BadLine {
        /// The file.
        path: PathBuf,
        /// From 1.
        number: usize,
        /// What is wrong.
        source: serde_json::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::What;

    fn run() -> RunStart {
        RunStart {
            version: VERSION,
            id: "r1".into(),
            seed: "0x1".into(),
            argv: vec![],
            started_unix: 0,
            machine: Machine { os: "linux".into(), arch: "x86_64".into(), cores: 2 },
            harness: "0.1.0".into(),
            catalogue: String::new(),
            requirements: 0,
        }
    }

    fn stored(name: &str, text: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("proofmark-record-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path
    }

    fn event_line() -> Line {
        Line::Event { system: "s".into(), case: "c".into(), round: 1, event: Event { seq: 0, at_ns: 5, what: What::CaseStarted } }
    }

    #[test]
    fn a_record_cut_in_its_last_line_reads_up_to_it() {
        let whole = format!("{}\n{}\n", serde_json::to_string(&Line::Run(run())).unwrap(), serde_json::to_string(&event_line()).unwrap());
        let path = stored("cut", &format!("{whole}{{\"line\":\"even"));
        let record = Record::read(&path).unwrap();
        assert!(record.truncated);
        assert_eq!(record.transcripts.len(), 1);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_no_record_is_named() {
        let path = stored("not", "hello\n");
        assert!(Record::read(&path).unwrap_err().to_string().contains("is no record: its first line is `hello`"));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_newer_version_is_refused() {
        let path = stored("newer", "{\"line\":\"run\",\"version\":9}\n");
        assert!(Record::read(&path).unwrap_err().to_string().contains("format version 9, this proofmark reads up to 1"));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_written_line_reads_back() {
        let text = serde_json::to_string(&event_line()).unwrap();
        assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), event_line());
    }
}
