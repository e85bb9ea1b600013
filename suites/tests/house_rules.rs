//! Rules of the house that no compiler lint knows: every `select!` is biased, time and chance come from `transport` alone, nothing is skipped.

use std::fs;
use std::path::{Path, PathBuf};

/// A rule: what must not stand in a line, where it may, and why.
struct Rule {
    pattern: &'static str,
    allowed_in: &'static [&'static str],
    why: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        pattern: "Instant::now(",
        allowed_in: &["transport", "suites", "bench"],
        why: "time comes from proofmark-transport, so that virtual time moves everything",
    },
    Rule { pattern: "SystemTime::now(", allowed_in: &["transport"], why: "wall time comes from proofmark-transport's Clock" },
    Rule { pattern: "rand::rng(", allowed_in: &["transport"], why: "chance comes from named streams of the run's seed" },
    Rule {
        pattern: "sync::watch",
        allowed_in: &["transport"],
        why: "tokio wakes its receivers in a random order; proofmark_transport::watch does not",
    },
    Rule { pattern: "thread::sleep", allowed_in: &["suites"], why: "nothing of ours sleeps" },
    Rule { pattern: "#[ignore", allowed_in: &["suites"], why: "no test is skipped" },
    Rule { pattern: "#[allow(", allowed_in: &["suites"], why: "relaxed lints say why: #[expect(reason = ...)]" },
    Rule { pattern: "todo!(", allowed_in: &["suites"], why: "nothing is left out silently" },
];

#[test]
fn sources_keep_the_rules() {
    let mut broken = Vec::new();
    for file in sources() {
        let text = fs::read_to_string(&file).expect("a source file");
        broken.extend(breaches(&file, &text));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_breach_is_found() {
    let file = Path::new("harness/engine/src/x.rs");
    assert_eq!(breaches(file, "let a = Instant::now();").len(), 1);
    assert_eq!(breaches(file, "tokio::select! {\n    a = b => {}\n}").len(), 1);
    assert_eq!(breaches(file, "tokio::select! {\n    biased;\n    a = b => {}\n}").len(), 0);
    assert_eq!(breaches(Path::new("harness/transport/src/x.rs"), "let a = Instant::now();").len(), 0);
}

fn breaches(file: &Path, text: &str) -> Vec<String> {
    let shown = file.display().to_string();
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    // what stands behind this is a test module, where only the clock rules matter less
    let end = lines.iter().position(|line| line.starts_with("#[cfg(test)]")).unwrap_or(lines.len());
    for (number, line) in lines.iter().enumerate().take(end) {
        let code = line.split("//").next().unwrap_or_default();
        for rule in RULES {
            let allowed = rule.allowed_in.iter().any(|part| shown.contains(part));
            if code.contains(rule.pattern) && !allowed {
                found.push(format!("{shown}:{}: `{}`: {}", number + 1, rule.pattern, rule.why));
            }
        }
        if code.contains("select! {") && lines.get(number + 1).is_none_or(|next| next.trim() != "biased;") {
            found.push(format!("{shown}:{}: `select!` without `biased;`: its random order is not reproducible", number + 1));
        }
    }
    found
}

fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for part in ["harness", "suites/src"] {
        collect(&root.join(part), &mut files);
    }
    assert!(files.len() > 100, "only {} source files were found", files.len());
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "tests" && name != "target") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
