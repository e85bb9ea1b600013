//! `proofmark supervise`: starts a command in a process group of its own, passes standard input on, and kills the group when that ends.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use proofmark_engine::system::process::{SIGNALLED, SUPERVISOR};

use crate::args::SuperviseArgs;
use crate::exit::Exit;

pub(crate) fn run(args: &SuperviseArgs) -> Result<Exit> {
    let Some((program, words)) = args.command.split_first() else { return Ok(Exit::Usage) };
    let started = Command::new(program).args(words).stdin(Stdio::piped()).process_group(0).spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            tell(&format!("`{program}` cannot be started: {error}; is it installed, and is the path right?"));
            std::process::exit(127);
        }
    };
    tell(&format!("pid {}", child.id()));
    let group = Pid::from_raw(i32::try_from(child.id())?);
    pass_input_on(&mut child, group, args.linger);
    let status = child.wait()?;
    // children of the server that live on in its group go with it
    let _ = killpg(group, Signal::SIGKILL);
    let code = status.code().unwrap_or_else(|| SIGNALLED + status.signal().unwrap_or(0));
    std::process::exit(code);
}

fn pass_input_on(child: &mut Child, group: Pid, linger: bool) {
    let mut to = child.stdin.take();
    std::thread::spawn(move || {
        let mut from = std::io::stdin();
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            let written = to.as_mut().map(|to| to.write_all(&buffer[..read]).and_then(|()| to.flush()));
            if !matches!(written, Some(Ok(()))) {
                // a server that has closed its input goes on without
                to = None;
            }
        }
        drop(to);
        if linger {
            std::thread::park_timeout(LINGER);
        }
        // the harness has ended, or wants this over
        let _ = killpg(group, Signal::SIGKILL);
    });
}

/// Longer than anything may take to end by itself.
const LINGER: Duration = Duration::from_secs(3);

fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{SUPERVISOR}{text}");
}
