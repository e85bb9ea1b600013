//! Builds a system: runs what its manifest says, in its folder, with `OUT` and `VERSION`.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use proofmark_engine::run::execute::Stopwatch;

use super::System;
use crate::run_parts::interrupt;

/// Builds a system. Gives the release of its library, and how long it took.
pub(crate) fn build(system: &System, stop: &crate::commands::run::Stop) -> Result<(String, Duration)> {
    let stopwatch = Stopwatch::start();
    fs::create_dir_all(&system.out).with_context(|| format!("{} cannot be made", system.out.display()))?;
    let log_path = system.out.join("build.log");
    // what a build before this one left must not pass for this one's
    let _ = fs::remove_file(system.out.join("version.txt"));
    let mut log = File::options()
        .create(true)
        .truncate(true)
        .read(true)
        .write(true)
        .open(&log_path)
        .with_context(|| log_path.display().to_string())?;
    let words = system.words(&system.manifest.build.run);
    let (program, rest) = words.split_first().context("the manifest's build has no words")?;
    let child = Command::new(program)
        .args(rest)
        .current_dir(&system.home)
        .env("OUT", &system.out)
        .env("VERSION", system.name.version.as_deref().unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log.try_clone()?)
        .process_group(0)
        .spawn();
    let mut child = child.map_err(|error| anyhow!("`{program}` cannot be started: {error}; {}", missing_tools(system)))?;
    let ended = wait(&mut child, system.manifest.build.limit, stop)?;
    if let Some(why) = ended {
        bail!(
            "system `{}` does not build: {why}\n{}\n  all of it: {}\n  {}",
            system.name,
            indented(&tail(&mut log)),
            log_path.display(),
            missing_tools(system)
        );
    }
    let version = system.built().map_err(|_| anyhow!("the build of `{}` ended well but wrote no version.txt to OUT", system.name))?;
    Ok((version, Duration::from_secs_f64(stopwatch.millis() / 1000.0)))
}

/// Waits for the end; gives why it is not good.
fn wait(child: &mut Child, limit: Duration, stop: &crate::commands::run::Stop) -> Result<Option<String>> {
    let stopwatch = Stopwatch::start();
    let group = Pid::from_raw(i32::try_from(child.id())?);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((!status.success()).then(|| format!("its build ended with {status}")));
        }
        let is_late = stopwatch.millis() > limit.as_secs_f64() * 1000.0;
        if is_late || interrupt::was_asked(stop) {
            let _ = killpg(group, Signal::SIGKILL);
            child.wait()?;
            return Ok(Some(if is_late { format!("it was not done within {limit:?}") } else { "interrupted".into() }));
        }
        std::thread::park_timeout(STEP);
    }
}

/// What of the tools that the manifest names is not there, and how one gets it.
pub(crate) fn missing_tools(system: &System) -> String {
    let missing: Vec<String> = system
        .manifest
        .tools
        .iter()
        .filter(|tool| version_of(&tool.run).is_err())
        .map(|tool| format!("`{}` is missing: install {}", tool.run.join(" "), tool.install))
        .collect();
    if missing.is_empty() { "every tool that its manifest names is there".into() } else { missing.join("; ") }
}

/// The first line that a tool says of itself.
pub(crate) fn version_of(words: &[String]) -> Result<String> {
    let (program, rest) = words.split_first().context("no command")?;
    let output =
        Command::new(program).args(rest).stdin(Stdio::null()).output().with_context(|| format!("`{program}` cannot be started"))?;
    if !output.status.success() {
        bail!("`{}` ended with {}", words.join(" "), output.status);
    }
    let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    Ok(String::from_utf8_lossy(&text).lines().next().unwrap_or_default().trim().to_owned())
}

fn tail(log: &mut File) -> String {
    let mut bytes = Vec::new();
    let length = log.metadata().map_or(0, |data| data.len());
    // a log that cannot be read shows nothing; its path is told all the same
    let _ = log.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)));
    let _ = log.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
}

const STEP: Duration = Duration::from_millis(50);
const TAIL_BYTES: u64 = 16 * 1024;
const TAIL_LINES: usize = 15;
