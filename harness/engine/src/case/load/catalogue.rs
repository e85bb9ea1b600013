//! The files of the requirement catalogue.

use indexmap::IndexMap;
use rayon::prelude::*;

use super::{
    error::{Fault, LoadError, LoadErrors, Place},
    parse::parse,
    tree::{Kind, Node},
    typed::typed,
};
use crate::case::requirement::{Catalogue, Requirement};

/// Loads the requirement catalogue from its files, each given as path and content.
///
/// # Errors
///
/// When a file is not as it should be, or two requirements have the same id; all errors are told.
pub fn load_catalogue<P: AsRef<str> + Sync, T: AsRef<[u8]> + Sync>(files: &[(P, T)]) -> Result<Catalogue, LoadErrors> {
    let read: Vec<_> = files.par_iter().flat_map_iter(|(path, content)| read(path.as_ref(), content.as_ref())).collect();
    let mut errors = Vec::new();
    let mut found: IndexMap<String, (Requirement, Place)> = IndexMap::new();
    for item in read {
        match item {
            Ok((requirement, place)) => match found.get(&requirement.id) {
                Some((_, other)) => errors.push(LoadError {
                    what: format!("two requirements are called `{}`", requirement.id),
                    place,
                    other: Some(other.clone()),
                    known: Vec::new(),
                }),
                None => {
                    found.insert(requirement.id.clone(), (requirement, place));
                }
            },
            Err(error) => errors.push(*error),
        }
    }
    LoadErrors::unless_none(errors, Catalogue::new(found.into_values().map(|(requirement, _)| requirement)))
}

/// The requirements of a file, and what is wrong with others.
fn read(path: &str, content: &[u8]) -> Vec<Result<(Requirement, Place), Box<LoadError>>> {
    let tree = match parse(path, content) {
        Ok(tree) => tree,
        Err(error) => return vec![Err(error)],
    };
    let Kind::List(items) = &tree.root.kind else {
        let fault = Fault::at(&tree.root.span, "a file of the catalogue is a list of requirements");
        return vec![Err(Box::new(fault.in_tree(&tree)))];
    };
    let requirement = |item: &Node| {
        let span = item.get("id").map_or(&item.span, |id| &id.span);
        let place = Place::in_lines(tree.file, &tree.lines, span);
        typed::<Requirement>(item).map(|requirement| (requirement, place)).map_err(|fault| Box::new(fault.in_tree(&tree)))
    };
    items.iter().map(requirement).collect()
}
