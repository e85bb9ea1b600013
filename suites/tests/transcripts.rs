//! The normalised transcript of every in-process case, one snapshot a case, so that a change in behaviour shows as a diff in review;
//! and the same transcripts again on one core and on two, byte by byte.

#[expect(dead_code, reason = "each test uses its part")]
mod common;

use std::collections::BTreeMap;

use proofmark_report::ladder::ladder;

#[test]
fn transcripts_are_as_they_were() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("transcripts");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for done in common::Suite::load().run(common::reference(), None) {
            let Some(events) = done.transcripts.first() else { continue };
            insta::assert_snapshot!(done.result.id.clone(), shortened(&ladder(events)));
        }
    });
}

#[test]
fn one_seed_gives_the_same_bytes_on_one_core_and_on_two() {
    let suite = common::Suite::load();
    let transcripts = |jobs: usize| -> BTreeMap<String, String> {
        let done = suite.run_with(common::reference(), None, jobs);
        done.iter().map(|done| (done.result.id.clone(), serde_json::to_string(&done.transcripts).unwrap())).collect()
    };
    let (one, two) = (transcripts(1), transcripts(2));
    let different: Vec<&String> = one.iter().filter(|(id, text)| two.get(*id) != Some(text)).map(|(id, _)| id).collect();
    assert!(different.is_empty(), "transcripts differ: {different:?}");
    assert!(one.values().any(|text| text.len() > 1000), "nothing was compared");
}

/// The beginning of a long ladder, and how much more there is.
fn shortened(ladder: &str) -> String {
    const KEPT: usize = 150;
    let lines: Vec<&str> = ladder.lines().map(str::trim_end).collect();
    if lines.len() <= KEPT {
        return lines.join("\n");
    }
    format!("{}\n... {} more lines", lines[..KEPT].join("\n"), lines.len() - KEPT)
}
