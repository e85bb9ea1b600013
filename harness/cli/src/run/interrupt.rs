//! Ctrl-C: the first ends the run in order, the second at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

use crate::commands::run::Stop;
use crate::exit::Exit;

/// Watches for SIGINT and SIGTERM from now on.
pub(crate) fn watch() -> Result<Stop> {
    let stop: Stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().context("no runtime for signals")?;
    let asked = stop.clone();
    // the handlers are there before the first case is
    let (mut int, mut term) = {
        let _entered = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    std::thread::spawn(move || {
        runtime.block_on(async move {
            loop {
                tokio::select! {
                    biased;
                    _ = int.recv() => {}
                    _ = term.recv() => {}
                }
                if asked.swap(true, Ordering::Relaxed) {
                    // systems end with us: their supervisor holds a line to this process for each of them
                    std::process::exit(i32::from(Exit::Interrupted.code()));
                }
            }
        });
    });
    Ok(stop)
}

/// Whether the run was asked to end.
pub(crate) fn was_asked(stop: &Stop) -> bool {
    stop.load(Ordering::Relaxed)
}
