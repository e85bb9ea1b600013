//! Runs the steps of a scripted peer, on a stream or beside all of them.

use proofmark_record::{Actor, BlockKind, Owed, What};
use proofmark_wire::{Field, StatusCode as Status, text};

use super::conn::{BlockShape, Conn};
use super::step::PeerStep;
use crate::case::given::AfterReset;
use crate::case::payload::Fields;
use crate::moments::Scope;
use crate::run::stage::{Local, Round, Stage};

/// Where a script runs.
#[derive(Clone)]
pub struct Script {
    /// The case.
    pub stage: Stage,
    /// The connection.
    pub conn: Conn,
    /// The stream; absent outside any.
    pub stream: Option<u32>,
    /// What moments are about that leave something out.
    pub scope: Scope,
    /// The repetition.
    pub round: Round,
}

impl Script {
    /// A script on a stream.
    pub fn on_stream(stage: Stage, conn: Conn, stream: u32) -> Self {
        let place = conn.with_stream(stream, |stream| stream.place.clone());
        Self { stage, conn, stream: Some(stream), scope: Scope { place, ..Scope::default() }, round: Round::default() }
    }

    /// Runs the steps; ends early where the stream is reset, unless manners say otherwise.
    pub async fn play(self, steps: Vec<PeerStep>) {
        let reset = async {
            let Some(id) = self.stream else { return std::future::pending().await };
            if self.conn.manners().after_reset == AfterReset::GoOn {
                return std::future::pending().await;
            }
            self.conn
                .until(|conn| {
                    conn.with_stream(id, |stream| stream.lost || matches!(stream.reset, Some((Actor::System, _)))).filter(|over| *over)
                })
                .await;
        };
        tokio::select! {
            biased;
            () = reset => {}
            () = self.run(&steps) => {}
        }
    }

    /// Runs steps one after the other.
    pub fn run<'a>(&'a self, steps: &'a [PeerStep]) -> Local<'a> {
        Box::pin(async move {
            for step in steps {
                step.run(self).await;
            }
        })
    }

    /// The stream, where the step needs one.
    pub fn id(&self, step: &str) -> Option<u32> {
        if self.stream.is_none() {
            self.owed(format!("step `{step}` needs a stream, and there is none outside a rule"));
        }
        self.stream
    }

    /// Says that a step could not be done.
    pub fn owed(&self, text: String) {
        self.stage.transcript().write(What::Owed { by: Owed::Harness, text });
    }

    /// The fields of a template list.
    pub fn fields(&self, fields: &Fields) -> Vec<Field> {
        let context = self.stage.context(self.round);
        fields.iter().map(|(name, value)| Field::new(name, value.expand(&context))).collect()
    }

    /// Waits for the caller's half-close.
    pub async fn half_closed(&self, id: u32) {
        self.conn.until(|conn| conn.with_stream(id, |stream| stream.is_over()).filter(|over| *over)).await;
    }

    /// Sends response headers where none were sent.
    pub fn ensure_headers(&self, id: u32) {
        if self.conn.with_stream(id, |stream| stream.headers_sent) == Some(false) {
            self.conn.send_block(id, &response_fields(), BlockKind::Response, BlockShape::default());
        }
    }

    /// Ends the stream with a status: Trailers-Only where nothing was sent.
    pub fn finish(&self, id: u32, status: Status, message: Option<&[u8]>, extra: &[Field], without: &[String], shape: BlockShape<'_>) {
        let sent = self.conn.with_stream(id, |stream| stream.headers_sent).unwrap_or(true);
        let mut fields = if sent { Vec::new() } else { response_fields() };
        fields.push(Field::new("grpc-status", status.0.to_string()));
        if let Some(message) = message {
            fields.push(Field::new("grpc-message", text::encode(message)));
        }
        let fields = replaced(fields, extra, without);
        self.conn.send_block(id, &fields, BlockKind::Trailers, BlockShape { end_stream: true, ..shape });
    }
}

/// What a good server's first block says.
pub fn response_fields() -> Vec<Field> {
    vec![Field::new(":status", "200"), Field::new("content-type", "application/grpc")]
}

/// Fields with others put in their place, added, and some left out. A name that comes several times in `extra` stays several times.
pub fn replaced(mut fields: Vec<Field>, extra: &[Field], without: &[String]) -> Vec<Field> {
    fields.retain(|field| !extra.iter().any(|other| other.name == field.name));
    // pseudo-fields come first, RFC 9113 section 8.3
    let (pseudo, plain): (Vec<_>, Vec<_>) = extra.iter().cloned().partition(|field| field.name.starts_with(b":"));
    let place = fields.iter().take_while(|field| field.name.starts_with(b":")).count();
    fields.splice(place..place, pseudo);
    fields.extend(plain);
    fields.retain(|field| !without.iter().any(|name| field.is(name)));
    fields
}
