//! Tables: one text, many cases.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

use super::{
    error::Fault,
    tree::{Kind, Node, Span},
    typed::unknown,
};

/// One case of a table: a row of every axis.
#[derive(Debug, Clone, Default)]
pub(super) struct Row<'a> {
    /// The names of the rows, in the order of the axes.
    names: Vec<&'a str>,
    /// What each `$name` stands for.
    values: Vec<Value<'a>>,
}

#[derive(Debug, Clone)]
struct Value<'a> {
    row: &'a str,
    name: &'a Node,
    node: &'a Node,
}

impl<'a> Row<'a> {
    /// The names as they stand at the end of an id.
    pub(super) fn suffix(&self) -> String {
        self.names.iter().map(|name| format!(".{name}")).collect()
    }

    /// A node with this row's values in place of every `$name`. Values that nothing uses are an error, too.
    pub(super) fn fill(&self, node: &Node) -> Result<Node, Fault> {
        let used = RefCell::new(BTreeSet::new());
        let filled = self.filled(node, &used)?;
        let used = used.into_inner();
        match self.values.iter().find(|value| !used.contains(text_of(value.name))) {
            Some(value) => {
                let name = text_of(value.name);
                Err(Fault::at(&value.name.span, format!("row `{}` gives `{name}`, and nothing uses `${name}`", value.row)))
            }
            None => Ok(filled),
        }
    }

    fn filled(&self, node: &Node, used: &RefCell<BTreeSet<&'a str>>) -> Result<Node, Fault> {
        let kind = match &node.kind {
            Kind::Scalar { text, plain: true } => match placeholder(text) {
                Some(name) => return self.value(name, &node.span, used),
                None => node.kind.clone(),
            },
            Kind::Scalar { .. } => node.kind.clone(),
            Kind::List(items) => Kind::List(items.iter().map(|item| self.filled(item, used)).collect::<Result<_, _>>()?),
            Kind::Map(entries) => {
                Kind::Map(entries.iter().map(|(key, value)| Ok((key.clone(), self.filled(value, used)?))).collect::<Result<_, Fault>>()?)
            }
        };
        Ok(Node { span: node.span.clone(), end_line: node.end_line, kind })
    }

    fn value(&self, name: &str, span: &Span, used: &RefCell<BTreeSet<&'a str>>) -> Result<Node, Fault> {
        let Some(value) = self.values.iter().find(|value| value.name.text() == Some(name)) else {
            return Err(self.nothing(name, span));
        };
        used.borrow_mut().insert(text_of(value.name));
        let note = format!("row `{}`, where ${name} is {}", value.row, shown(value.node));
        let place = Span { row: Some(Rc::from(note)), ..span.clone() };
        Ok(moved(value.node, &place))
    }

    fn nothing(&self, name: &str, span: &Span) -> Fault {
        if self.names.is_empty() {
            return Fault::at(span, format!("`${name}` stands for nothing: the case has no table"));
        }
        let known: Vec<&str> = self.values.iter().map(|value| text_of(value.name)).collect();
        let fault = unknown(name, known.iter().copied());
        let rows = self.names.join("`, `");
        Fault::at(span, format!("`${name}` stands for nothing in row `{rows}`")).known(fault.known)
    }
}

impl Fault {
    fn known(mut self, known: Vec<String>) -> Self {
        self.known = known;
        self
    }
}

/// Every row of a table; one that changes nothing where there is none.
pub(super) fn rows(table: Option<&Node>) -> Result<Vec<Row<'_>>, Fault> {
    let mut rows = vec![Row::default()];
    let Some(table) = table else { return Ok(rows) };
    for (_, axis) in filled_map(table, "a table maps an axis to its rows")? {
        let mut longer = Vec::new();
        for row in &rows {
            for (name, values) in filled_map(axis, "an axis maps names to rows")? {
                longer.push(extended(row, name, values)?);
            }
        }
        rows = longer;
    }
    Ok(rows)
}

fn extended<'a>(row: &Row<'a>, name: &'a Node, values: &'a Node) -> Result<Row<'a>, Fault> {
    let mut row = row.clone();
    let row_name = text_of(name);
    if !super::validate::is_kebab(row_name) {
        return Err(Fault::at(&name.span, format!("`{row_name}` ends an id, so it is written in lower-kebab")));
    }
    row.names.push(row_name);
    for (key, node) in filled_map(values, "a row maps names to values")? {
        if row.values.iter().any(|value| value.name.text() == key.text()) {
            return Err(Fault::at(&key.span, format!("`{}` is given by two axes", text_of(key))));
        }
        row.values.push(Value { row: row_name, name: key, node });
    }
    Ok(row)
}

fn filled_map<'a>(node: &'a Node, what: &str) -> Result<&'a [(Node, Node)], Fault> {
    match node.entries() {
        [] => Err(Fault::at(&node.span, format!("{what}; here stands {}", node.describe()))),
        entries => Ok(entries),
    }
}

/// The name in `$name`.
fn placeholder(text: &str) -> Option<&str> {
    text.strip_prefix('$').filter(|name| super::validate::is_kebab(name))
}

/// The same value at another place.
fn moved(node: &Node, place: &Span) -> Node {
    let kind = match &node.kind {
        Kind::Scalar { .. } => node.kind.clone(),
        Kind::List(items) => Kind::List(items.iter().map(|item| moved(item, place)).collect()),
        Kind::Map(entries) => Kind::Map(entries.iter().map(|(key, value)| (moved(key, place), moved(value, place))).collect()),
    };
    Node { span: place.clone(), end_line: place.line, kind }
}

/// A value on one line.
fn shown(node: &Node) -> String {
    match &node.kind {
        Kind::Scalar { text, plain: true } => text.clone(),
        Kind::Scalar { text, plain: false } => format!("\"{text}\""),
        Kind::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Kind::Map(entries) => {
            let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{}: {}", shown(key), shown(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn text_of(node: &Node) -> &str {
    node.text().unwrap_or_default()
}
