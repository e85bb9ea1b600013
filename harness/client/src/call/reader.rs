//! The response half of a stream: from frames to events and the one end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use h2::client::ResponseFuture;
use http::{HeaderMap, Response};
use proofmark_transport::clock::now;
use tonic::Code;

use crate::call::cell::CallCell;
use crate::call::{CallEvent, Frames};
use crate::channel::Shared;
use crate::connection::Connection;
use crate::metadata::{Metadata, Value};
use crate::options::CallKind;
use crate::outcome::{AttemptEnd, EndClass, Outcome, Pushback};
use crate::policy::{CancelPhase, Commit, MissingStatus};

/// Reads one response.
pub(crate) struct Reader {
    phase: Phase,
    kind: CallKind,
    cell: Arc<CallCell>,
    shared: Arc<Shared>,
    connection: Arc<Connection>,
    frames: Frames,
    head: Option<Head>,
    messages: u32,
    held: Option<Bytes>,
    unreleased: usize,
}

enum Phase {
    Head(ResponseFuture),
    Body(RecvStream),
}

/// What the response headers said.
struct Head {
    status: u16,
    /// A `grpc-status` where it does not count.
    stray_status: Option<Code>,
    initial: Metadata,
    /// Initial metadata that was not shown yet.
    unshown: bool,
}

impl Reader {
    pub(crate) fn new(
        response: ResponseFuture,
        kind: CallKind,
        cell: Arc<CallCell>,
        shared: Arc<Shared>,
        connection: Arc<Connection>,
        max_receive: usize,
    ) -> Self {
        Self {
            phase: Phase::Head(response),
            kind,
            cell,
            shared,
            connection,
            frames: Frames::new(max_receive),
            head: None,
            messages: 0,
            held: None,
            unreleased: 0,
        }
    }

    /// Ready with the end of the response, whichever it is.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<AttemptEnd> {
        loop {
            let step = match &mut self.phase {
                Phase::Head(response) => match ready!(Pin::new(response).poll(cx)) {
                    Ok(response) => self.begin(response),
                    Err(error) => Some(self.failed(&error)),
                },
                Phase::Body(_) => ready!(self.poll_body(cx)),
            };
            if let Some(end) = step {
                return Poll::Ready(end);
            }
        }
    }

    /// Response headers: the whole response, an unusable one, or its beginning.
    fn begin(&mut self, response: Response<RecvStream>) -> Option<AttemptEnd> {
        let (parts, body) = response.into_parts();
        let headers = parts.headers;
        let status = parts.status.as_u16();
        let grpc = headers.get(http::header::CONTENT_TYPE).is_some_and(|value| self.shared.policies.status.is_grpc(value.as_bytes()));
        if body.is_end_stream() && self.shared.policies.status.accepts_trailers_only(self.kind) {
            return Some(self.trailers_only(status, grpc, &headers));
        }
        if !grpc {
            return Some(self.not_grpc(status, &headers));
        }
        if headers.get("grpc-encoding").is_some_and(|encoding| encoding != "identity") {
            self.frames.compressed();
        }
        if self.shared.policies.retry.commits(Commit::Headers) {
            self.cell.commit();
        }
        self.cell.phase(CancelPhase::Responding);
        self.cell.facts(|facts| facts.headers = Some(now()));
        let initial = self.shared.policies.metadata.initial(self.custom(&headers));
        let stray_status = headers.get(GRPC_STATUS).map(|value| self.shared.policies.status.code(value.as_bytes()));
        let at_once = self.shared.policies.metadata.initial_at_once();
        if at_once {
            self.cell.show(CallEvent::Headers(initial.clone()));
        }
        self.head = Some(Head { status, stray_status, initial, unshown: !at_once });
        self.phase = Phase::Body(body);
        None
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<AttemptEnd>> {
        loop {
            match self.frames.check() {
                Err((code, message)) => return Poll::Ready(Some(self.unusable(code, message))),
                Ok(false) => break,
                Ok(true) if !self.kind.single_response() && !self.cell.wants_message() => {
                    return Poll::Pending;
                }
                Ok(true) => {
                    let message = self.frames.take();
                    if let Some(end) = self.message(message) {
                        return Poll::Ready(Some(end));
                    }
                }
            }
        }
        let wanted = self.kind.single_response() || self.cell.wants_message();
        let Phase::Body(body) = &mut self.phase else {
            return Poll::Ready(None);
        };
        if wanted && self.unreleased >= RELEASE_AT {
            let _ = body.flow_control().release_capacity(std::mem::take(&mut self.unreleased));
        }
        match ready!(body.poll_data(cx)) {
            Some(Ok(chunk)) => {
                self.unreleased += chunk.len();
                if !chunk.is_empty() {
                    self.frames.push(chunk);
                }
                Poll::Ready(None)
            }
            Some(Err(error)) => Poll::Ready(Some(self.failed(&error))),
            None => match ready!(body.poll_trailers(cx)) {
                Ok(Some(trailers)) => Poll::Ready(Some(self.trailers(&trailers))),
                Ok(None) => Poll::Ready(Some(self.end_on_data())),
                Err(error) => Poll::Ready(Some(self.failed(&error))),
            },
        }
    }

    /// Shows a message, or keeps it until the end says that it counts.
    fn message(&mut self, message: Bytes) -> Option<AttemptEnd> {
        self.messages += 1;
        self.cell.facts(|facts| facts.last_message = Some(now()));
        if self.shared.policies.retry.commits(Commit::Message) {
            self.cell.commit();
        }
        if let Some((code, text)) = self.shared.policies.status.cardinality(self.kind, self.messages, false) {
            self.held = None;
            return Some(self.unusable(code, text.to_owned()));
        }
        if self.kind.single_response() {
            self.held.get_or_insert(message);
        } else {
            self.show_initial();
            self.cell.show(CallEvent::Message(message));
        }
        None
    }

    fn trailers_only(&mut self, status: u16, grpc: bool, headers: &HeaderMap) -> AttemptEnd {
        let wins = status == 200 || self.shared.policies.status.grpc_status_wins(status);
        if headers.contains_key(GRPC_STATUS) && wins {
            return self.with_status(headers, false);
        }
        let how = if grpc { MissingStatus::Trailers } else { MissingStatus::NotGrpc };
        let mut end = self.without_status(status, how);
        end.outcome.trailers = self.custom(headers);
        end
    }

    fn not_grpc(&mut self, status: u16, headers: &HeaderMap) -> AttemptEnd {
        let mut end = self.without_status(status, MissingStatus::NotGrpc);
        end.outcome.trailers = self.custom(headers);
        end
    }

    fn trailers(&mut self, trailers: &HeaderMap) -> AttemptEnd {
        let status = self.head.as_ref().map_or(200, |head| head.status);
        let wins = status == 200 || self.shared.policies.status.grpc_status_wins(status);
        if trailers.contains_key(GRPC_STATUS) && wins {
            return self.with_status(trailers, true);
        }
        let mut end = self.without_status(status, MissingStatus::Trailers);
        end.outcome.trailers = self.custom(trailers);
        end
    }

    fn end_on_data(&mut self) -> AttemptEnd {
        let stray = self.head.as_ref().and_then(|head| head.stray_status).filter(|_| self.shared.policies.status.headers_have_status());
        if let Some(code) = stray {
            return self.finished(Outcome::local(code, ""), Pushback::Absent, true);
        }
        let status = self.head.as_ref().map_or(200, |head| head.status);
        self.without_status(status, MissingStatus::EndOnData)
    }

    /// An end with a `grpc-status`.
    fn with_status(&mut self, block: &HeaderMap, headers: bool) -> AttemptEnd {
        let rules = &self.shared.policies.status;
        let value = |name: &str| block.get(name).map(http::HeaderValue::as_bytes);
        let code = rules.after_messages(value(GRPC_STATUS).map_or(Code::Unknown, |value| rules.code(value)), self.messages);
        let pushback: Vec<&[u8]> = block.get_all("grpc-retry-pushback-ms").iter().map(http::HeaderValue::as_bytes).collect();
        let pushback = self.shared.policies.backoff.read_pushback(&pushback);
        let outcome = Outcome {
            code,
            message: value("grpc-message").map_or_else(String::new, |value| rules.message(value)),
            details: value("grpc-status-details-bin").and_then(|value| rules.details(value)),
            trailers: self.trailing(block),
        };
        let mut end = self.finished(outcome, pushback, true);
        end.headers = headers;
        end
    }

    /// Metadata of the block that ended the response.
    fn trailing(&self, block: &HeaderMap) -> Metadata {
        let trailing = self.custom(block);
        match &self.head {
            Some(head) => self.shared.policies.metadata.trailing(&head.initial, trailing),
            None => trailing,
        }
    }

    /// An end without one.
    fn without_status(&mut self, status: u16, how: MissingStatus) -> AttemptEnd {
        let outcome = match (status, how) {
            (200, MissingStatus::Trailers) => {
                Outcome::local(self.shared.policies.status.missing(how), "the response ended without a grpc-status")
            }
            (200, MissingStatus::EndOnData) => {
                Outcome::local(self.shared.policies.status.missing(how), "the response ended without trailers")
            }
            (200, MissingStatus::NotGrpc) => Outcome::local(
                self.shared.policies.status.missing(how),
                "the response has HTTP status 200 and a content-type that is not gRPC",
            ),
            _ => self.http_outcome(status),
        };
        self.finished(outcome, Pushback::Absent, false)
    }

    fn http_outcome(&self, status: u16) -> Outcome {
        Outcome::local(self.shared.policies.status.http(status), format!("the response has HTTP status {status} and no grpc-status"))
    }

    /// A response that came to its end: truncation and cardinality are looked at if it says OK.
    fn finished(&mut self, mut outcome: Outcome, pushback: Pushback, from_peer: bool) -> AttemptEnd {
        let mut class = EndClass::Answered;
        if outcome.is_ok() {
            let truncated = self.frames.partial().then(|| (self.shared.policies.status.truncated(), "the response ended inside a message"));
            let wrong = truncated
                .filter(|(code, _)| *code != Code::Ok)
                .or_else(|| self.shared.policies.status.cardinality(self.kind, self.messages, true));
            if let Some((code, text)) = wrong {
                (class, outcome.code) = (EndClass::Local, code);
                text.clone_into(&mut outcome.message);
            }
        }
        self.show_initial();
        if let Some(message) = self.held.take().filter(|_| outcome.is_ok()) {
            self.cell.show(CallEvent::Message(message));
        }
        AttemptEnd { class, outcome, pushback, headers: self.head.is_some(), from_peer }
    }

    fn unusable(&mut self, code: Code, message: String) -> AttemptEnd {
        self.show_initial();
        AttemptEnd { headers: true, ..AttemptEnd::made_here(EndClass::Local, code, message) }
    }

    /// The table of ends that are no response.
    fn failed(&mut self, error: &h2::Error) -> AttemptEnd {
        let headers = self.head.is_some();
        self.show_initial();
        let rules = &self.shared.policies.status;
        let reason = error.reason().map(u32::from).unwrap_or_default();
        let (class, code, message) = if error.is_reset() && error.is_remote() {
            if rules.reset_is_clean(reason, headers) {
                return self.finished(Outcome::local(Code::Ok, ""), Pushback::Absent, false);
            }
            if let Some(head) = self.head.as_ref().filter(|head| head.status != 200) {
                return AttemptEnd { class: EndClass::Reset(reason), headers, ..self.http_end(head.status) };
            }
            let class = if reason == REFUSED && !headers { EndClass::Refused } else { EndClass::Reset(reason) };
            (class, self.reset_code(reason, headers), format!("the peer reset the stream: {}", reason_name(reason)))
        } else if error.is_reset() {
            (EndClass::Local, Code::Internal, format!("the response is malformed, or its header block too large: {error}"))
        } else if error.is_go_away() && error.is_remote() {
            let unprocessed = self.shared.policies.connection.cut_off_is_unprocessed() && !headers;
            let class = if unprocessed { EndClass::AboveGoaway } else { EndClass::Lost };
            (class, rules.lost(), format!("the server went away before it looked at the call: {error}"))
        } else {
            let unprocessed = self.shared.policies.connection.lost_is_unprocessed(self.connection.draining()) && !headers;
            let class = if unprocessed { EndClass::AboveGoaway } else { EndClass::Lost };
            (class, rules.lost(), self.connection.why())
        };
        AttemptEnd { headers, ..AttemptEnd::made_here(class, code, message) }
    }

    fn http_end(&self, status: u16) -> AttemptEnd {
        AttemptEnd { outcome: self.http_outcome(status), ..AttemptEnd::made_here(EndClass::Answered, Code::Unknown, "") }
    }

    /// A CANCEL that comes when the deadline has passed is the server's view of it.
    fn reset_code(&self, reason: u32, headers: bool) -> Code {
        let expired = self.cell.remaining().is_some_and(|(remaining, _)| remaining.is_zero());
        if reason == CANCEL && expired && self.shared.policies.deadline.late_cancel_is_expiry() {
            return self.shared.policies.deadline.expired().0;
        }
        self.shared.policies.status.reset(reason, headers)
    }

    fn show_initial(&mut self) {
        if let Some(head) = self.head.as_mut().filter(|head| head.unshown) {
            head.unshown = false;
            self.cell.show(CallEvent::Headers(head.initial.clone()));
        }
    }

    /// The custom metadata of a block.
    fn custom(&self, block: &HeaderMap) -> Metadata {
        let rules = &self.shared.policies.metadata;
        let mut entries = Metadata::new();
        for (name, field) in block {
            let name = name.as_str();
            if rules.reserved(name) {
                continue;
            }
            if !name.ends_with("-bin") {
                rules.decode_text(field.as_bytes()).into_iter().for_each(|value| entries.push(name, value));
            } else if let Some(values) = rules.decode_binary(field.as_bytes()) {
                values.into_iter().for_each(|value| entries.push(name, Value::Bytes(value)));
            }
        }
        if entries.is_empty() { entries } else { rules.arrange_received(entries) }
    }
}

fn reason_name(reason: u32) -> String {
    format!("{:?}", h2::Reason::from(reason))
}

const GRPC_STATUS: &str = "grpc-status";
const REFUSED: u32 = 0x7;
const CANCEL: u32 = 0x8;
/// Window is given back in pieces of at least this; what is left goes back when the stream is dropped.
const RELEASE_AT: usize = 16 * 1024;
