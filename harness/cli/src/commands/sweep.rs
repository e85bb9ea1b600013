//! `proofmark sweep`: removes a folder once standard input ends, which is when the harness has ended.

use std::fs;
use std::io::{ErrorKind, Read};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::args::SweepArgs;
use crate::exit::Exit;
use crate::run_parts::scratch::PREFIX;

pub(crate) fn run(args: &SweepArgs) -> Result<Exit> {
    let is_ours = args.folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
    if !is_ours {
        bail!("{} is no folder of a run, whose names begin with `{PREFIX}`; nothing was removed", args.folder.display());
    }
    let mut rest = Vec::new();
    // a pipe that cannot be read has ended, too
    let _ = std::io::stdin().read_to_end(&mut rest);
    for _ in 0..TRIES {
        match fs::remove_dir_all(&args.folder) {
            Ok(()) => return Ok(Exit::Conforms),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Exit::Conforms),
            // servers that are being ended may still write
            Err(_) => thread::park_timeout(STEP),
        }
    }
    Ok(Exit::NotReady)
}

const TRIES: usize = 50;
const STEP: Duration = Duration::from_millis(100);
