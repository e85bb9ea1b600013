//! YAML as the loader sees it: every node knows where it was written.

use std::rc::Rc;

/// A parsed file.
#[derive(Debug, Clone)]
pub(super) struct Tree<'a> {
    pub(super) file: &'a str,
    pub(super) lines: Vec<&'a str>,
    pub(super) root: Node,
}

/// Where something was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
    /// In characters, on its first line.
    pub(super) width: usize,
    /// The row of a table whose value stands there.
    pub(super) row: Option<Rc<str>>,
}

/// A node of YAML.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) span: Span,
    /// The line on which it ends.
    pub(super) end_line: usize,
    pub(super) kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// A text, and whether it stood there without quotes.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether it is nothing: an empty value, `~` or `null`.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// The value of a key of a map.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// The entries of a map; none of what is no map.
    pub(super) fn entries(&self) -> &[(Self, Self)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// What a person calls such a node.
    pub(super) fn describe(&self) -> String {
        match &self.kind {
            _ if self.is_null() => "nothing".to_owned(),
            Kind::Scalar { text, .. } => format!("`{text}`"),
            Kind::List(items) => format!("a list of {}", items.len()),
            Kind::Map(entries) if entries.is_empty() => "an empty map".to_owned(),
            Kind::Map(_) => "a map".to_owned(),
        }
    }

    /// Where this text first stands as the value of one of these keys, or in a list that is.
    pub(super) fn place_of(&self, keys: &[&str], text: &str) -> Option<&Span> {
        self.search("", &mut |key, node| (keys.contains(&key) && node.text() == Some(text)).then_some(&node.span))
    }

    /// Where this text first stands as a key of a map that is the value of this key.
    pub(super) fn place_of_key(&self, parent: &str, text: &str) -> Option<&Span> {
        self.search("", &mut |key, node| {
            let entry = node.entries().iter().find(|(name, _)| name.text() == Some(text))?;
            (key == parent).then_some(&entry.0.span)
        })
    }

    /// Where a key first stands whose value is of some kind.
    pub(super) fn place_of_entry(&self, wanted: &str, fits: impl Fn(&Self) -> bool) -> Option<&Span> {
        self.search("", &mut |_, node| {
            node.entries().iter().find(|(name, value)| name.text() == Some(wanted) && fits(value)).map(|(name, _)| &name.span)
        })
    }

    /// The first answer for a node and the key it stands under, from the top.
    pub(super) fn search<'a, T>(&'a self, key: &str, answer: &mut impl FnMut(&str, &'a Self) -> Option<T>) -> Option<T> {
        if let Some(found) = answer(key, self) {
            return Some(found);
        }
        match &self.kind {
            Kind::Scalar { .. } => None,
            Kind::List(items) => items.iter().find_map(|item| item.search(key, answer)),
            Kind::Map(entries) => entries.iter().find_map(|(name, value)| value.search(name.text().unwrap_or_default(), answer)),
        }
    }
}
