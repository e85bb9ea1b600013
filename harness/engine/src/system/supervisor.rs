//! Processes that cannot outlive the harness, however it ends. Our own binary, executed again once for a run, starts them in process groups of their
//! own; with each comes a line, a pair of sockets, and when our end of the line closes its group is killed (ADR 3). Pipes of a process lead straight to us.
//!
//! An order is its length in four bytes, with which the process's ends travel (standard input, output, error, and the line), and then JSON. What comes
//! back over the line is [`Told`], a JSON text to a line: first that the process runs or why not, then how it ended.

use std::io::{IoSlice, PipeReader, PipeWriter, Write, pipe};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use proofmark_system::StartError;
use rustix::cmsg_space;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde::{Deserialize, Serialize};

/// Starts processes that cannot outlive the harness. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Supervisor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    binary: PathBuf,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    orders: UnixStream,
    process: Child,
}

/// What is to be started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The words of the command line.
    pub command: Vec<String>,
    /// What it has in its environment besides ours.
    pub environment: Vec<(String, String)>,
}

/// What the supervisor tells of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// It runs, and has this number.
    Runs(u32),
    /// It cannot be started, and why.
    Fails(String),
    /// It has ended with this status; from [`SIGNALLED`] on, by a signal.
    Ended(i32),
}

/// Exit statuses from here on say that the process ended by a signal.
pub const SIGNALLED: i32 = 128;

/// How many ends of a process travel with its order.
pub const ENDS: usize = 4;

/// Our ends of a process that is being started.
#[derive(Debug)]
pub struct Started {
    /// Its standard input.
    pub stdin: PipeWriter,
    /// Its standard output.
    pub stdout: PipeReader,
    /// Its standard error.
    pub stderr: PipeReader,
    /// What the supervisor tells of it.
    pub told: UnixStream,
    /// What keeps it alive.
    pub leash: Leash,
}

/// Dropping it kills the process and everything in its group.
#[derive(Debug)]
pub struct Leash(UnixStream);

impl Drop for Leash {
    fn drop(&mut self) {
        // a line that is closed already does what is wanted
        let _ = self.0.shutdown(Shutdown::Write);
    }
}

impl Supervisor {
    /// One that is started by `binary supervise` when it is needed.
    pub fn new(binary: PathBuf) -> Self {
        Self(Arc::new(Inner { binary, running: Mutex::default() }))
    }

    /// Has a process started. Whether it runs is told over its line.
    ///
    /// # Errors
    /// Where the supervisor itself cannot be reached.
    pub fn start(&self, order: &Order) -> Result<Started, StartError> {
        let failed =
            |error: std::io::Error| StartError::Failed(format!("the supervisor {} cannot be used: {error}", self.0.binary.display()));
        let (stdin, their_stdin) = pipe().map(|(read, write)| (write, read)).map_err(failed)?;
        let (stdout, their_stdout) = pipe().map_err(failed)?;
        let (stderr, their_stderr) = pipe().map_err(failed)?;
        let (told, their_line) = UnixStream::pair().map_err(failed)?;
        let leash = Leash(told.try_clone().map_err(failed)?);
        let ends = [OwnedFd::from(their_stdin), their_stdout.into(), their_stderr.into(), their_line.into()];
        self.send(order, &ends).map_err(failed)?;
        Ok(Started { stdin, stdout, stderr, told, leash })
    }

    fn send(&self, order: &Order, ends: &[OwnedFd; ENDS]) -> std::io::Result<()> {
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(supervisor) = &mut *running {
            if write(&supervisor.orders, order, ends).is_ok() {
                return Ok(());
            }
            // somebody has ended it, and whoever hears of what it supervised sees to that
            let _ = supervisor.process.kill();
            let _ = supervisor.process.wait();
        }
        let supervisor = running.insert(self.supervise()?);
        write(&supervisor.orders, order, ends)
    }

    fn supervise(&self) -> std::io::Result<Running> {
        let (orders, theirs) = UnixStream::pair()?;
        let mut command = Command::new(&self.0.binary);
        // in a group of its own, so that Ctrl-C does not reach it before the harness has closed the lines
        command.arg("supervise").stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).process_group(0);
        Ok(Running { orders, process: command.spawn()? })
    }
}

fn write(mut orders: &UnixStream, order: &Order, ends: &[OwnedFd; ENDS]) -> std::io::Result<()> {
    let text = serde_json::to_vec(order)?;
    let length = u32::try_from(text.len()).map_err(std::io::Error::other)?.to_be_bytes();
    let ends = ends.each_ref().map(AsFd::as_fd);
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(ENDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&ends));
    // four bytes go at once or not at all
    sendmsg(orders, &[IoSlice::new(&length)], &mut control, SendFlags::empty())?;
    orders.write_all(&text)
}
