//! The crates use each other only as the table in docs/how-it-works.md says; the peers (`peer-*`) use none of ours.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What each crate may use. Table and docs change together.
const ALLOWED: &[(&str, &[&str])] = &[
    ("api", &[]),
    ("wire", &[]),
    ("transport", &["wire"]),
    ("record", &["wire"]),
    ("system", &["api", "transport"]),
    ("client", &["api", "transport"]),
    ("service", &["api", "transport", "client"]),
    ("lineup", &["client", "service", "system", "api", "transport", "wire"]),
    ("engine", &["api", "wire", "transport", "record", "system"]),
    ("suites", &["engine", "record", "system"]),
    ("report", &["record"]),
    ("cli", &["api", "wire", "transport", "record", "system", "client", "service", "lineup", "engine", "suites", "report"]),
    ("bench", &["api", "wire", "transport", "record", "system", "client", "service", "lineup", "engine", "suites"]),
];

#[test]
fn crates_use_only_what_the_table_allows() {
    let forbidden = forbidden(ALLOWED);
    assert!(forbidden.is_empty(), "arrows that the table does not allow: {forbidden:?}");
}

#[test]
fn the_comparison_can_go_red() {
    let without_wire: Vec<(&str, &[&str])> =
        ALLOWED.iter().map(|(name, uses)| (*name, if *name == "transport" { &[][..] } else { *uses })).collect();
    assert_eq!(forbidden(&without_wire), ["transport -> wire"]);
}

fn forbidden(table: &[(&str, &[&str])]) -> Vec<String> {
    let table: BTreeMap<&str, BTreeSet<&str>> = table.iter().map(|(name, uses)| (*name, uses.iter().copied().collect())).collect();
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    let mut found = Vec::new();
    for package in &metadata.packages {
        let Some(from) = package.name.strip_prefix("proofmark-") else {
            let of_ours = package.dependencies.iter().filter(|dependency| dependency.name.starts_with("proofmark-"));
            found.extend(of_ours.map(|dependency| format!("{} -> {}", package.name, dependency.name)));
            continue;
        };
        let Some(allowed) = table.get(from) else {
            found.push(format!("{from} is not in the table"));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal) {
            if let Some(to) = dependency.name.strip_prefix("proofmark-").filter(|to| !allowed.contains(to)) {
                found.push(format!("{from} -> {to}"));
            }
        }
    }
    found
}
