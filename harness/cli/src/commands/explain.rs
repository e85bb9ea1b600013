//! `proofmark explain`.

use anyhow::{Result, bail};
use proofmark_engine::case::{Case, Requirement, Word, known_call_steps, known_faults, known_steps};
use proofmark_engine::check::known_checks;
use proofmark_engine::peer::step::known_peer_steps;
use proofmark_lineup::killers::{self, Killer};

use crate::args::ExplainArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::select::Suites;

pub(crate) fn run(args: &ExplainArgs, context: &Context) -> Result<Exit> {
    let suites = Suites::load()?;
    let name = args.name.as_str();
    let killers = killers::all();
    let mut found = Vec::new();
    found.extend(suites.catalogue.find(name).map(|requirement| requirement_text(requirement, &suites, &killers)));
    found.extend(suites.cases.iter().filter(|case| case.id == name).map(|case| case_text(case, &suites, &killers)));
    found.extend(killers.iter().filter(|killer| killer.name == name).map(killer_text));
    for (kind, words) in word_lists() {
        found.extend(words.iter().filter(|word| word.name == name).map(|word| format!("{kind} `{}`\n  {}", word.name, word.doc)));
    }
    if found.is_empty() {
        let beginning: Vec<&str> = suites.cases.iter().map(|case| case.id.as_str()).filter(|id| id.starts_with(name)).take(20).collect();
        if !beginning.is_empty() {
            bail!("`{name}` is the beginning of several cases; one of them is meant: {}", beginning.join(", "));
        }
        let words: Vec<String> = word_lists()
            .into_iter()
            .map(|(kind, words)| format!("{kind}s: {}", words.iter().map(|word| word.name).collect::<Vec<_>>().join(", ")))
            .collect();
        bail!(
            "nothing is called `{name}`; known are requirements and cases (`proofmark list`), killers (`proofmark killers --list`), and\n  {}",
            words.join("\n  ")
        );
    }
    context.say(&found.join("\n\n"));
    Ok(Exit::Conforms)
}

fn word_lists() -> Vec<(&'static str, &'static [Word])> {
    vec![
        ("check", known_checks()),
        ("step", known_steps()),
        ("call step", known_call_steps()),
        ("peer step", known_peer_steps()),
        ("fault", known_faults()),
    ]
}

fn requirement_text(requirement: &Requirement, suites: &Suites, killers: &[Killer]) -> String {
    let cases: Vec<&str> = suites.cases.iter().filter(|case| case.proves.contains(&requirement.id)).map(|case| case.id.as_str()).collect();
    let breakers: Vec<&str> =
        killers.iter().filter(|killer| killer.breaks.contains(&requirement.id.as_str())).map(|killer| killer.name).collect();
    let mut parts = vec![
        format!("requirement {}    {}    {:?}    owner: {:?}", requirement.id, requirement.level, requirement.role, requirement.owner)
            .to_lowercase(),
        format!("  statement   {}", one_line(&requirement.statement)),
        format!("  source      {}", one_line(&requirement.source)),
        format!("  stimulus    {}", one_line(&requirement.stimulus)),
        format!("  observable  {}", one_line(&requirement.observable)),
        format!("  violation   {}", one_line(&requirement.violation)),
    ];
    parts.extend(requirement.notes.as_ref().map(|notes| format!("  notes       {}", one_line(notes))));
    parts.push(format!("  proven by   {}", listed(&cases)));
    parts.push(format!("  killed by   {}", listed(&breakers)));
    parts.join("\n")
}

fn case_text(case: &Case, suites: &Suites, killers: &[Killer]) -> String {
    let breakers: Vec<&str> = killers
        .iter()
        .filter(|killer| killer.breaks.iter().any(|broken| case.proves.iter().any(|proven| proven == broken)))
        .map(|killer| killer.name)
        .collect();
    let needs: Vec<&str> = case.needs.iter().map(String::as_str).collect();
    let mut parts =
        vec![format!("case {}    {}    {}", case.id, case.level, case.role), format!("  file        {}:{}", case.file, case.line)];
    for id in &case.proves {
        let statement = suites.catalogue.find(id).map(|requirement| one_line(&requirement.statement)).unwrap_or_default();
        parts.push(format!("  proves      {id}: {statement}"));
    }
    parts.extend(case.why.as_ref().map(|why| format!("  why         {}", one_line(why))));
    parts.push(format!("  needs       {}", listed(&needs)));
    parts.push(format!("  killed by   {}", listed(&breakers)));
    parts.push(format!("\n{}", case.text.trim_end()));
    parts.join("\n")
}

fn killer_text(killer: &Killer) -> String {
    format!(
        "killer {}\n  deviation   {}\n  breaks      {}\n  try it      proofmark run --killer {}",
        killer.name,
        killer.deviation,
        killer.breaks.join(", "),
        killer.name
    )
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "nothing".into() } else { names.join(", ") }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
