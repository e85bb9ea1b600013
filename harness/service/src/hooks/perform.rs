//! What the words of `rpc-behavior` do, one after the other, inside the handler.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, future};
use http::HeaderMap;
use proofmark_api::user::{GetUserRequest, ListUsersRequest};
use proofmark_transport::clock::sleep;
use prost::Message;
use tonic::{Code, Status};

use crate::domain::AnyError;
use crate::grpc::metadata;
use crate::hooks::word::{Script, Word};
use crate::user::feed::Outbound;
use crate::user::inbound::Inbound;
use crate::user::session::Session;

/// What a handler does after its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The method's own work.
    Own,
    /// Nothing: the script has answered.
    Answered,
}

/// The two directions of a handler.
pub(crate) struct Io<'a, Req, Res> {
    pub(crate) inbound: Option<&'a mut Inbound<Req>>,
    pub(crate) out: Out<'a, Res>,
    pub(crate) make: fn(&Filler) -> Res,
}

/// Where responses go.
pub(crate) enum Out<'a, Res> {
    /// One response, given back when the handler returns.
    One(Option<Res>),
    /// A stream of them.
    Many(&'a Outbound<Res>),
}

/// What a made-up response is filled with.
#[derive(Debug)]
pub(crate) struct Filler {
    /// Its number, from 0.
    pub(crate) nth: usize,
    /// So many further characters.
    pub(crate) pad: usize,
    /// Nothing else: the response has exactly the size that was asked for.
    pub(crate) bare: bool,
}

impl<Req, Res: Message> Io<'_, Req, Res> {
    /// The answer of a script to a unary call.
    pub(crate) fn take_answer(&mut self) -> Result<Res, AnyError> {
        match &mut self.out {
            Out::One(answer) => Ok(answer.take().unwrap_or_else(|| (self.make)(&Filler::plain(0)))),
            Out::Many(_) => Ok((self.make)(&Filler::plain(0))),
        }
    }

    async fn send(&mut self, nth: usize, size: Option<usize>) {
        let message = match size {
            None => (self.make)(&Filler::plain(nth)),
            Some(size) => sized(self.make, nth, size),
        };
        match &mut self.out {
            Out::One(answer) => *answer = Some(message),
            Out::Many(outbound) => outbound.send(message).await,
        }
    }

    async fn read(&mut self, count: Option<usize>) -> Result<(), AnyError> {
        let Some(inbound) = &mut self.inbound else { return Ok(()) };
        let mut left = count.unwrap_or(usize::MAX);
        while left > 0 && inbound.next().await?.is_some() {
            left -= 1;
        }
        Ok(())
    }
}

impl Filler {
    fn plain(nth: usize) -> Self {
        Self { nth, pad: 0, bare: false }
    }

    /// A name of the padding, for responses that carry text.
    pub(crate) fn text(&self) -> String {
        "x".repeat(self.pad)
    }
}

/// Obeys the script of a call. A word that ends the call is an error.
pub(crate) async fn perform<Req, Res: Message>(session: &Session, io: &mut Io<'_, Req, Res>) -> Result<Flow, AnyError> {
    let Some(script) = session.script.as_deref() else { return Ok(Flow::Own) };
    set_metadata(session, script);
    let mut progress = Progress::default();
    for (at, word) in script.words.iter().enumerate() {
        let is_last = at + 1 == script.words.len();
        if progress.obey(session, script, word, is_last, io).await? {
            break;
        }
    }
    Ok(if progress.has_answered { Flow::Answered } else { Flow::Own })
}

/// A plain error of a handler, neither status nor domain error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Thrown(String);

/// An error around a status.
#[derive(Debug, thiserror::Error)]
#[error("the handler could not do it")]
struct Wrapped(#[source] AnyError);

#[derive(Debug, Default)]
struct Progress {
    size: Option<usize>,
    pace: Option<Duration>,
    sent: usize,
    has_answered: bool,
}

impl Progress {
    /// Obeys one word; true if the rest of the script is left out.
    async fn obey<Req, Res: Message>(
        &mut self,
        session: &Session,
        script: &Script,
        word: &Word,
        is_last: bool,
        io: &mut Io<'_, Req, Res>,
    ) -> Result<bool, AnyError> {
        match word {
            Word::Headers => session.call.request_headers(),
            Word::Sleep(time) => sleep(*time).await,
            Word::KeepOpen => future::pending().await,
            Word::Read(count) => io.read(Some(*count)).await?,
            Word::ReadAll => io.read(None).await?,
            Word::Size(size) => self.size = Some(*size),
            Word::Pace(pace) => self.pace = Some(*pace),
            Word::Messages(count) => self.send(*count, io).await,
            Word::Uncompressed => {}
            Word::EchoMetadata => echo_metadata(session),
            Word::ErrorCode(code) => return Err(status(script, *code).into()),
            Word::WrappedCode(code) => return Err(Wrapped(Wrapped(status(script, *code).into()).into()).into()),
            Word::OkAsError => return Err(status(script, 0).into()),
            Word::Throw => return Err(Thrown(script.text.clone().unwrap_or_else(|| "the handler throws".to_owned())).into()),
            Word::Panic => panic!("{}", script.text.as_deref().unwrap_or("the handler panics")),
            Word::SucceedOnRetryAttempt(attempt) => {
                if session.call.previous_attempts() == *attempt {
                    self.send(1, io).await;
                    return Ok(true);
                }
                if is_last {
                    return Err(Status::unavailable("this attempt fails").into());
                }
            }
            Word::Upstream(count) => {
                for _ in 0..*count {
                    ask(session).await?;
                }
                self.send(1, io).await;
            }
            Word::UpstreamParallel(count) => {
                let calls = (0..*count).map(|_| ask(session));
                future::try_join_all(calls).await?;
                self.send(1, io).await;
            }
            Word::UpstreamList => {
                let mut users = session.gateway.server_streaming(LIST_USERS, ListUsersRequest::default().encode_to_vec().into())?;
                while let Some(user) = users.next().await {
                    user?;
                    self.send(1, io).await;
                }
                self.has_answered = true;
            }
        }
        Ok(false)
    }

    async fn send<Req, Res: Message>(&mut self, count: usize, io: &mut Io<'_, Req, Res>) {
        self.has_answered = true;
        for _ in 0..count {
            if let Some(pace) = self.pace.filter(|_| self.sent > 0) {
                sleep(pace).await;
            }
            io.send(self.sent, self.size).await;
            self.sent += 1;
        }
    }
}

async fn ask(session: &Session) -> Result<Bytes, AnyError> {
    session.ask(GET_USER, GetUserRequest { id: "user-1".to_owned() }.encode_to_vec().into()).await
}

fn set_metadata(session: &Session, script: &Script) {
    if let Some(fields) = &script.headers {
        session.call.add_initial(fields.clone());
    }
    if let Some(fields) = &script.trailers {
        session.call.add_trailing(fields.clone());
    }
}

/// Custom keys of the request become initial and trailing metadata; what names the caller's software or credentials does not.
fn echo_metadata(session: &Session) {
    let mut fields: HeaderMap = session.call.metadata();
    for name in ["user-agent", "authorization", "x-request-id", "x-request-duration"] {
        fields.remove(name);
    }
    let own: Vec<_> = fields.keys().filter(|name| name.as_str().starts_with("rpc-behavior")).cloned().collect();
    for name in own {
        fields.remove(name);
    }
    let fields = reencoded(fields);
    session.call.add_initial(fields.clone());
    session.call.add_trailing(fields);
}

/// Binary values are sent as the service writes them; what is no base64 is left out.
fn reencoded(fields: HeaderMap) -> HeaderMap {
    let mut written = HeaderMap::with_capacity(fields.len());
    for (name, value) in &fields {
        if !metadata::is_binary(name) {
            written.append(name.clone(), value.clone());
        } else if let Some(bytes) = metadata::decode(value.as_bytes()) {
            written.append(name.clone(), metadata::encode(&bytes));
        }
    }
    written
}

fn status(script: &Script, code: i32) -> Status {
    let text = script.text.clone().unwrap_or_else(|| format!("status {code} as asked for"));
    Status::with_details(Code::from(code), text, script.details.clone().unwrap_or_default())
}

/// A response that is serialised to exactly `size` bytes where its type allows it, else to a little less.
fn sized<Res: Message>(make: fn(&Filler) -> Res, nth: usize, size: usize) -> Res {
    let mut pad = size;
    loop {
        let message = make(&Filler { nth, pad, bare: true });
        let length = message.encoded_len();
        if length <= size || pad == 0 {
            return message;
        }
        pad = pad.saturating_sub(length - size);
    }
}

/// The methods that a gateway asks.
pub(crate) const GET_USER: &str = "/user.v1.UserService/GetUser";
const LIST_USERS: &str = "/user.v1.UserService/ListUsers";
