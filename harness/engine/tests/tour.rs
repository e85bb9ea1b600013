//! The worked examples of the case language load, each row of each table as a case of its own.

use std::{fs, path::Path};

use proofmark_engine::case::{Case, Catalogue, LoadErrors, load_catalogue, load_suites};

/// The catalogue of the repository.
fn catalogue() -> Catalogue {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/requirements");
    load_catalogue(&files(&folder)).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The YAML files of a folder, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("entry").file_name().into_string().expect("name"))
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).expect("file"))).collect()
}

fn tour() -> Result<Vec<Case>, LoadErrors> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tour");
    load_suites(&files(&folder), &catalogue())
}

#[test]
fn every_example_loads() {
    let cases = tour().unwrap_or_else(|errors| panic!("{errors}"));
    let listed: Vec<String> = cases
        .iter()
        .map(|case| {
            let needs: Vec<&str> = case.needs.iter().map(String::as_str).collect();
            format!("{} {} {} {}: {}", case.id, case.role, case.level, case.line, needs.join(" "))
        })
        .collect();
    insta::assert_snapshot!(listed.join("\n"));
    assert_eq!(cases.len(), 74);
}

#[test]
fn the_catalogue_loads_whole() {
    assert_eq!(catalogue().len(), 547);
}
