//! `proofmark report`.

use anyhow::{Context as _, Result, bail};
use proofmark_record::Record;
use proofmark_report::{FORMATS, Format};

use crate::args::ReportArgs;
use crate::context::Context;
use crate::exit::Exit;

pub(crate) fn run(args: &ReportArgs, _: &Context) -> Result<Exit> {
    let format = format(&args.format)?;
    let record = Record::read(&args.record)?;
    (format.write)(&record, &mut std::io::stdout()).context("the report cannot be written")?;
    Ok(Exit::Conforms)
}

/// A format by its name.
pub(crate) fn format(name: &str) -> Result<Format> {
    match FORMATS.into_iter().find(|format| format.name == name) {
        Some(format) => Ok(format),
        None => bail!("there is no format `{name}`; formats are {}", FORMATS.map(|format| format.name).join(", ")),
    }
}
