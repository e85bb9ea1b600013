//! A plain h2 client over the simulated network, and a server to talk to.

#![expect(dead_code, reason = "every test file uses its own part of this")]
#![expect(unreachable_pub, reason = "shared by several test crates")]

use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use h2::client::SendRequest;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use proofmark_service::{Environment, HooksConfig, KeptLines, Server, Settings, start};
use proofmark_transport::{Clock, Network, Seed, SimNetwork};
use prost::Message;
use serde_json::Value;
use tokio::task::JoinHandle;

pub const GET: &str = "/user.v1.UserService/GetUser";
pub const CREATE: &str = "/user.v1.UserService/CreateUser";
pub const LIST: &str = "/user.v1.UserService/ListUsers";
pub const BATCH: &str = "/user.v1.UserService/BatchCreateUsers";
pub const CHAT: &str = "/user.v1.UserService/Chat";
pub const CHECK: &str = "/grpc.health.v1.Health/Check";
pub const WATCH: &str = "/grpc.health.v1.Health/Watch";

/// A server and what it said.
pub struct Bench {
    pub network: SimNetwork,
    pub lines: Arc<KeptLines>,
    pub server: Server,
}

impl Bench {
    pub async fn new() -> Self {
        Self::with(Settings::default(), |_| {}).await
    }

    pub async fn with(settings: Settings, change: impl FnOnce(&mut Environment)) -> Self {
        let network = SimNetwork::default();
        let lines = Arc::<KeptLines>::default();
        let mut environment = Environment::simulated(network.clone(), Clock::fixed(), Seed(7));
        environment.lines = lines.clone();
        environment.test_hooks = Some(HooksConfig::default());
        change(&mut environment);
        let server = start(settings, environment, "127.0.0.1:0".parse().expect("address")).await.expect("start");
        Self { network, lines, server }
    }

    pub async fn connect(&self) -> Client {
        self.connect_with(h2::client::Builder::new()).await
    }

    pub async fn connect_with(&self, builder: h2::client::Builder) -> Client {
        let link = self.network.connect(self.server.address()).await.expect("connect");
        let (send, connection) = builder.handshake(link).await.expect("handshake");
        Client { send, connection: tokio::spawn(async move { connection.await.map_err(|error| error.to_string()) }) }
    }

    pub fn hooks(&self, hook: &str) -> Vec<Value> {
        self.lines.hooks().into_iter().filter(|line| line["hook"] == hook).collect()
    }

    pub fn logs(&self, line: &str) -> Vec<Value> {
        self.lines.logs().into_iter().filter(|entry| entry["line"] == line).collect()
    }
}

/// A connection of a client.
pub struct Client {
    pub send: SendRequest<Bytes>,
    pub connection: JoinHandle<Result<(), String>>,
}

impl Client {
    /// Sends the headers of a call.
    pub async fn open(&self, path: &str, fields: &[(&str, &str)]) -> Call {
        let mut request = Request::post(format!("http://users.example{path}")).header("te", "trailers");
        if !fields.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/grpc");
        }
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let mut send = self.send.clone().ready().await.expect("ready");
        let (response, stream) = send.send_request(request.body(()).expect("request"), false).expect("send");
        Call { response: Some(response), stream: Some(stream), head: None, body: None, bytes: BytesMut::new() }
    }

    /// Makes a call with one message.
    pub async fn call(&self, path: &str, fields: &[(&str, &str)], message: &impl Message) -> Outcome {
        let mut call = self.open(path, fields).await;
        call.send(message);
        call.half_close();
        call.outcome().await
    }
}

/// An open call.
pub struct Call {
    pub response: Option<h2::client::ResponseFuture>,
    pub stream: Option<SendStream<Bytes>>,
    pub head: Option<Response<()>>,
    pub body: Option<RecvStream>,
    pub bytes: BytesMut,
}

impl Call {
    pub fn send(&mut self, message: &impl Message) {
        self.send_raw(framed(message));
    }

    pub fn send_raw(&mut self, bytes: Bytes) {
        self.stream.as_mut().expect("open").send_data(bytes, false).expect("send");
    }

    pub fn half_close(&mut self) {
        // the server may have ended the call already
        let _ = self.stream.as_mut().expect("open").send_data(Bytes::new(), true);
    }

    pub fn reset(&mut self, reason: h2::Reason) {
        self.stream.as_mut().expect("open").send_reset(reason);
    }

    /// The next message; nothing at the end.
    pub async fn message<M: Message + Default>(&mut self) -> Result<Option<M>, h2::Error> {
        self.headers().await?;
        loop {
            if let Some(message) = take(&mut self.bytes) {
                return Ok(Some(M::decode(message).expect("message")));
            }
            let body = self.body.as_mut().expect("body");
            match body.data().await {
                Some(data) => {
                    let data = data?;
                    body.flow_control().release_capacity(data.len()).expect("credit");
                    self.bytes.extend_from_slice(&data);
                }
                None => return Ok(None),
            }
        }
    }

    pub async fn headers(&mut self) -> Result<&HeaderMap, h2::Error> {
        if let Some(response) = self.response.take() {
            let (head, body) = response.await?.into_parts();
            self.head = Some(Response::from_parts(head, ()));
            self.body = Some(body);
        }
        Ok(self.head.as_ref().expect("head").headers())
    }

    /// Everything up to the end.
    pub async fn outcome(mut self) -> Outcome {
        match self.collect().await {
            Ok(outcome) => outcome,
            Err(error) => Outcome { reset: error.reason().map(u32::from).or(Some(u32::MAX)), ..Outcome::default() },
        }
    }

    async fn collect(&mut self) -> Result<Outcome, h2::Error> {
        let headers = self.headers().await?.clone();
        let http = self.head.as_ref().expect("head").status().as_u16();
        let body = self.body.as_mut().expect("body");
        while let Some(data) = body.data().await {
            let data = data?;
            body.flow_control().release_capacity(data.len()).expect("credit");
            self.bytes.extend_from_slice(&data);
        }
        let trailers = body.trailers().await?;
        let mut messages = Vec::new();
        while let Some(message) = take(&mut self.bytes) {
            messages.push(message);
        }
        Ok(Outcome {
            http,
            trailers_only: trailers.is_none(),
            end: trailers.unwrap_or_else(|| headers.clone()),
            headers,
            messages,
            reset: None,
        })
    }
}

/// How a call ended.
#[derive(Debug, Default)]
pub struct Outcome {
    pub http: u16,
    pub headers: HeaderMap,
    pub end: HeaderMap,
    pub trailers_only: bool,
    pub messages: Vec<Bytes>,
    pub reset: Option<u32>,
}

impl Outcome {
    pub fn status(&self) -> i32 {
        self.end.get("grpc-status").and_then(|status| status.to_str().ok()?.parse().ok()).unwrap_or(-1)
    }

    pub fn text(&self) -> &str {
        self.end.get("grpc-message").and_then(|text| text.to_str().ok()).unwrap_or_default()
    }

    pub fn decoded<M: Message + Default>(&self) -> Vec<M> {
        self.messages.iter().map(|message| M::decode(message.clone()).expect("message")).collect()
    }
}

/// A message with its prefix.
pub fn framed(message: &impl Message) -> Bytes {
    let payload = message.encode_to_vec();
    let mut bytes = BytesMut::new();
    bytes.put_u8(0);
    bytes.put_u32(payload.len() as u32);
    bytes.extend_from_slice(&payload);
    bytes.freeze()
}

pub fn get(id: &str) -> proofmark_api::user::GetUserRequest {
    proofmark_api::user::GetUserRequest { id: id.to_owned() }
}

pub fn create(name: &str, email: &str) -> proofmark_api::user::CreateUserRequest {
    proofmark_api::user::CreateUserRequest { name: name.to_owned(), email: email.to_owned() }
}

pub fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn take(bytes: &mut BytesMut) -> Option<Bytes> {
    let size = u32::from_be_bytes(bytes.get(1..5)?.try_into().ok()?) as usize;
    if bytes.len() < 5 + size {
        return None;
    }
    let mut message = bytes.split_to(5 + size).freeze();
    Some(message.split_off(5))
}
