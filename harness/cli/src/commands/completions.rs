//! `proofmark completions`.

use anyhow::Result;
use clap::CommandFactory;

use crate::args::{Args, CompletionsArgs};
use crate::context::Context;
use crate::exit::Exit;

pub(crate) fn run(args: &CompletionsArgs, _: &Context) -> Result<Exit> {
    clap_complete::generate(args.shell, &mut Args::command(), "proofmark", &mut std::io::stdout());
    Ok(Exit::Conforms)
}
