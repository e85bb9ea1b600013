//! `proofmark systems`: what is known by name.

use anyhow::Result;

use crate::args::SystemsArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::systems::Registry;

pub(crate) fn run(args: &SystemsArgs, context: &Context) -> Result<Exit> {
    let registry = Registry::load(&args.systems)?;
    if args.ids {
        registry.names().for_each(|name| context.say(&name.to_string()));
        return Ok(Exit::Conforms);
    }
    context.say(&format!("{:<14} {:<10} {:<32} {:<12} {:<16} built", "name", "language", "library", "version", "roles"));
    for name in registry.names() {
        let system = registry.find(&name)?;
        let manifest = &system.manifest;
        let roles: Vec<&str> =
            [manifest.server.as_ref().map(|_| "server"), manifest.driver.as_ref().map(|_| "client")].into_iter().flatten().collect();
        let built = system.built().unwrap_or_else(|_| "no".into());
        context.say(&format!(
            "{:<14} {:<10} {:<32} {:<12} {:<16} {built}",
            manifest.name,
            manifest.language,
            manifest.library,
            manifest.version,
            roles.join(", ")
        ));
        context.say(&format!("    {}", manifest.about));
    }
    Ok(Exit::Conforms)
}
