//! From text to tree; what the case language forbids of YAML is refused here.

use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span as Marks, StrInput, StructureStyle};

use super::{
    error::{Fault, LoadError, Place},
    tree::{Kind, Node, Span, Tree},
};

/// Reads one file.
pub(super) fn parse<'a>(file: &'a str, bytes: &'a [u8]) -> Result<Tree<'a>, Box<LoadError>> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(Box::new(not_text(file, bytes, error.valid_up_to()))),
    };
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Err(Box::new(LoadError { what: "the file is empty".to_owned(), place: Place::file(file), other: None, known: Vec::new() }));
    }
    let mut reader = Reader { lines: text.lines().collect(), events: Parser::new_from_str(text) };
    match reader.document() {
        Ok(root) => Ok(Tree { file, lines: reader.lines, root }),
        Err(fault) => Err(Box::new(fault.in_file(file, &reader.lines))),
    }
}

fn not_text(file: &str, bytes: &[u8], valid: usize) -> LoadError {
    let before = String::from_utf8_lossy(&bytes[..valid]).into_owned();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let text = String::from_utf8_lossy(bytes);
    let span = Span { line, column, width: 1, row: None };
    let lines: Vec<&str> = text.lines().collect();
    Fault::at(&span, format!("the file is not UTF-8: byte 0x{:02x} is no text", bytes[valid])).in_file(file, &lines)
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    events: Parser<'a, StrInput<'a>>,
}

impl<'a> Reader<'a> {
    /// The one document of the file.
    fn document(&mut self) -> Result<Node, Fault> {
        let root = loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(..), _) => {}
                event => break self.node(event, 0)?,
            }
        };
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(root),
                (Event::DocumentEnd, _) => {}
                (_, marks) => {
                    return Err(Fault::at(&self.span(marks), "a file holds one document: `---` cannot begin another"));
                }
            }
        }
    }

    /// The next event that is no comment.
    fn next(&mut self) -> Result<(Event<'a>, Marks), Fault> {
        loop {
            match self.events.next_event() {
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok(event)) => return Ok(event),
                Some(Err(error)) => return Err(broken(&error)),
                None => {
                    return Err(Fault { what: "the file ends too early".to_owned(), span: None, known: Vec::new() });
                }
            }
        }
    }

    fn node(&mut self, (event, marks): (Event<'a>, Marks), depth: usize) -> Result<Node, Fault> {
        let span = self.span(marks);
        if depth > DEEPEST {
            return Err(Fault::at(&span, format!("more than {DEEPEST} levels, one in another")));
        }
        match event {
            Event::Alias(_) => Err(Fault::at(&span, "there are no aliases here: write the value where it is meant, or use a `table`")),
            Event::Scalar(_, _, anchor, ref tag) => {
                refuse_properties(&span, anchor, tag.is_some())?;
                Ok(self.scalar(event, marks, span))
            }
            Event::SequenceStart(style, anchor, tag) => {
                refuse_properties(&span, anchor, tag.is_some())?;
                self.list(style, span, depth)
            }
            Event::MappingStart(style, anchor, tag) => {
                refuse_properties(&span, anchor, tag.is_some())?;
                self.map(style, span, depth)
            }
            _ => Err(Fault::at(&span, "a value is missing here")),
        }
    }

    fn scalar(&self, event: Event<'a>, marks: Marks, mut span: Span) -> Node {
        let Event::Scalar(text, style, ..) = event else {
            return Node { end_line: span.line, span, kind: Kind::List(Vec::new()) };
        };
        let plain = style == ScalarStyle::Plain;
        if plain && let Some(first) = text.split_whitespace().next() {
            span.width = span.width.min(first.chars().count());
        }
        let past_break = marks.end.col() == 0 && marks.end.line() > marks.start.line();
        let end_line = if past_break { marks.end.line() - 1 } else { marks.end.line() };
        Node { span, end_line, kind: Kind::Scalar { text: text.into_owned(), plain } }
    }

    fn list(&mut self, style: StructureStyle, mut span: Span, depth: usize) -> Result<Node, Fault> {
        let mut items = Vec::new();
        let end = loop {
            match self.next()? {
                (Event::SequenceEnd, marks) => break marks.end,
                event => items.push(self.node(event, depth + 1)?),
            }
        };
        let last = items.last().map_or(span.line, |item: &Node| item.end_line);
        let end_line = self.close(style, &mut span, end, last);
        Ok(Node { span, end_line, kind: Kind::List(items) })
    }

    fn map(&mut self, style: StructureStyle, mut span: Span, depth: usize) -> Result<Node, Fault> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        let end = loop {
            let key = match self.next()? {
                (Event::MappingEnd, marks) => break marks.end,
                event => self.node(event, depth + 1)?,
            };
            refuse_key(&key, &entries)?;
            let event = self.next()?;
            entries.push((key, self.node(event, depth + 1)?));
        };
        let last = entries.last().map_or(span.line, |(_, value)| value.end_line);
        let end_line = self.close(style, &mut span, end, last);
        if style == StructureStyle::Block
            && let Some((key, _)) = entries.first()
        {
            span = key.span.clone();
        }
        Ok(Node { span, end_line, kind: Kind::Map(entries) })
    }

    /// The last line of a collection; widens the span of one that is written in brackets.
    fn close(&self, style: StructureStyle, span: &mut Span, end: Marker, last: usize) -> usize {
        if style == StructureStyle::Block {
            return last;
        }
        span.width = self.width(span.line, span.column, end);
        end.line()
    }

    fn span(&self, marks: Marks) -> Span {
        let (line, column) = (marks.start.line(), marks.start.col() + 1);
        Span { line, column, width: self.width(line, column, marks.end), row: None }
    }

    /// How wide something is on its first line.
    fn width(&self, line: usize, column: usize, end: Marker) -> usize {
        if end.line() == line {
            return (end.col() + 1).saturating_sub(column);
        }
        let source = self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        (source.trim_end().chars().count() + 1).saturating_sub(column)
    }
}

fn refuse_properties(span: &Span, anchor: usize, tagged: bool) -> Result<(), Fault> {
    if anchor != 0 {
        return Err(Fault::at(span, "there are no anchors here: write the value where it is meant, or use a `table`"));
    }
    if tagged {
        return Err(Fault::at(span, "there are no tags here"));
    }
    Ok(())
}

fn refuse_key(key: &Node, before: &[(Node, Node)]) -> Result<(), Fault> {
    let Kind::Scalar { text, plain } = &key.kind else {
        return Err(Fault::at(&key.span, "a key is a plain name"));
    };
    if *plain && text == "<<" {
        return Err(Fault::at(&key.span, "there are no merge keys here: write the values where they are meant"));
    }
    match before.iter().find(|(other, _)| other.text() == Some(text)) {
        Some((other, _)) => Err(Fault::at(&key.span, format!("`{text}` is said twice; first on line {}", other.span.line))),
        None => Ok(()),
    }
}

fn broken(error: &ScanError) -> Fault {
    let mark = error.marker();
    let span = Span { line: mark.line(), column: mark.col() + 1, width: 1, row: None };
    Fault::at(&span, format!("this is no YAML: {}", error.info()))
}

/// How many levels may stand one in another.
const DEEPEST: usize = 64;
