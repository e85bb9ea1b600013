//! `proofmark matrix`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use proofmark_record::Record;
use proofmark_report::matrix::matrix;

use crate::args::MatrixArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::run_parts::folder::write_whole;

pub(crate) fn run(args: &MatrixArgs, context: &Context) -> Result<Exit> {
    let record = Record::read(&args.record)?;
    let matrix = matrix(&record);
    let ladders = args.out.join("ladders");
    // ladders of an earlier matrix belong to it alone
    let _ = fs::remove_dir_all(&ladders);
    fs::create_dir_all(&ladders).with_context(|| format!("{} cannot be made; name another with --out", ladders.display()))?;
    for (name, ladder) in &matrix.ladders {
        write_whole(&ladders.join(name), ladder.as_bytes())?;
    }
    write_whole(&args.out.join("matrix.md"), matrix.page.as_bytes())?;
    write_whole(&args.out.join("matrix.json"), format!("{:#}\n", matrix.json).as_bytes())?;
    if let Some(readme) = &args.readme {
        put_into(readme, &matrix.summary)?;
    }
    context.say(&format!("{} systems, {} deviations; written to {}", record.systems.len(), matrix.ladders.len(), args.out.display()));
    Ok(Exit::Conforms)
}

fn put_into(readme: &Path, summary: &str) -> Result<()> {
    let text = fs::read_to_string(readme).with_context(|| readme.display().to_string())?;
    let (Some(begin), Some(end)) = (text.find(BEGIN), text.find(END)) else {
        bail!("{} has no part between `{BEGIN}` and `{END}`", readme.display());
    };
    let text = format!("{}{BEGIN}\n{summary}{}", &text[..begin], &text[end..]);
    write_whole(readme, text.as_bytes())
}

const BEGIN: &str = "<!-- matrix -->";
const END: &str = "<!-- /matrix -->";
