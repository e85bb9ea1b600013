//! The files of suites.

use std::{collections::BTreeSet, time::Duration};

use indexmap::IndexMap;
use rayon::prelude::*;
use serde::{Deserialize, de::IgnoredAny};

use super::{
    error::{Fault, LoadError, LoadErrors, Place},
    facts::Facts,
    harmless::is_harmless,
    needs::needs,
    parse::parse,
    table::{Row, rows},
    tree::{Kind, Node, Tree},
    typed::{typed, unknown},
    validate,
};
use crate::{
    case::{Case, Catalogue, Given, Level, Role, Step, nearest::nearest, units},
    check::Check,
};

/// Loads suites from their files, each given as path and content, in the order of the files.
///
/// # Errors
///
/// When anything is not as the case language says; all errors are told, at most one for each row of a case that
/// cannot be read at all.
pub fn load_suites<P: AsRef<str> + Sync, T: AsRef<[u8]> + Sync>(files: &[(P, T)], catalogue: &Catalogue) -> Result<Vec<Case>, LoadErrors> {
    let read: Vec<Found> = files.par_iter().flat_map_iter(|(path, content)| read(path.as_ref(), content.as_ref(), catalogue)).collect();
    let mut ids: IndexMap<String, Place> = IndexMap::new();
    let mut cases = Vec::new();
    let mut errors = Vec::new();
    for found in read {
        match found {
            Found::Id(id, place) => match ids.get(&id) {
                Some(other) => errors.push(LoadError {
                    what: format!("two cases are called `{id}`"),
                    place,
                    other: Some(other.clone()),
                    known: Vec::new(),
                }),
                None => {
                    ids.insert(id, place);
                }
            },
            Found::Case(case) => cases.push(*case),
            Found::Error(error) => errors.push(error),
        }
    }
    LoadErrors::unless_none(errors, cases)
}

/// What a file holds, in its order.
enum Found {
    /// The id of a case, with or without the name of a row, and where it stands.
    Id(String, Place),
    Case(Box<Case>),
    Error(LoadError),
}

fn read(path: &str, content: &[u8], catalogue: &Catalogue) -> Vec<Found> {
    let mut loader = Loader { catalogue, found: Vec::new() };
    match parse(path, content) {
        Ok(tree) => loader.file(&tree),
        Err(error) => loader.found.push(Found::Error(*error)),
    }
    loader.found
}

struct Loader<'a> {
    catalogue: &'a Catalogue,
    found: Vec<Found>,
}

/// What a suite says once for all its cases.
struct Suite<'a> {
    tree: &'a Tree<'a>,
    name: String,
    area: String,
    about: String,
    role: Option<Role>,
    needs: Vec<String>,
    given: Option<&'a Node>,
}

/// What a case says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CaseKeys {
    id: String,
    proves: Option<Vec<String>>,
    role: Option<Role>,
    why: Option<String>,
    needs: Option<Vec<String>>,
    rounds: Option<u32>,
    #[serde(default, deserialize_with = "units::maybe_duration")]
    limit: Option<Duration>,
    #[serde(rename = "table")]
    _table: Option<IgnoredAny>,
    #[serde(default)]
    given: Given,
    when: Vec<Step>,
    then: Vec<Check>,
}

impl Loader<'_> {
    fn file(&mut self, tree: &Tree<'_>) {
        match suite(tree) {
            Ok((suite, cases)) => {
                for case in cases {
                    self.case(&suite, case);
                }
            }
            Err(fault) => self.fails(fault, tree),
        }
    }

    fn case(&mut self, suite: &Suite<'_>, node: &Node) {
        let (id, rows) = match head(node) {
            Ok(head) => head,
            Err(fault) => return self.fails(fault, suite.tree),
        };
        self.claim(suite, node, id.to_owned());
        for row in rows {
            let suffix = row.suffix();
            if !suffix.is_empty() {
                self.claim(suite, node, format!("{id}{suffix}"));
            }
            match self.row(suite, node, &row) {
                Ok(case) => self.found.push(Found::Case(Box::new(case))),
                Err(faults) => faults.into_iter().for_each(|fault| self.fails(fault, suite.tree)),
            }
        }
    }

    /// Takes an id for a case, which must be free.
    fn claim(&mut self, suite: &Suite<'_>, node: &Node, id: String) {
        let span = node.get("id").map_or(&node.span, |id| &id.span);
        self.found.push(Found::Id(id, Place::in_lines(suite.tree.file, &suite.tree.lines, span)));
    }

    fn fails(&mut self, fault: Fault, tree: &Tree<'_>) {
        self.found.push(Found::Error(fault.in_tree(tree)));
    }

    fn row(&self, suite: &Suite<'_>, node: &Node, row: &Row<'_>) -> Result<Case, Vec<Fault>> {
        let body = row.fill(&merged(node, suite.given)).map_err(|fault| vec![fault])?;
        let keys: CaseKeys = typed(&body).map_err(|fault| vec![fault])?;
        let mut faults = Vec::new();
        let (proves, level) = self.proves(&body, &keys, &mut faults);
        let role = keys.role.or(suite.role);
        if role.is_none() {
            faults.push(Fault::at(&node.span, "neither the case nor its suite says its `role`"));
        }
        let mut case = Case {
            id: format!("{}{}", keys.id, row.suffix()),
            suite: suite.name.clone(),
            area: suite.area.clone(),
            about: suite.about.clone(),
            role: role.unwrap_or(Role::Client),
            proves,
            level,
            why: keys.why,
            needs: keys.needs.unwrap_or_else(|| suite.needs.clone()).into_iter().collect(),
            harmless: false,
            rounds: keys.rounds.unwrap_or(1),
            limit: keys.limit.unwrap_or(DEFAULT_LIMIT),
            given: keys.given,
            when: keys.when,
            then: keys.then,
            text: excerpt(suite.tree, node),
            file: suite.tree.file.to_owned(),
            line: node.span.line,
        };
        if role.is_some() {
            faults.extend(validate::faults(&case, &Facts::of(&case), &body));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let computed: BTreeSet<String> = needs(&case);
        case.needs.extend(computed);
        case.harmless = is_harmless(&case);
        Ok(case)
    }

    /// What a case proves, and how strongly that is demanded.
    fn proves(&self, body: &Node, keys: &CaseKeys, faults: &mut Vec<Fault>) -> (Vec<String>, Level) {
        let id = body.get("id").map_or(&body.span, |id| &id.span);
        let proves = match &keys.proves {
            Some(proves) => proves.clone(),
            None => vec![keys.id.clone()],
        };
        for name in proves.iter().filter(|name| self.catalogue.find(name).is_none()) {
            let near = nearest(name, self.catalogue.iter().map(|requirement| requirement.id.as_str()));
            let near = near.map(|near| format!("; the nearest is `{near}`")).unwrap_or_default();
            let (span, consequence) = match keys.proves {
                Some(_) => (body.place_of(&["proves"], name).unwrap_or(id), ""),
                None => (id, ", so `proves` must say what this case is for"),
            };
            faults.push(Fault::at(span, format!("no requirement is called `{name}`{consequence}{near}")));
        }
        if !proves.iter().any(|name| begins_with(&keys.id, name)) {
            faults.push(Fault::at(id, format!("`{}` does not begin with a requirement that it proves: {}", keys.id, proves.join(", "))));
        }
        let found = proves.iter().filter_map(|name| self.catalogue.find(name));
        let level = found.map(|requirement| requirement.level).max().unwrap_or(Level::May);
        (proves, level)
    }
}

/// What a file says before its cases, and the cases.
fn suite<'a>(tree: &'a Tree<'a>) -> Result<(Suite<'a>, &'a [Node]), Fault> {
    let root = &tree.root;
    if !matches!(root.kind, Kind::Map(_)) {
        return Err(Fault::at(&root.span, "a suite is a map of suite, about, role, needs, given, cases"));
    }
    for (key, _) in root.entries() {
        let name = key.text().unwrap_or_default();
        if !SUITE_KEYS.contains(&name) {
            return Err(unknown(name, SUITE_KEYS.iter().copied()).or_at(&key.span));
        }
    }
    let name: String = typed(demanded(root, "suite")?)?;
    let area = match name.split_once('/') {
        Some((area, topic)) if validate::is_kebab(area) && validate::is_kebab(topic) => area.to_owned(),
        _ => {
            return Err(Fault::at(
                &demanded(root, "suite")?.span,
                format!("`{name}` names no suite; one is called <area>/<topic>, in lower-kebab"),
            ));
        }
    };
    let cases = demanded(root, "cases")?;
    let Kind::List(cases) = &cases.kind else {
        return Err(Fault::at(&cases.span, "`cases` is a list"));
    };
    let given = root.get("given");
    if let Some(given) = given.filter(|given| !matches!(given.kind, Kind::Map(_))) {
        return Err(Fault::at(&given.span, "`given` is a map"));
    }
    let suite = Suite {
        tree,
        name,
        area,
        about: typed(demanded(root, "about")?)?,
        role: root.get("role").map(typed).transpose()?,
        needs: root.get("needs").map(typed).transpose()?.unwrap_or_default(),
        given,
    };
    if cases.is_empty() {
        return Err(Fault::at(&root.span, "the suite has no cases"));
    }
    Ok((suite, cases))
}

fn demanded<'a>(root: &'a Node, key: &str) -> Result<&'a Node, Fault> {
    root.get(key).ok_or_else(|| Fault::at(&root.span, format!("the suite lacks `{key}`")))
}

/// The id and the table of a case.
fn head(node: &Node) -> Result<(&str, Vec<Row<'_>>), Fault> {
    if !matches!(node.kind, Kind::Map(_)) {
        return Err(Fault::at(&node.span, format!("a case is a map, and here stands {}", node.describe())));
    }
    let Some(id) = node.get("id") else {
        return Err(Fault::at(&node.span, "the case lacks `id`"));
    };
    match id.text() {
        Some(text) if text.contains('.') && text.split('.').all(validate::is_kebab) => Ok((text, rows(node.get("table"))?)),
        _ => Err(Fault::at(&id.span, format!("{} is no id; one is dotted lower-kebab and begins with a requirement", id.describe()))),
    }
}

/// A case with the suite's `given` where it has none of its own, key by key, and without its table.
fn merged(case: &Node, given: Option<&Node>) -> Node {
    let mut entries: Vec<(Node, Node)> =
        case.entries().iter().filter(|(key, _)| !matches!(key.text(), Some("given" | "table"))).cloned().collect();
    let own = case.entries().iter().find(|(key, _)| key.text() == Some("given"));
    match (own, given) {
        (Some((key, own)), Some(given)) if matches!(own.kind, Kind::Map(_)) => {
            let mut both = own.entries().to_vec();
            let inherited = given.entries().iter().filter(|(key, _)| own.get(key.text().unwrap_or_default()).is_none());
            both.extend(inherited.cloned());
            entries.push((key.clone(), Node { kind: Kind::Map(both), ..own.clone() }));
        }
        (Some(own), _) => entries.push(own.clone()),
        (None, Some(given)) => entries.push((named(given, "given"), given.clone())),
        (None, None) => {}
    }
    Node { kind: Kind::Map(entries), ..case.clone() }
}

/// A key for a node that was found elsewhere.
fn named(node: &Node, name: &str) -> Node {
    Node { kind: Kind::Scalar { text: name.to_owned(), plain: true }, ..node.clone() }
}

/// Whether an id is a requirement's, or begins with it and a dot.
fn begins_with(id: &str, requirement: &str) -> bool {
    id.strip_prefix(requirement).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A case as its file has it.
fn excerpt(tree: &Tree<'_>, node: &Node) -> String {
    let begin = node.span.line.saturating_sub(1);
    tree.lines.get(begin..node.end_line.min(tree.lines.len())).unwrap_or_default().join("\n")
}

const SUITE_KEYS: &[&str] = &["suite", "about", "role", "needs", "given", "cases"];

const DEFAULT_LIMIT: Duration = Duration::from_secs(30);
