//! `proofmark list`.

use anyhow::Result;

use crate::args::ListArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::select::Suites;

pub(crate) fn run(args: &ListArgs, context: &Context) -> Result<Exit> {
    let suites = Suites::load()?;
    let cases = suites.select(&args.selection)?;
    for case in &cases {
        if args.ids {
            context.say(&case.id);
            continue;
        }
        let needs: Vec<&str> = case.needs.iter().map(String::as_str).collect();
        let needs = if needs.is_empty() { String::new() } else { format!("  needs {}", needs.join(", ")) };
        context.say(&format!("{:<70} {:<6} {}{needs}", case.id, case.role.to_string(), case.level));
    }
    if !args.ids {
        let mut proven: Vec<&str> = cases.iter().flat_map(|case| &case.proves).map(String::as_str).collect();
        proven.sort_unstable();
        proven.dedup();
        context.say(&format!("{} cases for {} of {} requirements", cases.len(), proven.len(), suites.catalogue.len()));
    }
    Ok(Exit::Conforms)
}
