//! `proofmark build`: builds systems that are known by name.

use anyhow::Result;

use crate::args::BuildArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::run_parts::interrupt;
use crate::systems::build::build;
use crate::systems::{Registry, SystemName};

pub(crate) fn run(args: &BuildArgs, context: &Context) -> Result<Exit> {
    let registry = Registry::load(&args.systems)?;
    let stop = interrupt::watch()?;
    let names: Vec<SystemName> = if args.names.is_empty() { registry.names().collect() } else { args.names.clone() };
    let systems: Vec<_> = names.iter().map(|name| registry.find(name)).collect::<Result<_>>()?;
    let mut exit = Exit::Conforms;
    for system in systems {
        context.complain(&format!("building {} with {} in {}", system.name, system.manifest.library, system.out.display()));
        match build(&system, &stop) {
            Ok((version, took)) => {
                context.say(&format!("{}: {} {version}, {:.1} s", system.name, system.manifest.library, took.as_secs_f64()));
            }
            Err(error) => {
                context.complain(&format!("error: {error:#}"));
                exit = Exit::Fails;
            }
        }
        if interrupt::was_asked(&stop) {
            return Ok(Exit::Interrupted);
        }
    }
    Ok(exit)
}
