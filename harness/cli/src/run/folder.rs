//! The folder of a run: the record while it runs, the reports in the end.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use proofmark_engine::run::execute::{Done, Target};
use proofmark_record::{Line, Machine, Record, RecordWriter, Role, RunEnd, RunStart, SystemInfo, VERSION};
use proofmark_report::FORMATS;
use proofmark_transport::{Clock, Seed};

use crate::commands::run::{evidence_folder, stderr_of};
use crate::context::Context;
use crate::exit::Exit;
use crate::select::Suites;

/// The folder of a run.
pub(crate) struct Folder {
    path: PathBuf,
    writer: Mutex<(RecordWriter, Record)>,
}

impl Folder {
    /// Makes the folder and begins the record.
    pub(crate) fn create(out: Option<&Path>, seed: Seed, context: &Context, suites: &Suites) -> Result<Self> {
        let started = Clock::system().wall().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let id = format!("{}-{:03}-{}", started.as_secs(), started.subsec_millis(), std::process::id());
        let path = match out {
            Some(path) => path.to_owned(),
            None => Path::new(RUNS).join(&id),
        };
        fs::create_dir_all(&path)
            .with_context(|| format!("the output folder {} cannot be made; name another with --out", path.display()))?;
        if out.is_none() {
            point_latest_at(&id);
        }
        let run = RunStart {
            version: VERSION,
            id,
            seed: seed.to_string(),
            argv: context.argv.clone(),
            started_unix: started.as_secs(),
            machine: Machine { os: std::env::consts::OS.into(), arch: std::env::consts::ARCH.into(), cores: context.cores as u32 },
            harness: env!("CARGO_PKG_VERSION").into(),
            catalogue: suites.digest(),
            requirements: suites.catalogue.len() as u32,
        };
        let mut writer =
            RecordWriter::create(&path.join("record.jsonl")).context("the output folder cannot be written; name another with --out")?;
        writer.write(&Line::Run(run.clone()))?;
        writer.flush()?;
        Ok(Self { path, writer: Mutex::new((writer, Record::new(run))) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes note of a system.
    pub(crate) fn system(&self, target: &Target) -> Result<()> {
        let version = target.server.as_ref().map(|server| server.info().version);
        let version = version.or_else(|| target.client.as_ref().map(|client| client.info().version));
        let both = target.client.is_some() && target.server.is_some();
        let role = if both {
            Role::Pair
        } else if target.client.is_some() {
            Role::Client
        } else {
            Role::Server
        };
        let system = SystemInfo {
            name: target.name.clone(),
            version: version.unwrap_or_default(),
            role,
            tier: target.tier.to_string(),
            features: target.features.iter().cloned().collect(),
        };
        let (writer, record) = &mut *self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        record.systems.push(system.clone());
        Ok(writer.write(&Line::System(system))?)
    }

    /// Writes a case down, with evidence beside it where it is not good.
    pub(crate) fn case(&self, done: Done) {
        let written = self.write_case(done);
        if let Err(error) = written {
            // the run goes on; the last line of output says that the record is not whole
            let _ = writeln!(std::io::stderr(), "warning: {error:#}");
        }
    }

    fn write_case(&self, done: Done) -> Result<()> {
        if done.result.verdict.is_bad() {
            self.write_evidence(&done)?;
        }
        let Done { result, transcripts, worst_round } = done;
        let is_shown = result.verdict.is_bad() || result.is_bad();
        let worst = is_shown.then(|| transcripts.get(worst_round).cloned()).flatten();
        let (system, case) = (&result.system, &result.id);
        let mut bytes = Vec::with_capacity(64 * 1024);
        for (place, events) in transcripts.into_iter().enumerate() {
            for event in events {
                let line = Line::Event { system: system.clone(), case: case.clone(), round: place as u32 + 1, event };
                serde_json::to_writer(&mut bytes, &line)?;
                bytes.push(b'\n');
            }
        }
        let (writer, record) = &mut *self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_raw(&bytes)?;
        writer.write(&Line::Case(Box::new(result.clone())))?;
        writer.flush()?;
        if let Some(events) = worst {
            record.transcripts.insert((system.clone(), case.clone(), worst_round as u32 + 1), events);
        }
        record.cases.push(result);
        Ok(())
    }

    fn write_evidence(&self, done: &Done) -> Result<()> {
        let folder = evidence_folder(&self.path, done);
        fs::create_dir_all(&folder)?;
        let events = done.transcripts.get(done.worst_round).map(Vec::as_slice).unwrap_or_default();
        let mut lines = Vec::new();
        for event in events {
            serde_json::to_writer(&mut lines, event)?;
            lines.push(b'\n');
        }
        write_whole(&folder.join("transcript.jsonl"), &lines)?;
        write_whole(&folder.join("ladder.txt"), proofmark_report::ladder::ladder(events).as_bytes())?;
        write_whole(&folder.join("stderr.txt"), stderr_of(done).as_bytes())
    }

    /// Ends the record and writes every report; a report that cannot be written does not stop the others.
    pub(crate) fn finish(self, duration_ms: f64, interrupted: bool, exit: impl FnOnce(&Record) -> Exit) -> Result<Record> {
        let (mut writer, mut record) = self.writer.into_inner().unwrap_or_else(PoisonError::into_inner);
        let end = RunEnd { duration_ms, exit: exit(&record).code(), interrupted };
        writer.write(&Line::End(end.clone()))?;
        writer.flush()?;
        record.cases.sort_by(|a, b| (&a.system, &a.id).cmp(&(&b.system, &b.id)));
        record.end = Some(end);
        let mut failed = None;
        for format in FORMATS {
            let mut bytes = Vec::new();
            let written = (format.write)(&record, &mut bytes)
                .map_err(anyhow::Error::from)
                .and_then(|()| write_whole(&self.path.join(format.file), &bytes));
            failed = failed.or(written.err().map(|error| error.context(format!("the report {} cannot be written", format.file))));
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(record),
        }
    }
}

/// Writes a file so that it is there whole or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, bytes).with_context(|| part.display().to_string())?;
    fs::rename(&part, path).with_context(|| path.display().to_string())
}

/// `latest` leads to the newest run; a file system without links goes without.
fn point_latest_at(id: &str) {
    let link = Path::new(RUNS).join("latest");
    let part = Path::new(RUNS).join(format!("latest-{id}"));
    if std::os::unix::fs::symlink(id, &part).is_ok() {
        let _ = fs::rename(&part, &link);
    }
}

/// Where runs are kept.
const RUNS: &str = "reports/out";
