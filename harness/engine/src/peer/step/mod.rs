//! What a script may do: one file a kind of step.

mod ack_ping;
mod answer;
mod close;
mod data;
mod fail;
mod frame;
mod goaway;
mod headers;
mod hold;
mod ping;
mod reset;
mod send;
mod settings;
mod trailers;
mod window;

use crate::case::{
    Moment,
    kinds::kinds,
    when::{Pause, Repeat},
};
use crate::peer::script::Script;

pub use self::{
    ack_ping::AckPing, answer::Answer, close::Close, data::Data, fail::Fail, frame::Frame, goaway::Goaway, headers::Headers, hold::Hold,
    ping::Ping, reset::Reset, send::Send, settings::Settings, trailers::Trailers, window::Window,
};

kinds! {
    /// A step of a scripted peer.
    pub enum PeerStep, known known_peer_steps {
        /// Waits for the caller's half-close, then completes what is missing, as a good handler does.
        Answer(Answer) "answer",
        /// Waits for the caller's half-close, then ends the stream with a status.
        Fail(Fail) "fail",
        /// Sends the response headers.
        Headers(Headers) "headers",
        /// Sends one message.
        Send(Box<Send>) "send",
        /// Sends raw bytes in a DATA frame.
        Data(Data) "data",
        /// Ends the stream with trailers.
        Trailers(Trailers) "trailers",
        /// Resets the stream.
        Reset(Reset) "reset",
        /// Sends nothing more and keeps the stream open.
        Hold(Hold) "hold",
        /// Sends GOAWAY on the connection.
        Goaway(Goaway) "goaway",
        /// Sends PING on the connection.
        Ping(Ping) "ping",
        /// Acknowledges the oldest PING that waits for it.
        AckPing(AckPing) "ack-ping",
        /// Sends SETTINGS on the connection.
        Settings(Settings) "settings",
        /// Sends WINDOW_UPDATE.
        Window(Window) "window",
        /// Closes the connection, in order or by reset.
        Close(Close) "close",
        /// Sends a raw frame, legal or not.
        Frame(Frame) "frame",
        /// Waits until a moment has come; not at all if it has.
        Await(Moment) "await",
        /// Makes the moment `mark NAME reached`.
        Mark(String) "mark",
        /// Lets time pass, for a reason.
        Pause(Pause) "pause",
        /// Runs steps many times: in turn, staggered, or all together.
        Repeat(Repeat<PeerStep>) "repeat",
    }
}

impl PeerStep {
    /// Does the step.
    pub(crate) async fn run(&self, script: &Script) {
        match self {
            Self::Answer(step) => step.run(script).await,
            Self::Fail(step) => step.run(script).await,
            Self::Headers(step) => step.run(script),
            Self::Send(step) => step.run(script).await,
            Self::Data(step) => step.run(script).await,
            Self::Trailers(step) => step.run(script),
            Self::Reset(step) => step.run(script),
            Self::Hold(_) => {}
            Self::Goaway(step) => step.run(script),
            Self::Ping(step) => step.run(script),
            Self::AckPing(step) => step.run(script).await,
            Self::Settings(step) => step.run(script),
            Self::Window(step) => step.run(script),
            Self::Close(step) => step.run(script),
            Self::Frame(step) => step.run(script),
            Self::Await(moment) => script.stage.reached(moment, &script.scope).await,
            Self::Mark(mark) => script.stage.mark(mark).await,
            Self::Pause(pause) => script.stage.pause(pause).await,
            Self::Repeat(repeat) => {
                script
                    .stage
                    .repeat(repeat, script.round, &script.scope, |steps, round| {
                        let inner = Script { round, ..script.clone() };
                        Box::pin(async move { inner.run(steps).await })
                    })
                    .await;
            }
        }
    }
}
