//! `proofmark supervise`: starts what is ordered over standard input, each in a process group of its own, and kills a group when its line closes, which
//! is when the harness wants that or has ended.

use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, bail};
use proofmark_engine::system::supervisor::{ENDS, Order, SIGNALLED, Told};
use rustix::cmsg_space;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::exit::Exit;

pub(crate) fn run() -> Result<Exit> {
    let orders = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    thread::scope(|scope| {
        while let Some((order, ends)) = next(&orders)? {
            let [stdin, stdout, stderr, line] = ends;
            let line = UnixStream::from(line);
            let child = match start(&order, [stdin, stdout, stderr]) {
                Ok(child) => child,
                Err(why) => {
                    tell(&line, &Told::Fails(why));
                    continue;
                }
            };
            tell(&line, &Told::Runs(child.id()));
            scope.spawn(move || supervise(child, &line));
        }
        Ok(Exit::Conforms)
    })
}

/// The next order; none once the harness has ended.
fn next(mut orders: &UnixStream) -> Result<Option<(Order, [OwnedFd; ENDS])>> {
    let mut length = [0; 4];
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(ENDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let read = recvmsg(orders, &mut [IoSliceMut::new(&mut length)], &mut control, RecvFlags::empty())?.bytes;
    if read == 0 {
        return Ok(None);
    }
    let mut ends = Vec::with_capacity(ENDS);
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(ours) = message {
            ends.extend(ours);
        }
    }
    for end in &ends {
        // nothing is started meanwhile that could inherit it
        fcntl_setfd(end, FdFlags::CLOEXEC)?;
    }
    orders.read_exact(length.get_mut(read..).unwrap_or_default())?;
    let mut text = vec![0; usize::try_from(u32::from_be_bytes(length))?];
    orders.read_exact(&mut text)?;
    let Ok(ends) = ends.try_into() else { bail!("an order came without the ends of its process") };
    Ok(Some((serde_json::from_slice(&text).context("an order cannot be read")?, ends)))
}

fn start(order: &Order, [stdin, stdout, stderr]: [OwnedFd; 3]) -> Result<Child, String> {
    let Some((program, words)) = order.command.split_first() else { return Err("the command line is empty".into()) };
    let mut command = Command::new(program);
    command.args(words).envs(order.environment.iter().map(|(key, value)| (key, value)));
    command.stdin(Stdio::from(stdin)).stdout(Stdio::from(stdout)).stderr(Stdio::from(stderr)).process_group(0);
    command.spawn().map_err(|error| format!("`{program}` cannot be started: {error}; is it installed, and is the path right?"))
}

/// Sees to the end of a process: by itself, or because its line closes.
fn supervise(mut child: Child, line: &UnixStream) {
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    // while it is locked and not reaped, its number is nobody else's
    let is_reaped = Mutex::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut rest = Vec::new();
            // a line that cannot be read is closed, too
            let _ = (&*line).read_to_end(&mut rest);
            let is_reaped = is_reaped.lock().unwrap_or_else(PoisonError::into_inner);
            if !*is_reaped {
                let _ = kill_process_group(group, Signal::KILL);
            }
        });
        // whatever keeps us from waiting like this shows in the wait below
        let _ = waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        let status = {
            let mut is_reaped = is_reaped.lock().unwrap_or_else(PoisonError::into_inner);
            // children of the process that live on in its group go with it
            let _ = kill_process_group(group, Signal::KILL);
            *is_reaped = true;
            child.wait()
        };
        let code = status.ok().map_or(SIGNALLED, |status| status.code().unwrap_or_else(|| SIGNALLED + status.signal().unwrap_or(0)));
        tell(line, &Told::Ended(code));
        let _ = line.shutdown(Shutdown::Both);
    });
}

fn tell(mut line: &UnixStream, told: &Told) {
    // a harness that has ended is told nothing
    if let Ok(text) = serde_json::to_string(told) {
        let _ = writeln!(line, "{text}");
    }
}
