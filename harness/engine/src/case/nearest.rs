//! Help for names that nothing carries.

/// The known name that is most like a wrong one, if any is like it at all.
#[must_use]
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= tolerated(name, candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The message about a wrong name: the nearest one, else all of them.
#[must_use]
pub(crate) fn unknown_name<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("there is no {what} `{name}`; did you mean `{near}`?"),
        None => {
            let all: Vec<&str> = known.into_iter().collect();
            format!("there is no {what} `{name}`; there are {}", all.join(", "))
        }
    }
}

/// How many edits still make a likely slip.
fn tolerated(name: &str, candidate: &str) -> usize {
    name.len().max(candidate.len()) / 3
}
