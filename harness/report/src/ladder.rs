//! A transcript as a ladder: ours on the left, the system's on the right, time going down.

use std::fmt::Write;

use proofmark_record::{Actor, Direction, Event, FrameEvent, FrameSays, Outcome, Owed, Text, What};

/// The whole ladder, one event a line.
pub fn ladder(events: &[Event]) -> String {
    let mut out = String::new();
    for event in events {
        line(event, &mut out);
    }
    out
}

/// The part of a ladder around an event, with carets under it.
pub fn excerpt(events: &[Event], around: Option<u32>, expected: &str) -> String {
    let shown: Vec<&Event> = events.iter().filter(|event| !matches!(event.what, What::CaseStarted)).collect();
    let focus = around.and_then(|seq| shown.iter().position(|event| event.seq == seq)).unwrap_or(shown.len().saturating_sub(1));
    let from = focus.saturating_sub(BEFORE);
    let until = (focus + AFTER).min(shown.len());
    let mut out = String::new();
    if from > 0 {
        let _ = writeln!(out, "      ... {from} earlier events");
    }
    for (place, event) in shown.iter().enumerate().take(until).skip(from) {
        line(event, &mut out);
        if place == focus {
            let _ = writeln!(out, "               ^^^^^^^^^^ expected: {expected}");
        }
    }
    if until < shown.len() {
        let _ = writeln!(out, "      ... {} later events", shown.len() - until);
    }
    out
}

fn line(event: &Event, out: &mut String) {
    let Some((side, text)) = describe(&event.what) else { return };
    let time = format!("{:>12.3} ms", event.at_ns as f64 / 1e6);
    // writing to a string cannot fail
    let _ = match side {
        Side::Ours => writeln!(out, "{time}  {text:<56} ------->"),
        Side::Theirs => writeln!(out, "{time}  {:<30} <-------  {text}", ""),
        Side::Here => writeln!(out, "{time}  -- {text}"),
    };
}

enum Side {
    Ours,
    Theirs,
    Here,
}

fn describe(what: &What) -> Option<(Side, String)> {
    let side = |direction: &Direction| if *direction == Direction::Sent { Side::Ours } else { Side::Theirs };
    Some(match what {
        What::CaseStarted | What::TimerLag { .. } => return None,
        What::CaseEnded => (Side::Here, "case ended".into()),
        What::Frame(frame) => (side(&frame.direction), frame_text(frame)),
        What::AttemptBegan(place) => {
            (Side::Here, format!("{} began, {} c{} s{} {}", attempt(place), place.peer, place.connection, place.stream, short(&place.path)))
        }
        What::AttemptReset { place, error } => (Side::Here, format!("{} reset by the system: {error}", attempt(place))),
        What::AttemptEnded { place, by } => (Side::Here, format!("{} ended by {}", attempt(place), who(*by))),
        What::Unexpected(place) => (Side::Here, format!("no rule of {} fits {}", place.peer, attempt(place))),
        What::Message { at, direction, call, size, .. } => {
            let verb = if *direction == Direction::Sent { "sent" } else { "received" };
            let place = if *at == proofmark_record::End::Caller { "caller" } else { "backend" };
            let call = call.as_ref().map(|call| format!(" of {call}")).unwrap_or_default();
            (Side::Here, format!("message{call} {verb} at {place}, {size} B"))
        }
        What::HalfClose { direction, call, .. } => {
            let verb = if *direction == Direction::Sent { "sent" } else { "received" };
            (Side::Here, format!("half-close{} {verb}", call.as_ref().map(|call| format!(" of {call}")).unwrap_or_default()))
        }
        What::CallStarted { call, method, deadline_ns, .. } => {
            let deadline = deadline_ns.map(|ns| format!(", deadline {} ms", ns as f64 / 1e6)).unwrap_or_default();
            (Side::Here, format!("call {call} started: {}{deadline}", short(method)))
        }
        What::CallCancelled { call } => (Side::Here, format!("call {call} cancelled")),
        What::CallHeaders { call, metadata } => (Side::Here, format!("call {call} got initial metadata, {} entries", metadata.len())),
        What::CallEnded { call, outcome } => (Side::Here, format!("call {call} ended: {}", outcome_text(outcome))),
        What::SendRefused { call, text } => (Side::Here, format!("a send of {call} was refused: {}", safe(text))),
        What::ChannelOpened { via } => (Side::Here, format!("channel {via} opened")),
        What::ChannelRefused { via, text } => (Side::Here, format!("channel {via} refused: {}", safe(text))),
        What::ConnectionOpened { peer, connection } => (Side::Here, format!("connection {connection} of {peer} opened")),
        What::ConnectionReady { peer, connection } => (Side::Here, format!("connection {connection} of {peer} ready")),
        What::ConnectionRefused { peer, connection, text } => {
            (Side::Here, format!("connection {connection} of {peer} refused: {}", safe(text)))
        }
        What::ConnectionClosed { peer, connection, by, how } => {
            (Side::Here, format!("connection {connection} of {peer} closed by {} ({how:?})", who(*by)).to_lowercase())
        }
        What::ProtocolBroken { peer, connection, text } => {
            (Side::Here, format!("connection {connection} of {peer} cannot be read on: {}", safe(text)))
        }
        What::Hook { call, line } => (Side::Theirs, hook_text(call.as_ref().map(ToString::to_string), line)),
        What::Log { line, .. } => (Side::Theirs, format!("{} line", line.get("line").and_then(|line| line.as_str()).unwrap_or("log"))),
        What::Stderr { text } => (Side::Theirs, format!("stderr: {text}")),
        What::SignalSent { signal } => (Side::Ours, format!("SIG{signal}")),
        What::ProcessReady { .. } => (Side::Theirs, "ready".into()),
        What::ProcessExited { status, .. } => {
            (Side::Theirs, status.map_or("ended by a signal".into(), |status| format!("exited with status {status}")))
        }
        What::System { act } => (Side::Here, format!("system {act:?}").to_lowercase()),
        What::Steering { direction: Direction::Sent, text, .. } => (Side::Ours, format!("steering: {text}")),
        What::Steering { text, .. } => (Side::Theirs, format!("steered: {text}")),
        What::Resolver { direction } => {
            (Side::Here, if *direction == Direction::Sent { "resolver updated".into() } else { "resolver asked".to_owned() })
        }
        What::FaultFired { fault } => (Side::Here, format!("fault {fault} fired")),
        What::FaultLifted { fault } => (Side::Here, format!("fault {fault} lifted")),
        What::MarkReached { mark } => (Side::Here, format!("mark {mark} reached")),
        What::Owed { by, text } => {
            (Side::Here, format!("{} owed: {}", if *by == Owed::Harness { "the harness" } else { "the system" }, safe(text)))
        }
        What::LimitReached { awaited } => (Side::Here, format!("limit reached while waiting for {awaited}")),
        What::Aftercare { what, observed, good } => {
            (Side::Here, format!("aftercare, {what}: {}{}", safe(observed), if *good { "" } else { " (wrong)" }))
        }
        What::Memory { bytes, .. } => (Side::Here, format!("memory {bytes} B")),
        What::HarnessError { text } => (Side::Here, format!("harness error: {}", safe(text))),
        What::SystemError { text, .. } => (Side::Here, format!("system error: {}", safe(text))),
    })
}

fn frame_text(frame: &FrameEvent) -> String {
    let at = format!("{} c{}", frame.peer, frame.connection);
    let stream = if frame.stream == 0 { String::new() } else { format!(" s{}", frame.stream) };
    let says = match &frame.says {
        FrameSays::Block { fields, end_stream, .. } => format!("{}{}", fields_text(fields), if *end_stream { " END_STREAM" } else { "" }),
        FrameSays::Data { end_stream } => format!("{} B{}", frame.length, if *end_stream { " END_STREAM" } else { "" }),
        FrameSays::Reset { error } => error.clone(),
        FrameSays::Settings { ack: true, .. } => "ACK".into(),
        FrameSays::Settings { values, .. } => {
            values.iter().map(|(id, value)| format!("{}={value}", setting(*id))).collect::<Vec<_>>().join(" ")
        }
        FrameSays::Ping { ack, .. } => {
            if *ack {
                "ACK".into()
            } else {
                String::new()
            }
        }
        FrameSays::Goaway { last_stream, error, .. } => format!("last stream {last_stream} {error}"),
        FrameSays::Window { increment } => format!("+{increment}"),
        FrameSays::Other => format!("{} B", frame.length),
    };
    format!("{:<13} {at}{stream} {says}", frame.frame).trim_end().to_owned()
}

fn fields_text(fields: &[(Text, Text)]) -> String {
    let value = |name: &str| fields.iter().find(|(other, _)| other.0 == name.as_bytes()).map(|(_, value)| value.to_string());
    let mut parts = Vec::new();
    parts.extend(value(":path").map(|path| short(&path)));
    parts.extend(value(":status").filter(|status| status != "200").map(|status| format!("HTTP {status}")));
    parts.extend(value("grpc-timeout").map(|timeout| format!("timeout {timeout}")));
    parts.extend(value("grpc-previous-rpc-attempts").map(|attempts| format!("previous attempts {attempts}")));
    parts.extend(value("grpc-status").map(|status| match status.parse() {
        Ok(code) => proofmark_record::StatusCode(code).to_string(),
        Err(_) => format!("grpc-status {status}"),
    }));
    parts.extend(value("grpc-message").map(|message| format!("`{message}`")));
    parts.extend(value("grpc-retry-pushback-ms").map(|pushback| format!("pushback {pushback} ms")));
    parts.join(" ")
}

fn setting(id: u16) -> String {
    match id {
        1 => "HEADER_TABLE_SIZE".into(),
        2 => "ENABLE_PUSH".into(),
        3 => "MAX_CONCURRENT_STREAMS".into(),
        4 => "INITIAL_WINDOW_SIZE".into(),
        5 => "MAX_FRAME_SIZE".into(),
        6 => "MAX_HEADER_LIST_SIZE".into(),
        other => format!("{other:#x}"),
    }
}

fn hook_text(call: Option<String>, line: &serde_json::Value) -> String {
    let word = |key: &str| line.get(key).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let hook = word("hook").unwrap_or_default();
    let detail = match hook.as_str() {
        "store" => word("operation"),
        "read" => word("clean").map(|clean| if clean == "true" { "clean end".into() } else { "error".into() }),
        "end" => word("code"),
        _ => None,
    };
    let parts: Vec<String> = [Some(hook), call, detail].into_iter().flatten().collect();
    format!("hook: {}", safe(&parts.join(", ")))
}

fn outcome_text(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Status(status) => {
            let code = proofmark_record::StatusCode(status.code);
            let message = if status.message.0.is_empty() { String::new() } else { format!(" `{}`", status.message) };
            format!("{code}{message}{}", if status.synthetic { " (by the scripted client)" } else { "" })
        }
        Outcome::Refused { text } => format!("refused by the API: {}", safe(text)),
        Outcome::Exception { text } => format!("exception: {}", safe(text)),
        Outcome::Dropped => "dropped".into(),
    }
}

fn attempt(place: &proofmark_record::Place) -> String {
    match &place.call {
        Some(call) => format!("attempt {} of {call}", place.attempt),
        None => format!("stream {}", place.stream),
    }
}

fn who(actor: Actor) -> &'static str {
    if actor == Actor::Peer { "us" } else { "the system" }
}

fn short(path: &str) -> String {
    safe(path.rsplit('/').next().unwrap_or(path))
}

fn safe(text: &str) -> String {
    Text::from(text).to_string()
}

/// Events shown before the deciding one.
const BEFORE: usize = 22;
/// Events shown after it.
const AFTER: usize = 6;
