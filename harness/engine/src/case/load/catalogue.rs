//! The files of the requirement catalogue.

use super::{
    error::{LoadError, LoadErrors, Place},
    parse::parse,
    tree::{Kind, Node, Tree},
    typed::typed,
};
use crate::case::requirement::{Catalogue, Requirement};

/// Loads the requirement catalogue from its files, each given as path and content.
///
/// # Errors
///
/// When a file is not as it should be, or two requirements have the same id; all errors are told.
pub fn load_catalogue<P: AsRef<str>, T: AsRef<[u8]>>(files: &[(P, T)]) -> Result<Catalogue, LoadErrors> {
    let mut errors = Vec::new();
    let mut found: Vec<(Requirement, Place)> = Vec::new();
    for (path, content) in files {
        match parse(path.as_ref(), content.as_ref()) {
            Ok(tree) => read(&tree, &mut found, &mut errors),
            Err(error) => errors.push(*error),
        }
    }
    LoadErrors::unless_none(errors, Catalogue::new(found.into_iter().map(|(requirement, _)| requirement)))
}

fn read(tree: &Tree<'_>, found: &mut Vec<(Requirement, Place)>, errors: &mut Vec<LoadError>) {
    let Kind::List(items) = &tree.root.kind else {
        errors.push(super::error::Fault::at(&tree.root.span, "a file of the catalogue is a list of requirements").in_tree(tree));
        return;
    };
    for item in items {
        match typed::<Requirement>(item) {
            Ok(requirement) => add(tree, item, requirement, found, errors),
            Err(fault) => errors.push(fault.in_tree(tree)),
        }
    }
}

fn add(tree: &Tree<'_>, item: &Node, requirement: Requirement, found: &mut Vec<(Requirement, Place)>, errors: &mut Vec<LoadError>) {
    let span = item.get("id").map_or(&item.span, |id| &id.span);
    let place = Place::in_text(tree.file, tree.text, span);
    match found.iter().find(|(other, _)| other.id == requirement.id) {
        Some((_, other)) => errors.push(LoadError {
            what: format!("two requirements are called `{}`", requirement.id),
            place,
            other: Some(other.clone()),
            known: Vec::new(),
        }),
        None => found.push((requirement, place)),
    }
}
