//! Systems from images: built from a Dockerfile and one static binary, tested as servers and together with the reference client.

use std::path::Path;

use anyhow::Result;

use crate::args::RunArgs;
use crate::select::Suites;
use crate::targets::Tested;

/// What `--container` asks for. Where there is no engine, the reason is told and nothing is tested, unless the surroundings demand it.
pub(crate) fn tested(args: &RunArgs, suites: &Suites, scratch: &Path, complain: &dyn Fn(&str)) -> Result<Vec<Tested>> {
    if args.container.is_empty() {
        return Ok(Vec::new());
    }
    match images::tested(args, suites, scratch, complain)? {
        Ok(tested) => Ok(tested),
        Err(why) => without_engine(&why, complain),
    }
}

fn without_engine(why: &str, complain: &dyn Fn(&str)) -> Result<Vec<Tested>> {
    if std::env::var("PROOFMARK_REQUIRE").is_ok_and(|wanted| wanted.split(',').any(|one| one == "docker")) {
        anyhow::bail!("{why}; PROOFMARK_REQUIRE asks for it");
    }
    complain(&format!("skipped: --container: {why}"));
    Ok(Vec::new())
}

/// Without the feature there is no engine.
#[cfg(not(feature = "containers"))]
mod images {
    use super::*;

    pub(super) fn tested(_: &RunArgs, _: &Suites, _: &Path, _: &dyn Fn(&str)) -> Result<Result<Vec<Tested>, String>> {
        Ok(Err("this binary was built without containers; `cargo build --release --features containers` has them".into()))
    }
}

#[cfg(feature = "containers")]
mod images {
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::time::Duration;

    use proofmark_engine::system::container::{ContainerServer, Engine};
    use proofmark_lineup::reference_client::{FEATURES, ReferenceClient};
    use proofmark_system::Tier;

    use super::*;
    use crate::args::ContainerArg;
    use crate::systems::deviations::Deviations;
    use crate::targets::probed;

    /// The targets; or why there is no engine.
    pub(super) fn tested(args: &RunArgs, suites: &Suites, scratch: &Path, complain: &dyn Fn(&str)) -> Result<Result<Vec<Tested>, String>> {
        let engine = match Engine::find() {
            Ok(engine) => engine,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let removed = engine.sweep();
        if removed > 0 {
            complain(&format!("{removed} containers of runs that are gone were removed"));
        }
        let tested: Result<Vec<Tested>> =
            args.container.iter().map(|container| one(container, &engine, args, suites, scratch, complain)).collect();
        tested.map(Ok)
    }

    fn one(
        container: &ContainerArg,
        engine: &Engine,
        args: &RunArgs,
        suites: &Suites,
        scratch: &Path,
        complain: &dyn Fn(&str),
    ) -> Result<Tested> {
        let name = format!("container-{}", container.name);
        let (image, tag) = (format!("proofmark-{}", container.name), "latest");
        complain(&format!("building the image {image} on engine {}", engine.version));
        let dockerfile = Path::new(DOCKERFILES).join(&container.name).join("Dockerfile");
        engine.build(&image, tag, &dockerfile, &container.binary, "./server")?;
        let server = ContainerServer {
            name,
            image,
            tag: tag.into(),
            features: BTreeSet::new(),
            ready_limit: Duration::from_secs(args.ready_limit),
            scratch: scratch.to_owned(),
            engine: engine.clone(),
        };
        let mut target = probed(server, Tier::Process, suites, scratch)?;
        target.client = Some(Arc::new(ReferenceClient::new()));
        target.features.extend(["freeze", "container"].iter().chain(FEATURES).map(|feature| (*feature).to_owned()));
        // a container cannot reach what listens on our loopback
        target.features.remove("gateway");
        let known = Deviations::read(&args.systems.join(&container.name), suites)?;
        let flags = format!("--container {}={}", container.name, container.binary.display());
        Ok(Tested { target, known, client_alone: false, flags })
    }

    const DOCKERFILES: &str = "fixtures/containers";
}
