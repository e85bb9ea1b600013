//! The words of `rpc-behavior`.

use std::time::Duration;

use http::HeaderMap;
use prost::bytes::Bytes;
use tonic::Status;

use crate::grpc::metadata;

/// What a call asks of its handler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) words: Vec<Word>,
    pub(crate) store: StoreScript,
    pub(crate) text: Option<String>,
    pub(crate) details: Option<Bytes>,
    pub(crate) headers: Option<HeaderMap>,
    pub(crate) trailers: Option<HeaderMap>,
}

/// One word that a handler obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Headers,
    Sleep(Duration),
    KeepOpen,
    Read(usize),
    ReadAll,
    Size(usize),
    Pace(Duration),
    Messages(usize),
    Uncompressed,
    EchoMetadata,
    ErrorCode(i32),
    WrappedCode(i32),
    OkAsError,
    Throw,
    Panic,
    SucceedOnRetryAttempt(u32),
    Upstream(usize),
    UpstreamParallel(usize),
    UpstreamList,
}

/// What a call asks of the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreScript {
    pub(crate) fault: Option<StoreFault>,
    pub(crate) after: usize,
    pub(crate) sleep: Option<Duration>,
    pub(crate) rows: Option<Duration>,
}

/// How the store fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreFault {
    Error(Kind),
    Wrapped(Kind),
    Panic,
}

/// A kind of failure of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    NotFound,
    AlreadyExists,
    InvalidInput,
    Unauthorized,
    Forbidden,
    Conflict,
    RateLimited,
    Unavailable,
    WrongState,
    NotSupported,
    Other,
}

impl Script {
    /// Reads the script of a call, if it has one.
    pub(crate) fn read(fields: &HeaderMap) -> Result<Option<Box<Self>>, Status> {
        if !fields.contains_key(BEHAVIOR) && !fields.contains_key(HEADERS) && !fields.contains_key(TRAILERS) {
            return Ok(None);
        }
        let mut script = Self {
            text: bytes(fields, TEXT)?.map(|text| String::from_utf8_lossy(&text).into_owned()),
            details: bytes(fields, DETAILS)?.map(Bytes::from),
            headers: bytes(fields, HEADERS)?.map(|lines| read_fields(&lines)).transpose()?,
            trailers: bytes(fields, TRAILERS)?.map(|lines| read_fields(&lines)).transpose()?,
            ..Self::default()
        };
        for value in fields.get_all(BEHAVIOR) {
            let value = value.to_str().map_err(|_| Status::invalid_argument("rpc-behavior is no text"))?;
            for word in value.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                script.add(word).ok_or_else(|| Status::invalid_argument(format!("rpc-behavior has no word `{word}`")))?;
            }
        }
        Ok(Some(Box::new(script)))
    }

    fn add(&mut self, text: &str) -> Option<()> {
        if let Some(word) = text.strip_prefix("store-") {
            return self.store.add(word);
        }
        self.words.push(Word::parse(text)?);
        Some(())
    }
}

impl Word {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "headers" => Self::Headers,
            "keep-open" => Self::KeepOpen,
            "read-all" => Self::ReadAll,
            "uncompressed" => Self::Uncompressed,
            "echo-metadata" => Self::EchoMetadata,
            "ok-as-error" => Self::OkAsError,
            "throw" => Self::Throw,
            "panic" => Self::Panic,
            "upstream-list" => Self::UpstreamList,
            _ => {
                let (name, number) = text.rsplit_once('-')?;
                let number: u64 = number.parse().ok()?;
                let count = usize::try_from(number).ok()?;
                match name {
                    "sleep" => Self::Sleep(Duration::from_secs(number)),
                    "sleep-ms" | "sleep-hard-ms" => Self::Sleep(Duration::from_millis(number)),
                    "read" => Self::Read(count),
                    "size" => Self::Size(count),
                    "pace-ms" => Self::Pace(Duration::from_millis(number)),
                    "messages" => Self::Messages(count),
                    "error-code" => Self::ErrorCode(number.try_into().ok()?),
                    "wrapped-code" => Self::WrappedCode(number.try_into().ok()?),
                    "succeed-on-retry-attempt" => Self::SucceedOnRetryAttempt(number.try_into().ok()?),
                    "upstream" => Self::Upstream(count),
                    "upstream-parallel" => Self::UpstreamParallel(count),
                    _ => return None,
                }
            }
        })
    }
}

impl StoreScript {
    fn add(&mut self, word: &str) -> Option<()> {
        if word == "panic" {
            self.fault = Some(StoreFault::Panic);
        } else if let Some(kind) = word.strip_prefix("error-") {
            self.fault = Some(StoreFault::Error(Kind::parse(kind)?));
        } else if let Some(kind) = word.strip_prefix("wrapped-") {
            self.fault = Some(StoreFault::Wrapped(Kind::parse(kind)?));
        } else if let Some(count) = word.strip_prefix("after-") {
            self.after = count.parse().ok()?;
        } else if let Some(millis) = word.strip_prefix("sleep-ms-") {
            self.sleep = Some(Duration::from_millis(millis.parse().ok()?));
        } else {
            self.rows = Some(Duration::from_millis(word.strip_prefix("rows-ms-")?.parse().ok()?));
        }
        Some(())
    }
}

impl Kind {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "not-found" => Self::NotFound,
            "already-exists" => Self::AlreadyExists,
            "invalid-input" => Self::InvalidInput,
            "unauthorized" => Self::Unauthorized,
            "forbidden" => Self::Forbidden,
            "conflict" => Self::Conflict,
            "rate-limited" => Self::RateLimited,
            "unavailable" => Self::Unavailable,
            "wrong-state" => Self::WrongState,
            "not-supported" => Self::NotSupported,
            "other" => Self::Other,
            _ => return None,
        })
    }
}

fn bytes(fields: &HeaderMap, name: &str) -> Result<Option<Vec<u8>>, Status> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    metadata::decode(value.as_bytes()).map(Some).ok_or_else(|| Status::invalid_argument(format!("{name} is no base64")))
}

/// Lines of `key: value`.
fn read_fields(lines: &[u8]) -> Result<HeaderMap, Status> {
    let mut fields = HeaderMap::new();
    for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let colon = line.iter().skip(1).position(|&byte| byte == b':').map(|at| at + 1);
        let field = colon.map(|at| (&line[..at], line[at + 1..].trim_ascii())).and_then(|(name, value)| {
            let name = http::HeaderName::from_bytes(&name.to_ascii_lowercase()).ok()?;
            Some((name, http::HeaderValue::from_bytes(value).ok()?))
        });
        match field {
            Some((name, value)) => fields.append(name, value),
            // a pseudo-header cannot be set at all: that is what is asked here, and the answer
            None if line.starts_with(b":") => false,
            None => return Err(Status::invalid_argument("a line of rpc-behavior headers is no `key: value`")),
        };
    }
    Ok(fields)
}

const BEHAVIOR: &str = "rpc-behavior";
const TEXT: &str = "rpc-behavior-text-bin";
const DETAILS: &str = "rpc-behavior-details-bin";
const HEADERS: &str = "rpc-behavior-headers-bin";
const TRAILERS: &str = "rpc-behavior-trailers-bin";

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn script(value: &str) -> Result<Script, tonic::Code> {
        let mut fields = HeaderMap::new();
        fields.insert(BEHAVIOR, value.parse().unwrap());
        Script::read(&fields).map(|script| *script.unwrap()).map_err(|status| status.code())
    }

    #[rstest]
    #[case("headers", Word::Headers)]
    #[case("sleep-2", Word::Sleep(Duration::from_secs(2)))]
    #[case("sleep-ms-300", Word::Sleep(Duration::from_millis(300)))]
    #[case("sleep-hard-ms-300", Word::Sleep(Duration::from_millis(300)))]
    #[case("messages-3", Word::Messages(3))]
    #[case("read-all", Word::ReadAll)]
    #[case("read-2", Word::Read(2))]
    #[case("error-code-5", Word::ErrorCode(5))]
    #[case("succeed-on-retry-attempt-2", Word::SucceedOnRetryAttempt(2))]
    #[case("upstream-parallel-2", Word::UpstreamParallel(2))]
    #[case("upstream-3", Word::Upstream(3))]
    #[case("upstream-list", Word::UpstreamList)]
    fn a_word_is_read(#[case] text: &str, #[case] word: Word) {
        assert_eq!(script(text).unwrap().words, [word]);
    }

    #[test]
    fn words_keep_their_order_and_store_words_are_apart() {
        let script = script("headers, sleep-ms-5,store-after-3,store-wrapped-rate-limited,messages-1").unwrap();
        assert_eq!(script.words, [Word::Headers, Word::Sleep(Duration::from_millis(5)), Word::Messages(1)]);
        assert_eq!(script.store.after, 3);
        assert_eq!(script.store.fault, Some(StoreFault::Wrapped(Kind::RateLimited)));
    }

    #[test]
    fn an_unknown_word_is_refused() {
        assert_eq!(script("fly-to-the-moon"), Err(tonic::Code::InvalidArgument));
        assert_eq!(script("store-error-gone"), Err(tonic::Code::InvalidArgument));
    }

    #[test]
    fn fields_to_set_come_as_lines() {
        let fields = read_fields(b"x-h: 1\n:status: 500\nX-H: two words\n").unwrap();
        assert_eq!(fields.get_all("x-h").iter().collect::<Vec<_>>(), ["1", "two words"]);
        assert_eq!(fields.len(), 2);
    }
}
