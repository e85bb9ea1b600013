//! What a person is told who wrote a case wrong.

use std::fmt;

use super::tree::{Span, Tree};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Rendered(self))]
pub struct LoadError {
    /// What is wrong, and where it can be said what would be right.
    pub what: String,
    /// Where it is wrong.
    pub place: Place,
    /// Where the other one is, of two that exclude each other.
    pub other: Option<Place>,
    /// The names that could stand there.
    pub known: Vec<String>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// How many characters are meant.
    pub width: usize,
    /// The line itself.
    pub source: String,
    /// The row of a table whose value stands there.
    pub row: Option<String>,
}

impl Place {
    /// A file as a whole.
    pub(super) fn file(file: &str) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0, width: 0, source: String::new(), row: None }
    }

    /// A place among the lines of a file.
    pub(super) fn in_lines(file: &str, lines: &[&str], span: &Span) -> Self {
        let source = lines.get(span.line.saturating_sub(1)).copied().unwrap_or_default();
        Self {
            file: file.to_owned(),
            line: span.line,
            column: span.column,
            width: span.width.max(1),
            source: source.to_owned(),
            row: span.row.as_deref().map(str::to_owned),
        }
    }
}

/// Everything that is wrong; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Listed(&self.0))]
pub struct LoadErrors(Vec<LoadError>);

impl LoadErrors {
    /// Every error, in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = &LoadError> {
        self.0.iter()
    }

    pub(super) fn one(error: LoadError) -> Self {
        Self(vec![error])
    }

    /// The result of loading: what was loaded, if nothing was wrong. What is said twice is kept once.
    pub(super) fn unless_none<T>(errors: Vec<LoadError>, loaded: T) -> Result<T, Self> {
        if errors.is_empty() {
            return Ok(loaded);
        }
        let mut kept: Vec<LoadError> = Vec::new();
        for error in errors {
            if !kept.contains(&error) {
                kept.push(error);
            }
        }
        Err(Self(kept))
    }
}

/// Something wrong at a place of a tree, before it is known of which file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) span: Option<Span>,
    pub(super) known: Vec<String>,
}

impl Fault {
    pub(super) fn at(span: &Span, what: impl Into<String>) -> Self {
        Self { what: what.into(), span: Some(span.clone()), known: Vec::new() }
    }

    /// The same, at this place if none was known.
    pub(super) fn or_at(mut self, span: &Span) -> Self {
        self.span.get_or_insert_with(|| span.clone());
        self
    }

    pub(super) fn in_file(self, file: &str, lines: &[&str]) -> LoadError {
        let place = match &self.span {
            Some(span) => Place::in_lines(file, lines, span),
            None => Place::file(file),
        };
        LoadError { what: self.what, place, other: None, known: self.known }
    }

    pub(super) fn in_tree(self, tree: &Tree<'_>) -> LoadError {
        self.in_file(tree.file, &tree.lines)
    }
}

struct Rendered<'a>(&'a LoadError);

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0;
        write!(f, "error: {}", error.what)?;
        excerpt(f, &error.place)?;
        if let Some(other) = &error.other {
            write!(f, "\n  and here:")?;
            excerpt(f, other)?;
        }
        if !error.known.is_empty() {
            write!(f, "\n  known here: {}", error.known.join(", "))?;
        }
        Ok(())
    }
}

fn excerpt(f: &mut fmt::Formatter<'_>, place: &Place) -> fmt::Result {
    if place.line == 0 {
        return write!(f, "\n  --> {}", place.file);
    }
    write!(f, "\n  --> {}:{}:{}", place.file, place.line, place.column)?;
    if let Some(row) = &place.row {
        write!(f, "   ({row})")?;
    }
    let number = place.line.to_string();
    write!(f, "\n  {number} | {}", place.source)?;
    let gutter = " ".repeat(number.len());
    let indent = " ".repeat(place.column.saturating_sub(1));
    write!(f, "\n  {gutter} | {indent}{}", "^".repeat(place.width))
}

struct Listed<'a>(&'a [LoadError]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, error) in self.0.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}
