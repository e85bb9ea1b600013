//! Serves operations as the reference service would: what a backend without rules does, and what `answer` completes.

use std::time::Duration;

use proofmark_record::{BlockKind, CallKind};
use proofmark_transport::clock::sleep;
use proofmark_wire::{Field, StatusCode};

use super::conn::{BlockShape, OutMessage, field_text};
use super::script::{Script, replaced, response_fields};
use crate::profile;

/// Does what the request asks for.
pub async fn serve(script: &Script, id: u32) {
    let Some((path, request)) = script.conn.with_stream(id, |stream| (stream.place.path.clone(), stream.request.clone())) else { return };
    let mut serving = Serving { script, id, path, pace: None, echo: Vec::new() };
    let behavior = field_text(&request, "rpc-behavior");
    let mut done_by_word = false;
    for word in behavior.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match serving.word(word, &request).await {
            Next::GoOn => {}
            Next::Answered => done_by_word = true,
            Next::Over => return,
        }
    }
    if done_by_word {
        script.half_closed(id).await;
    } else {
        serving.own_work().await;
    }
    serving.end(StatusCode::OK);
}

/// Completes what is missing of a good answer, after the caller's half-close.
pub async fn complete(script: &Script, id: u32) {
    let Some((path, sent)) = script.conn.with_stream(id, |stream| (stream.place.path.clone(), stream.messages_sent)) else { return };
    let serving = Serving { script, id, path, pace: None, echo: Vec::new() };
    script.half_closed(id).await;
    script.ensure_headers(id);
    if sent == 0 && matches!(profile::kind_of(&serving.path), CallKind::Unary | CallKind::ClientStreaming) {
        serving.send(profile::default_response(&serving.path)).await;
    }
    serving.end(StatusCode::OK);
}

enum Next {
    GoOn,
    Answered,
    Over,
}

struct Serving<'a> {
    script: &'a Script,
    id: u32,
    path: String,
    pace: Option<Duration>,
    echo: Vec<Field>,
}

impl Serving<'_> {
    async fn word(&mut self, word: &str, request: &[Field]) -> Next {
        let number = |prefix: &str| word.strip_prefix(prefix).and_then(|rest| rest.parse::<u64>().ok());
        if word == "keep-open" {
            return std::future::pending().await;
        } else if word == "headers" {
            self.headers();
        } else if word == "echo-metadata" {
            self.echo = request.iter().filter(|field| field.name.starts_with(b"x-") && !field.is("x-proofmark-call")).cloned().collect();
        } else if let Some(millis) = number("sleep-ms-").or(number("sleep-hard-ms-")) {
            sleep(Duration::from_millis(millis)).await;
        } else if let Some(millis) = number("pace-ms-") {
            self.pace = Some(Duration::from_millis(millis));
        } else if let Some(code) = number("error-code-") {
            self.script.half_closed(self.id).await;
            self.end(StatusCode(code as u32));
            return Next::Over;
        } else if let Some(count) = number("messages-") {
            if profile::kind_of(&self.path) != CallKind::ServerStreaming {
                self.script.half_closed(self.id).await;
            }
            for place in 0..count {
                if let Some(pace) = self.pace.filter(|_| place > 0) {
                    sleep(pace).await;
                }
                self.headers();
                self.send(profile::default_response(&self.path)).await;
            }
            return Next::Answered;
        }
        Next::GoOn
    }

    async fn own_work(&self) {
        match profile::kind_of(&self.path) {
            CallKind::Bidi => self.chat().await,
            CallKind::ClientStreaming => {
                self.script.half_closed(self.id).await;
                let count = self.script.conn.with_stream(self.id, |stream| stream.received).unwrap_or(0);
                self.headers();
                self.send(profile::count_answer(count as usize)).await;
            }
            CallKind::Unary | CallKind::ServerStreaming => {
                self.script.half_closed(self.id).await;
                self.headers();
                self.send(profile::default_response(&self.path)).await;
            }
        }
    }

    async fn chat(&self) {
        loop {
            let next = self
                .script
                .conn
                .until(|conn| {
                    conn.with_stream(self.id, |stream| match stream.inbox.pop_front() {
                        Some(message) => Some(Some(message)),
                        None => stream.is_over().then_some(None),
                    })?
                })
                .await;
            let Some(message) = next else { return self.headers() };
            self.headers();
            self.send(profile::chat_answer(&message)).await;
        }
    }

    fn headers(&self) {
        if self.script.conn.with_stream(self.id, |stream| stream.headers_sent) == Some(false) {
            let fields = replaced(response_fields(), &self.echo, &[]);
            self.script.conn.send_block(self.id, &fields, BlockKind::Response, BlockShape::default());
        }
    }

    async fn send(&self, data: Vec<u8>) {
        self.script.conn.send_message(self.id, &OutMessage { data, ..OutMessage::default() }).await;
    }

    fn end(&self, status: StatusCode) {
        self.script.finish(self.id, status, None, &self.echo, &[], BlockShape::default());
    }
}
