//! Commands and events of the driver protocol as proto3 JSON, one a line.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

use crate::DESCRIPTORS;
use crate::driver::{Command, Event};

/// Why a line is no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is no JSON object.
    NotJson(String),
    /// It has a field or a value of an enumeration that there is none of.
    Unknown(String),
    /// A value has the wrong type or is out of range.
    Wrong(String),
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::NotJson(text) | Self::Unknown(text) | Self::Wrong(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for Unreadable {}

/// A command as one line, without the line's end.
#[must_use]
pub fn write_command(command: &Command) -> String {
    write("proofmark.driver.v1.Command", command)
}

/// An event as one line, without the line's end.
#[must_use]
pub fn write_event(event: &Event) -> String {
    write("proofmark.driver.v1.Event", event)
}

/// Reads a command. Unknown names are errors.
///
/// # Errors
/// Where the line is none.
pub fn read_command(line: &str) -> Result<Command, Unreadable> {
    read("proofmark.driver.v1.Command", line)
}

/// Reads an event. Unknown names are errors.
///
/// # Errors
/// Where the line is none.
pub fn read_event(line: &str) -> Result<Event, Unreadable> {
    read("proofmark.driver.v1.Event", line)
}

fn read<M: Message + Default>(name: &str, line: &str) -> Result<M, Unreadable> {
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(line) {
        return Err(Unreadable::NotJson(error.to_string()));
    }
    let classify = |error: &dyn std::fmt::Display| {
        let text = error.to_string();
        if text.contains("unrecognized") || text.contains("unknown") { Unreadable::Unknown(text) } else { Unreadable::Wrong(text) }
    };
    let mut reader = serde_json::Deserializer::from_str(line);
    let message = DynamicMessage::deserialize(descriptor(name), &mut reader).map_err(|error| classify(&error))?;
    message.transcode_to().map_err(|error| classify(&error))
}

fn write(name: &str, message: &impl Message) -> String {
    let mut dynamic = DynamicMessage::new(descriptor(name));
    // the descriptor is that of the message, so both conversions hold
    let _ = dynamic.transcode_from(message);
    serde_json::to_string(&dynamic).unwrap_or_default()
}

fn descriptor(name: &str) -> MessageDescriptor {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).unwrap_or_default());
    #[expect(clippy::expect_used, reason = "the names are those of this crate's own proto files, and a test looks them up")]
    POOL.get_message_by_name(name).expect("a message of the driver protocol")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::{StartCall, command};

    #[test]
    fn a_command_comes_back_as_it_went() {
        let start =
            StartCall { call: 4, channel: 1, method: "/a.B/C".into(), kind: 1, timeout_seconds: Some(f64::INFINITY), ..Default::default() };
        let command = Command { id: 3, kind: Some(command::Kind::StartCall(start)) };
        let line = write_command(&command);
        assert_eq!(line, r#"{"id":3,"startCall":{"call":4,"channel":1,"method":"/a.B/C","kind":"UNARY","timeoutSeconds":"Infinity"}}"#);
        assert_eq!(read_command(&line), Ok(command));
    }

    #[test]
    fn what_is_unknown_is_told_from_what_is_wrong() {
        assert!(matches!(read_command(r#"{"id":2,"flyToTheMoon":{}}"#), Err(Unreadable::Unknown(_))));
        assert!(matches!(read_command(r#"{"id":2,"startCall":{"kind":"ROUND_TRIP"}}"#), Err(Unreadable::Unknown(_))));
        assert!(matches!(read_command(r#"{"id":"x","describe":{}}"#), Err(Unreadable::Wrong(_))));
        assert!(matches!(read_command("hello"), Err(Unreadable::NotJson(_))));
    }

    #[test]
    fn an_event_is_read() {
        let event = read_event(r#"{"re":1,"atSeconds":0.25,"ok":{}}"#).unwrap();
        assert_eq!((event.re, event.at_seconds), (Some(1), 0.25));
        assert_eq!(write_event(&event), r#"{"re":1,"atSeconds":0.25,"ok":{}}"#);
    }
}
