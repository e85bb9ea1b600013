//! Lines that systems write, in bounds: what they say to the harness, and the last of them for messages.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use proofmark_system::ServerEvent;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// What a line of standard error says; one that says nothing to the harness is kept for messages.
#[cfg(feature = "containers")]
pub(super) fn event_of(line: Vec<u8>, tail: &Tail) -> ServerEvent {
    let text = String::from_utf8_lossy(&line);
    classify(&text).unwrap_or_else(|| {
        tail.push(&text);
        ServerEvent::Stderr(line.clone())
    })
}

/// Lines of an output that comes in pieces; a longer one than the bound is cut.
#[cfg(feature = "containers")]
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<u8>);

#[cfg(feature = "containers")]
impl Lines {
    /// The lines that a further piece completes.
    pub(super) fn take(&mut self, piece: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for byte in piece {
            match byte {
                b'\n' => lines.push(std::mem::take(&mut self.0)),
                _ if (self.0.len() as u64) < LONGEST_LINE => self.0.push(*byte),
                _ => {}
            }
        }
        lines
    }
}

/// What a line of standard error says to the harness, if anything.
pub(super) fn classify(text: &str) -> Option<ServerEvent> {
    if let Some(json) = text.strip_prefix("proofmark-hook ") {
        return serde_json::from_str(json).ok().map(ServerEvent::Hook);
    }
    let value: serde_json::Value = text.starts_with('{').then(|| serde_json::from_str(text).ok())??;
    value.get("line").is_some().then_some(ServerEvent::Log(value))
}

/// The next line, cut at a bound; the rest of a longer one is thrown away.
pub(super) async fn next_line(from: &mut (impl AsyncBufRead + Unpin)) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let read = from.take(LONGEST_LINE).read_until(b'\n', &mut line).await.ok()?;
    if read == 0 {
        return None;
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() as u64 >= LONGEST_LINE {
        skip_line(from).await;
    }
    Some(line)
}

async fn skip_line(from: &mut (impl AsyncBufRead + Unpin)) {
    loop {
        let Ok(buffer) = from.fill_buf().await else { return };
        if buffer.is_empty() {
            return;
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        from.consume(used);
        if end.is_some() {
            return;
        }
    }
}

/// The last lines of standard error, for messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    /// Keeps a line, and lets the oldest go.
    pub(super) fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == TAIL_LINES {
            lines.pop_front();
        }
        lines.push_back(line.chars().take(300).collect::<String>().escape_debug().to_string());
    }

    /// The last of them.
    pub(super) fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_empty() {
            "it wrote nothing to stderr".into()
        } else {
            format!("its last lines on stderr: {}", lines.iter().cloned().collect::<Vec<_>>().join(" | "))
        }
    }
}

const LONGEST_LINE: u64 = 64 * 1024;
const TAIL_LINES: usize = 8;

#[cfg(test)]
mod tests {
    use tokio::io::BufReader;

    use super::*;

    #[test]
    fn lines_are_told_apart() {
        assert!(matches!(classify(r#"proofmark-hook {"hook":"begin"}"#), Some(ServerEvent::Hook(_))));
        assert!(matches!(classify(r#"{"line":"access","code":"OK"}"#), Some(ServerEvent::Log(_))));
        assert_eq!(classify("panicked at src/main.rs"), None);
        assert_eq!(classify(r#"{"level":"info"}"#), None);
    }

    #[tokio::test]
    async fn a_line_without_end_is_bounded() {
        let text = [vec![b'x'; 200_000], b"\nnext\n".to_vec()].concat();
        let mut reader = BufReader::new(&text[..]);
        assert_eq!(next_line(&mut reader).await.map(|line| line.len()), Some(64 * 1024));
        assert_eq!(next_line(&mut reader).await, Some(b"next".to_vec()));
        assert_eq!(next_line(&mut reader).await, None);
    }
}
