//! Real processes: both roles against the Go peer, and connectrpc's conformance runner against its own grpc-go server and client, in the same run.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use proofmark_engine::run::execute::Stopwatch;
use proofmark_record::{CaseResult, Record, Verdict};

/// A case that ends sooner, in milliseconds, waits for nothing: no deadline, no drain, no backoff.
const WAITS_MS: f64 = 60.0;

pub(crate) fn measure() -> Result<String> {
    if output(Command::new("go").arg("version")).is_err() {
        return Ok("the Go peer and connectrpc's runner were not measured: `go` is not on PATH".into());
    }
    let proofmark = std::env::current_exe()?.with_file_name("proofmark");
    if !proofmark.exists() {
        bail!("{} is missing: run `make bench`, which builds it first", proofmark.display());
    }
    let scratch = tempfile::tempdir()?;
    output(Command::new(&proofmark).args(["build", "go"]))?;
    let mut out = String::new();
    for role in ["server", "client"] {
        let (all, millis) = ours(&proofmark, role, &[], scratch.path())?;
        let quick: Vec<&str> = all.iter().filter(|case| ran(case) && case.duration_ms < WAITS_MS).map(|case| case.id.as_str()).collect();
        let (quick, quick_millis) = ours(&proofmark, role, &quick, scratch.path())?;
        writeln!(
            out,
            "grpc-go, {role}: {}; those under {} ms by themselves: {}",
            rate(all.iter().filter(|case| ran(case)).count(), millis),
            WAITS_MS,
            rate(quick.len(), quick_millis)
        )?;
    }
    let tools = installed(&proofmark)?;
    for (mode, program) in [("server", "grpcserver"), ("client", "grpcclient")] {
        let (count, millis) = theirs(&tools, mode, program, scratch.path())?;
        writeln!(out, "connectrpc's runner, {mode}: {}", rate(count, millis))?;
    }
    Ok(out)
}

/// Runs the Go peer in a role, or the named cases of it: the results, and how long the whole command took.
fn ours(proofmark: &Path, role: &str, ids: &[&str], scratch: &Path) -> Result<(Vec<CaseResult>, f64)> {
    let out = scratch.join("run");
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    let stopwatch = Stopwatch::start();
    output(Command::new(proofmark).arg("run").args(ids).args(["--system", "go", "--role", role, "--out"]).arg(&out))?;
    let millis = stopwatch.millis();
    Ok((Record::read(&out.join("record.jsonl"))?.cases, millis))
}

/// Runs connectrpc's conformance runner in a mode, everything over HTTP/2 without TLS: how many cases it ran, and how long the command took.
fn theirs(tools: &Path, mode: &str, program: &str, scratch: &Path) -> Result<(usize, f64)> {
    let config = scratch.join("connect.yaml");
    std::fs::write(&config, CONFIG)?;
    let stopwatch = Stopwatch::start();
    let mut runner = Command::new(tools.join("connectconformance"));
    // it exits with 1: some of its cases ask grpc-go for codes that the specification has changed since
    let ran = runner.arg("--conf").arg(&config).args(["--mode", mode]).arg(tools.join(program)).output()?;
    let millis = stopwatch.millis();
    let text = String::from_utf8_lossy(&ran.stdout);
    let count = text.lines().find_map(|line| line.strip_prefix("Total cases: ")).and_then(|count| count.trim().parse().ok());
    Ok((count.with_context(|| format!("connectrpc's runner says no total: {text}"))?, millis))
}

/// The folder of connectrpc's programs, installed beside our own build where they are missing.
fn installed(proofmark: &Path) -> Result<PathBuf> {
    let folder = proofmark.with_file_name("connectconformance");
    for program in ["connectconformance", "grpcserver", "grpcclient"] {
        if !folder.join(program).exists() {
            let path = format!("connectrpc.com/conformance/cmd/{program}@latest");
            output(Command::new("go").env("GOBIN", std::path::absolute(&folder)?).args(["install", &path]))?;
        }
    }
    Ok(folder)
}

fn ran(case: &CaseResult) -> bool {
    !matches!(case.verdict, Verdict::Unsupported | Verdict::Skipped)
}

fn rate(count: usize, millis: f64) -> String {
    format!("{count} cases in {:.1} s, {:.0} a second", millis / 1000.0, count as f64 * 1000.0 / millis)
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let name = command.get_program().display().to_string();
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("`{name}` cannot be run"))?;
    if !done.status.success() {
        bail!("`{name}` failed ({}):\n{}", done.status, String::from_utf8_lossy(&done.stderr));
    }
    Ok(done.stdout)
}

const CONFIG: &str = "
features:
  versions: [HTTP_VERSION_2]
  protocols: [PROTOCOL_GRPC]
  codecs: [CODEC_PROTO]
  compressions: [COMPRESSION_IDENTITY, COMPRESSION_GZIP]
  supportsH2c: true
  supportsTls: false
  supportsTrailers: true
  supportsConnectGet: false
  supportsMessageReceiveLimit: false
";
