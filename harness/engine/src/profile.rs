//! The profile of the user service: which method, messages and metadata an operation is, and where text goes in a message.

use std::sync::OnceLock;
use std::time::Duration;

use proofmark_api::DESCRIPTORS;
use proofmark_record::CallKind;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor, ReflectMessage, Value};

use crate::case::Operation;
use crate::case::operation::{Raise, Relay, Stream};
use crate::case::payload::Payload;
use crate::case::template::Context;

/// What an operation is on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// `/package.Service/Method`.
    pub path: String,
    /// The kind of the method.
    pub kind: CallKind,
    /// The hook words that make the method do it, if any are needed.
    pub behavior: Option<String>,
    /// The request of a method that takes one, if nothing else is said.
    pub request: Vec<u8>,
}

/// Which message of a method is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the caller sends.
    Request,
    /// What the caller gets.
    Response,
}

/// Which service operations are mapped to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// The user service, with its test hooks.
    #[default]
    User,
    /// A server of which only the standard health service is known: a plain call is `Check` of the server as a whole.
    Health,
}

impl Profile {
    /// What `operation` is.
    pub fn plan(self, operation: &Operation, call_number: &str) -> Plan {
        match (self, operation) {
            (Self::Health, Operation::Unary) => plan(&Operation::Check(String::new()), call_number),
            _ => plan(operation, call_number),
        }
    }
}

fn plan(operation: &Operation, call_number: &str) -> Plan {
    let user =
        |behavior: Option<String>| method("/user.v1.UserService/GetUser", behavior, text_message("/user.v1.UserService/GetUser", "user-1"));
    let user_words = |words: String| user(Some(words));
    match operation {
        Operation::Unary => user_words("messages-1".into()),
        Operation::Echo => user_words("echo-metadata,messages-1".into()),
        Operation::Hang => user_words("keep-open".into()),
        Operation::Write => {
            let path = "/user.v1.UserService/CreateUser";
            method(path, None, text_message(path, &format!("writer-{}", call_number.replace('/', "-"))))
        }
        Operation::List => {
            method("/user.v1.UserService/ListUsers", None, json_message("/user.v1.UserService/ListUsers", r#"{"pageSize":1000}"#))
        }
        Operation::Upload => method("/user.v1.UserService/BatchCreateUsers", None, Vec::new()),
        Operation::Chat => method("/user.v1.UserService/Chat", None, Vec::new()),
        Operation::Slow(slow) => {
            let word = if slow.stubborn { "sleep-hard-ms" } else { "sleep-ms" };
            user_words(format!("{word}-{},messages-1", slow.takes.as_millis()))
        }
        Operation::Fail(code) => user_words(format!("error-code-{}", code.number())),
        Operation::Raise(raise) => user_words(raise_word(*raise).into()),
        Operation::Stream(stream) => method("/user.v1.UserService/ListUsers", Some(stream_words(*stream)), Vec::new()),
        Operation::Check(service) => health("/grpc.health.v1.Health/Check", service),
        Operation::Watch(service) => health("/grpc.health.v1.Health/Watch", service),
        Operation::Relay(relay) => {
            let path = if relay.list { "/user.v1.UserService/ListUsers" } else { "/user.v1.UserService/GetUser" };
            let request = if relay.list { Vec::new() } else { text_message(path, "user-of-upstream") };
            method(path, relay_words(*relay), request)
        }
        Operation::Rpc(name) => method(&format!("/{name}"), None, Vec::new()),
    }
}

fn method(path: &str, behavior: Option<String>, request: Vec<u8>) -> Plan {
    Plan { path: path.to_owned(), kind: kind_of(path), behavior, request }
}

fn health(path: &str, service: &str) -> Plan {
    method(path, None, text_message(path, service))
}

fn raise_word(raise: Raise) -> &'static str {
    match raise {
        Raise::Panic => "panic",
        Raise::Throw => "throw",
        Raise::WrappedStatus => "wrapped-code-7",
        Raise::OkAsError => "ok-as-error",
    }
}

fn stream_words(stream: Stream) -> String {
    let mut words = Vec::new();
    if let Some(every) = stream.every {
        words.push(format!("pace-ms-{}", every.as_millis()));
    }
    words.push(format!("messages-{}", stream.messages.unwrap_or(ENDLESS)));
    if let Some(code) = stream.ends.filter(|code| code.number() != 0) {
        words.push(format!("error-code-{}", code.number()));
    }
    words.join(",")
}

fn relay_words(relay: Relay) -> Option<String> {
    let mut words = Vec::new();
    if let Some(wait) = relay.waits {
        words.push(format!("sleep-ms-{}", wait.as_millis()));
    }
    if let Some(calls) = relay.calls {
        words.push(format!("upstream-{calls}"));
    }
    if let Some(parallel) = relay.parallel {
        words.push(format!("upstream-parallel-{parallel}"));
    }
    if relay.list {
        words.push("upstream-list".into());
    }
    (!words.is_empty()).then(|| words.join(","))
}

/// The kind of a method; unary where the path is none that the protocol definitions name.
pub fn kind_of(path: &str) -> CallKind {
    let Some(method) = descriptor(path) else { return CallKind::Unary };
    match (method.is_client_streaming(), method.is_server_streaming()) {
        (false, false) => CallKind::Unary,
        (false, true) => CallKind::ServerStreaming,
        (true, false) => CallKind::ClientStreaming,
        (true, true) => CallKind::Bidi,
    }
}

/// The bytes of a payload as a message of `path`.
///
/// # Errors
/// Where the payload is JSON that the message has no fields for.
pub fn encode(path: &str, side: Side, payload: &Payload, context: &Context<'_>) -> Result<Vec<u8>, String> {
    Ok(match payload {
        Payload::Text(text) => text_bytes(path, side, &text.expand_text(context)),
        Payload::Size(size) => sized(size.as_usize()),
        Payload::Hex(hex) => hex.0.clone(),
        Payload::Json(json) => {
            let message =
                message(path, side).ok_or_else(|| format!("`{path}` is no method of a known service, so JSON has no meaning for it"))?;
            let expanded = expand_json(json, context);
            DynamicMessage::deserialize(message, expanded).map_err(|error| error.to_string())?.encode_to_vec()
        }
    })
}

/// Whether `data` says what `payload` says: JSON names the fields that are looked at, everything else must be equal.
pub fn says(path: &str, side: Side, payload: &Payload, context: &Context<'_>, data: &[u8], size: u64) -> bool {
    match payload {
        Payload::Text(text) => text_of(path, side, data).as_deref() == Some(&text.expand_text(context)),
        Payload::Size(expected) => size == expected.0,
        Payload::Hex(hex) => data == hex.0,
        Payload::Json(json) => json_of(path, side, data).is_some_and(|seen| covers(&expand_json(json, context), &seen)),
    }
}

/// Whether `seen` has all that `wanted` names; lists are compared item by item.
pub fn covers(wanted: &serde_json::Value, seen: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match (wanted, seen) {
        (Json::Object(wanted), Json::Object(seen)) => {
            wanted.iter().all(|(key, value)| seen.get(key).is_some_and(|seen| covers(value, seen)))
        }
        (Json::Array(wanted), Json::Array(seen)) => wanted.len() == seen.len() && wanted.iter().zip(seen).all(|(w, s)| covers(w, s)),
        _ => wanted == seen,
    }
}

/// The text of a message, where its type has a place for text.
pub fn text_of(path: &str, side: Side, data: &[u8]) -> Option<String> {
    let message = DynamicMessage::decode(message(path, side)?, data).ok()?;
    let mut value = Value::Message(message);
    for field in text_path(path, side)? {
        let inner = value.as_message()?.get_field_by_name(field)?.into_owned();
        value = inner;
    }
    value.as_str().map(str::to_owned)
}

/// A message in protobuf's JSON form, default values included.
pub fn json_of(path: &str, side: Side, data: &[u8]) -> Option<serde_json::Value> {
    to_json(&DynamicMessage::decode(message(path, side)?, data).ok()?)
}

/// A detail in a status, in protobuf's JSON form.
pub fn detail_json(type_name: &str, data: &[u8]) -> Option<serde_json::Value> {
    to_json(&DynamicMessage::decode(pool().get_message_by_name(type_name)?, data).ok()?)
}

fn to_json(message: &DynamicMessage) -> Option<serde_json::Value> {
    let options = prost_reflect::SerializeOptions::new().skip_default_fields(false);
    message.serialize_with_options(serde_json::value::Serializer, &options).ok()
}

/// A message that holds `text` where its type has a place for text.
pub fn text_message(path: &str, text: &str) -> Vec<u8> {
    text_bytes(path, Side::Request, text)
}

/// A message of a method as a good handler would answer, or as part of a stream of them.
pub fn default_response(path: &str) -> Vec<u8> {
    let json = match path {
        "/user.v1.UserService/GetUser" | "/user.v1.UserService/CreateUser" => {
            r#"{"user":{"id":"user-1","name":"Ada","email":"ada@users.example"}}"#
        }
        "/user.v1.UserService/ListUsers" => r#"{"id":"user-1","name":"Ada","email":"ada@users.example"}"#,
        "/user.v1.UserService/BatchCreateUsers" => r#"{"createdCount":0}"#,
        "/grpc.health.v1.Health/Check" | "/grpc.health.v1.Health/Watch" => r#"{"status":"SERVING"}"#,
        _ => return Vec::new(),
    };
    json_bytes(path, Side::Response, json)
}

/// What Chat answers to a message.
pub fn chat_answer(request: &[u8]) -> Vec<u8> {
    const CHAT: &str = "/user.v1.UserService/Chat";
    let content = text_of(CHAT, Side::Request, request).unwrap_or_default();
    json_bytes(CHAT, Side::Response, &serde_json::json!({"userId": "server", "content": format!("Echo: {content}")}).to_string())
}

/// What BatchCreateUsers answers.
pub fn count_answer(count: usize) -> Vec<u8> {
    json_bytes("/user.v1.UserService/BatchCreateUsers", Side::Response, &format!(r#"{{"createdCount":{count}}}"#))
}

fn json_message(path: &str, json: &str) -> Vec<u8> {
    json_bytes(path, Side::Request, json)
}

fn json_bytes(path: &str, side: Side, json: &str) -> Vec<u8> {
    let decoded = message(path, side).and_then(|message| {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        DynamicMessage::deserialize(message, &mut deserializer).ok()
    });
    decoded.map(|message| message.encode_to_vec()).unwrap_or_default()
}

fn text_bytes(path: &str, side: Side, text: &str) -> Vec<u8> {
    let (Some(message), Some(fields)) = (message(path, side), text_path(path, side)) else { return text.as_bytes().to_vec() };
    let mut message = DynamicMessage::new(message);
    set_text(&mut message, fields, text);
    if message.descriptor().full_name() == "user.v1.CreateUserRequest" {
        let local: String = text.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '-' }).collect();
        message.set_field_by_name("email", Value::String(format!("{local}@users.example")));
    }
    message.encode_to_vec()
}

fn set_text(message: &mut DynamicMessage, fields: &[&str], text: &str) {
    match fields {
        [last] => message.set_field_by_name(last, Value::String(text.to_owned())),
        [first, rest @ ..] => {
            if let Some(mut inner) = message.get_field_by_name(first).and_then(|value| value.as_message().cloned()) {
                set_text(&mut inner, rest, text);
                message.set_field_by_name(first, Value::Message(inner));
            }
        }
        [] => {}
    }
}

fn text_path(path: &str, side: Side) -> Option<&'static [&'static str]> {
    let name = message(path, side)?;
    Some(match name.full_name() {
        "user.v1.GetUserRequest" => &["id"],
        "user.v1.GetUserResponse" | "user.v1.CreateUserResponse" => &["user", "name"],
        "user.v1.CreateUserRequest" | "user.v1.User" => &["name"],
        "user.v1.ChatMessage" => &["content"],
        "user.v1.ListUsersRequest" => &["page_token"],
        "grpc.health.v1.HealthCheckRequest" => &["service"],
        _ => return None,
    })
}

/// After so many bytes a message of a given size repeats.
pub const UNIT: usize = 1024;

/// A legal message of exactly `size` bytes (one byte apart, which no message has): a field that nobody knows.
fn sized(size: usize) -> Vec<u8> {
    const UNKNOWN_FIELD: u8 = 0x7a; // field 15, length-delimited
    let mut bytes = Vec::with_capacity(size);
    if size >= 2 {
        bytes.push(UNKNOWN_FIELD);
        let digits = (1..=5).find(|digits| size - 1 - digits < 1 << (7 * digits)).unwrap_or(5);
        let mut length = size - 1 - digits;
        for digit in 1..=digits {
            let more = if digit < digits { 0x80 } else { 0 };
            bytes.push((length & 0x7f) as u8 | more);
            length >>= 7;
        }
    }
    bytes.resize(size.min(UNIT), 0);
    // what repeats can be told to a driver in a few bytes
    while bytes.len() < size {
        bytes.extend_from_within(..UNIT.min(size - bytes.len()));
    }
    bytes
}

fn expand_json(json: &serde_json::Value, context: &Context<'_>) -> serde_json::Value {
    use serde_json::Value as Json;
    match json {
        Json::String(text) => match crate::case::Template::parse(text) {
            Ok(template) => Json::String(template.expand_text(context)),
            Err(_) => json.clone(),
        },
        Json::Array(items) => Json::Array(items.iter().map(|item| expand_json(item, context)).collect()),
        Json::Object(fields) => Json::Object(fields.iter().map(|(key, value)| (key.clone(), expand_json(value, context))).collect()),
        _ => json.clone(),
    }
}

fn message(path: &str, side: Side) -> Option<MessageDescriptor> {
    let method = descriptor(path)?;
    Some(if side == Side::Request { method.input() } else { method.output() })
}

fn descriptor(path: &str) -> Option<MethodDescriptor> {
    let (service, method) = path.strip_prefix('/')?.rsplit_once('/')?;
    pool().get_service_by_name(service)?.methods().find(|known| known.name() == method)
}

fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| DescriptorPool::decode(DESCRIPTORS).unwrap_or_default())
}

/// How long a plain operation may take before it is called a hang.
pub const PLAIN_LIMIT: Duration = Duration::from_secs(5);

/// So many messages that no case lives to see the last.
const ENDLESS: u32 = 1_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONTEXT: Context<'static> = Context { n: 1, lane: 1, token: "", expired_token: "" };

    proptest! {
        #[test]
        fn a_sized_message_has_its_size_and_decodes(size in 2usize..70_000) {
            let bytes = sized(size);
            prop_assert_eq!(bytes.len(), size);
            prop_assert!(proofmark_api::user::GetUserRequest::decode(&bytes[..]).is_ok());
        }

        #[test]
        fn text_comes_back(text in ".{0,40}") {
            let path = "/user.v1.UserService/Chat";
            prop_assert_eq!(text_of(path, Side::Request, &text_bytes(path, Side::Request, &text)), Some(text));
        }
    }

    #[test]
    fn json_names_the_fields_that_count() {
        let path = "/grpc.health.v1.Health/Check";
        let payload = Payload::Json(serde_json::json!({"status": "SERVING"}));
        let bytes = encode(path, Side::Response, &payload, &CONTEXT).unwrap();
        assert!(says(path, Side::Response, &payload, &CONTEXT, &bytes, bytes.len() as u64));
        let other = Payload::Json(serde_json::json!({"status": "NOT_SERVING"}));
        assert!(!says(path, Side::Response, &other, &CONTEXT, &bytes, bytes.len() as u64));
    }

    #[test]
    fn a_stream_is_said_in_hook_words() {
        let stream = Operation::Stream(Stream { messages: Some(5), every: Some(Duration::from_millis(10)), ends: None });
        assert_eq!(plan(&stream, "call/1").behavior.as_deref(), Some("pace-ms-10,messages-5"));
    }
}
