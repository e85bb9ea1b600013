//! The command line of Proofmark; the only crate that knows every other.
//!
//! - [`run`]: from arguments to an exit code
//! - [`args`]: what can be said; [`exit`]: how it ends
//! - `commands`: one file a subcommand

pub mod args;
mod commands;
mod containers;
mod context;
pub mod exit;
#[path = "run/mod.rs"]
mod run_parts;
mod select;
pub mod systems;
mod targets;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};
use crate::context::Context;
use crate::exit::Exit;

/// Runs a command line. Mistakes in it are told on standard error, with exit code 2.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // clap's own texts; nothing can be done where even they cannot be written
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Conforms.into() };
        }
    };
    let context = Context::of_process();
    let done = match args.command {
        Command::Run(args) => commands::run::run(&args, &context),
        Command::List(args) => commands::list::run(&args, &context),
        Command::Explain(args) => commands::explain::run(&args, &context),
        Command::Judge(args) => commands::judge::run(&args, &context),
        Command::Report(args) => commands::report::run(&args, &context),
        Command::Matrix(args) => commands::matrix::run(&args, &context),
        Command::Killers(args) => commands::killers::run(&args, &context),
        Command::Systems(args) => commands::systems::run(&args, &context),
        Command::Build(args) => commands::build::run(&args, &context),
        Command::Doctor(args) => commands::doctor::run(&args, &context),
        Command::Drive => commands::drive::run(),
        Command::Serve(args) => commands::serve::run(&args, &context),
        Command::Completions(args) => commands::completions::run(&args, &context),
        Command::Supervise => commands::supervise::run(),
        Command::Sweep(args) => commands::sweep::run(&args),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(error) => {
            context.complain(&format!("error: {error:#}"));
            Exit::Usage.into()
        }
    }
}
