//! A folder for files of systems that is gone afterwards, however the harness ends.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::context::Context;

/// The folder. Dropping it removes it; where nobody is left to drop it, `proofmark sweep` does: it holds a pipe from the harness, and removes the folder when
/// that closes.
pub(crate) struct Scratch {
    folder: TempDir,
    sweeper: Child,
}

impl Scratch {
    pub(crate) fn create(context: &Context) -> Result<Self> {
        let folder = folder().context("no folder for files of systems")?;
        let mut sweep = Command::new(&context.binary);
        sweep.arg("sweep").arg(folder.path()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let sweeper = sweep.spawn().with_context(|| format!("{} cannot be started", context.binary.display()))?;
        Ok(Self { folder, sweeper })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// In memory, unless the user names another place: stores are written through at every acknowledged write, and a busy disk would be what is timed.
fn folder() -> std::io::Result<TempDir> {
    let mut named = tempfile::Builder::new();
    named.prefix(PREFIX);
    match std::env::var_os("TMPDIR") {
        Some(_) => named.tempdir(),
        None => named.tempdir_in("/dev/shm").or_else(|_| named.tempdir()),
    }
}

/// What the names of such folders begin with; nothing else is swept.
pub(crate) const PREFIX: &str = "proofmark-";

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.sweeper.stdin.take());
        // it removes what servers that are just being ended still write; a sweeper that is gone need not be waited for
        let _ = self.sweeper.wait();
    }
}
