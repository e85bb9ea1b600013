//! The service as a gateway.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use common::*;
use futures_util::StreamExt;
use proofmark_api::user::{GetUserResponse, User};
use proofmark_service::{ChannelUpstream, HooksConfig, Settings, Upstream, UpstreamCall, UpstreamMessages};
use proofmark_transport::BoxFuture;
use proofmark_transport::clock::{Instant, sleep};
use prost::Message;
use tonic::Status;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[derive(Debug, Default)]
struct Scripted {
    calls: Arc<Mutex<Vec<UpstreamCall>>>,
    dropped: Arc<Mutex<usize>>,
    takes: Duration,
}

struct Notice(Arc<Mutex<usize>>, bool);

impl Notice {
    fn come_to_its_end(&mut self) {
        self.1 = false;
    }
}

impl Drop for Notice {
    fn drop(&mut self) {
        if self.1 {
            *self.0.lock().expect("lock") += 1;
        }
    }
}

impl Upstream for Scripted {
    fn unary(&self, call: UpstreamCall) -> BoxFuture<'static, Result<Bytes, Status>> {
        self.calls.lock().expect("lock").push(call);
        let (takes, mut notice) = (self.takes, Notice(self.dropped.clone(), true));
        Box::pin(async move {
            sleep(takes).await;
            notice.come_to_its_end();
            let user = User { id: "far".to_owned(), ..User::default() };
            Ok(GetUserResponse { user: Some(user) }.encode_to_vec().into())
        })
    }

    fn server_streaming(&self, call: UpstreamCall) -> UpstreamMessages {
        self.calls.lock().expect("lock").push(call);
        let users = [Ok(Bytes::new()), Ok(Bytes::new()), Err(Status::aborted("broken"))];
        Box::pin(futures_util::stream::iter(users).chain(futures_util::stream::pending()))
    }
}

async fn gateway(takes: Duration) -> (Bench, Arc<Scripted>) {
    let upstream = Arc::new(Scripted { takes, ..Scripted::default() });
    let mut settings = Settings::default();
    settings.set("forwards", "x-keep").expect("setting");
    let bench = Bench::with(settings, |environment| environment.upstream = Some(upstream.clone())).await;
    (bench, upstream)
}

#[tokio::test(start_paused = true)]
async fn what_is_not_found_is_asked_for_with_what_travels() {
    let (bench, upstream) = gateway(millis(0)).await;
    let client = bench.connect().await;
    let fields = [
        ("x-request-id", "r-1"),
        ("x-tenant-id", "t-1"),
        ("traceparent", PARENT),
        ("tracestate", "a=1,b=2"),
        ("authorization", "Bearer canary"),
        ("x-other", "o"),
        ("x-keep", "1"),
        ("x-keep", "2"),
        ("grpc-timeout", "1S"),
    ];
    let outcome = client.call(GET, &fields, &get("far")).await;
    assert_eq!(outcome.decoded::<GetUserResponse>()[0].user.as_ref().unwrap().id, "far");
    let call = upstream.calls.lock().unwrap().remove(0);
    assert_eq!((call.method, call.timeout), (GET, Some(millis(1000))));
    assert_eq!((&call.metadata["x-request-id"], &call.metadata["x-tenant-id"]), (&"r-1".parse().unwrap(), &"t-1".parse().unwrap()));
    assert_eq!(call.metadata.get_all("x-keep").iter().collect::<Vec<_>>(), ["1", "2"]);
    let trace = call.trace.unwrap();
    assert_eq!(trace.state.as_deref(), Some("a=1,b=2"));
    assert_eq!(format!("{:016x}", trace.parent.span), bench.logs("span")[0]["span"].as_str().unwrap());
    assert_eq!(trace.parent.trace, 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
    assert_eq!(call.metadata.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn successive_calls_share_what_remains() {
    let (bench, upstream) = gateway(millis(200)).await;
    let client = bench.connect().await;
    let outcome = client.call(GET, &[("rpc-behavior", "sleep-ms-100,upstream-3"), ("grpc-timeout", "1S")], &get("")).await;
    assert_eq!((outcome.status(), outcome.messages.len()), (0, 1));
    let timeouts: Vec<_> = upstream.calls.lock().unwrap().iter().map(|call| call.timeout.unwrap().as_millis()).collect();
    assert_eq!(timeouts, [900, 700, 500]);
    let outcome = client.call(GET, &[("rpc-behavior", "upstream-parallel-2")], &get("")).await;
    assert_eq!(outcome.status(), 0);
    assert_eq!(upstream.calls.lock().unwrap().last().unwrap().timeout, None);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_reaches_the_upstream_at_once() {
    let (bench, upstream) = gateway(millis(60_000)).await;
    let client = bench.connect().await;
    let mut call = client.open(GET, &[("rpc-behavior", "upstream-parallel-2")]).await;
    call.send(&get(""));
    call.half_close();
    sleep(millis(50)).await;
    call.reset(h2::Reason::CANCEL);
    sleep(millis(1)).await;
    assert_eq!(*upstream.dropped.lock().unwrap(), 2);
    let begun = Instant::now();
    assert_eq!(client.call(GET, &[("rpc-behavior", "upstream-1"), ("grpc-timeout", "300m")], &get("")).await.status(), 4);
    assert_eq!((begun.elapsed(), *upstream.dropped.lock().unwrap()), (millis(300), 3));
}

#[tokio::test(start_paused = true)]
async fn a_stream_from_upstream_ends_with_its_status() {
    let (bench, _upstream) = gateway(millis(0)).await;
    let client = bench.connect().await;
    let outcome = client.call(LIST, &[("rpc-behavior", "upstream-list")], &get("")).await;
    assert_eq!((outcome.status(), outcome.text(), outcome.messages.len()), (10, "broken", 2));
}

#[tokio::test(start_paused = true)]
async fn the_reference_channel_carries_all_of_it() {
    let far = Bench::with(Settings::default(), |environment| {
        environment.test_hooks = Some(HooksConfig { users: 3, ..HooksConfig::default() });
    })
    .await;
    let near = Bench::with(Settings::default(), |environment| {
        let (network, clock) = (Arc::new(far.network.clone()), environment.clock.clone());
        let upstream = ChannelUpstream::open(network, clock, environment.seed, vec![far.server.address()]).unwrap();
        environment.upstream = Some(Arc::new(upstream));
    })
    .await;
    let client = near.connect().await;
    let fields = [("x-request-id", "r-1"), ("x-tenant-id", "t-1"), ("traceparent", PARENT), ("tracestate", "a=1"), ("grpc-timeout", "1S")];
    let outcome = client.call(GET, &fields, &get("user-2")).await;
    assert_eq!(outcome.decoded::<GetUserResponse>()[0].user.as_ref().unwrap().id, "user-2");
    let (access, span) = (far.logs("access").remove(0), far.logs("span").remove(0));
    assert_eq!((&access["request-id"], &access["tenant-id"]), (&"r-1".into(), &"t-1".into()));
    assert_eq!(span["trace"], "0af7651916cd43dd8448eb211c80319c");
    assert!(span["parent"] != "b7ad6b7169203331" && span["parent"] != near.logs("span")[0]["span"]);
    let missing = client.call(GET, &[], &get("nope")).await;
    assert_eq!((missing.status(), missing.text()), (5, "user not found"));
    let list = client.call(LIST, &[("rpc-behavior", "upstream-list")], &get("")).await;
    assert_eq!((list.status(), list.messages.len()), (0, 3));
}
