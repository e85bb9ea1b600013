//! Health, shutdown, auth, restart: how the server is operated.

mod common;

use std::time::{Duration, SystemTime};

use common::*;
use proofmark_api::health::{HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse};
use proofmark_api::user::{ChatMessage, GetUserResponse};
use proofmark_service::{ExitStatus, HooksConfig, MemorySlot, Settings, Signal, StoreConfig, Token};
use proofmark_transport::Network;
use proofmark_transport::clock::{Instant, sleep};
use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn asks(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    let mut settings = Settings::default();
    for (key, value) in pairs {
        settings.set(key, value).expect("setting");
    }
    settings
}

async fn check(client: &Client, service: &str) -> i32 {
    client.call(CHECK, &[], &asks(service)).await.decoded::<HealthCheckResponse>()[0].status
}

async fn watch(client: &Client, service: &str) -> Call {
    let mut call = client.open(WATCH, &[("x-proofmark-call", "watch/1")]).await;
    call.send(&asks(service));
    call.half_close();
    call
}

async fn told(watch: &mut Call) -> Option<i32> {
    watch.message::<HealthCheckResponse>().await.expect("open").map(|response| response.status)
}

#[tokio::test(start_paused = true)]
async fn health_follows_the_store() {
    let bench = Bench::with(settings(&[("probe-interval", "1s"), ("probe-limit", "500ms")]), |environment| {
        environment.test_hooks = Some(HooksConfig { store_down: true, ..HooksConfig::default() });
    })
    .await;
    let client = bench.connect().await;
    assert_eq!((check(&client, "").await, check(&client, "user.v1.UserService").await), (2, 2));
    let mut watch = watch(&client, "").await;
    assert_eq!(told(&mut watch).await, Some(2));
    for (line, status, within) in [("store up", 1, 1000), ("store down", 2, 1000), ("store up", 1, 1000), ("store hang", 2, 1500)] {
        bench.server.steer(line).unwrap();
        let begun = Instant::now();
        assert_eq!(told(&mut watch).await, Some(status));
        assert!(begun.elapsed() <= millis(within + 1), "{line}: {:?}", begun.elapsed());
        assert_eq!(check(&client, "user.v1.UserService").await, status);
    }
    assert_eq!(bench.hooks("done").len(), 4);
}

#[tokio::test(start_paused = true)]
async fn unknown_names_and_lists() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    assert_eq!(client.call(CHECK, &[], &asks("later")).await.status(), 5);
    let mut watch = watch(&client, "later").await;
    assert_eq!(told(&mut watch).await, Some(3));
    bench.server.steer("health later SERVING").unwrap();
    assert_eq!(told(&mut watch).await, Some(1));
    bench.server.steer("health later SERVING").unwrap();
    bench.server.steer("health later REMOVED").unwrap();
    assert_eq!(told(&mut watch).await, Some(3));
    bench.server.steer("health \"\" NOT_SERVING").unwrap();
    let list = client.call("/grpc.health.v1.Health/List", &[], &HealthListRequest {}).await.decoded::<HealthListResponse>().remove(0);
    let statuses: Vec<_> = list.statuses.iter().map(|(name, response)| (name.as_str(), response.status)).collect();
    assert_eq!(statuses, [("", 2), ("user.v1.UserService", 1)]);
    sleep(millis(20_000)).await;
    assert_eq!(check(&client, "").await, 2);
    bench.server.steer("health \"\" AUTO").unwrap();
    assert_eq!(check(&client, "").await, 1);
    assert!(bench.server.steer("health \"\" GREAT").is_err());
}

#[tokio::test(start_paused = true)]
async fn a_watcher_without_window_delays_nobody_and_gets_the_newest() {
    let bench = Bench::new().await;
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(0);
    let slow = bench.connect_with(builder).await;
    let mut slow_watch = watch(&slow, "").await;
    slow_watch.headers().await.unwrap();
    let quick = bench.connect().await;
    let mut quick_watch = watch(&quick, "").await;
    assert_eq!(told(&mut quick_watch).await, Some(1));
    for status in [2, 1, 2] {
        bench.server.steer(if status == 1 { "health \"\" SERVING" } else { "health \"\" NOT_SERVING" }).unwrap();
        assert_eq!(told(&mut quick_watch).await, Some(status));
        assert_eq!(check(&quick, "").await, status);
    }
    slow_watch.reset(h2::Reason::CANCEL);
    sleep(millis(1)).await;
    assert_eq!(bench.server.calls_in_flight(), 1);
}

#[rstest]
#[case(Signal::Term)]
#[case(Signal::Int)]
#[tokio::test(start_paused = true)]
async fn a_drain_lets_calls_end_and_exits_at_once(#[case] signal: Signal) {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let mut health = watch(&client, "").await;
    assert_eq!(told(&mut health).await, Some(1));
    let mut chat = client.open(CHAT, &[]).await;
    let slow = tokio::spawn({
        let client = bench.connect().await;
        async move { client.call(GET, &[("rpc-behavior", "sleep-2,error-code-5")], &get("a")).await }
    });
    sleep(millis(10)).await;
    let begun = Instant::now();
    bench.server.signal(signal);
    assert_eq!((told(&mut health).await, told(&mut health).await), (Some(2), None));
    assert_eq!(health.outcome().await.status(), 14);
    sleep(millis(1)).await;
    assert!(bench.network.connect(bench.server.address()).await.is_err());
    sleep(millis(100)).await;
    for _ in 0..3 {
        chat.send(&ChatMessage::default());
        assert!(chat.message::<ChatMessage>().await.unwrap().is_some());
    }
    chat.half_close();
    assert_eq!(chat.outcome().await.status(), 0);
    assert_eq!(slow.await.unwrap().status(), 5);
    assert_eq!(bench.server.wait_exit().await, ExitStatus(0));
    assert!(begun.elapsed() < millis(2010), "{:?}", begun.elapsed());
    assert_eq!(client.connection.await.unwrap(), Ok(()));
    assert_eq!(bench.hooks("store").last().unwrap()["operation"], "close");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_grace_cuts_what_is_left() {
    let bench = Bench::with(settings(&[("grace", "2s")]), |_| {}).await;
    let client = bench.connect().await;
    let mut calls = Vec::new();
    for path in [GET, CHAT] {
        let mut call = client.open(path, &[("rpc-behavior", "keep-open"), ("x-proofmark-call", "held/1")]).await;
        call.send(&get("a"));
        call.half_close();
        calls.push(call);
    }
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(0);
    let mut mute = bench.connect_with(builder).await.open(LIST, &[("rpc-behavior", "messages-9")]).await;
    mute.send(&get(""));
    mute.half_close();
    calls.push(mute);
    sleep(millis(10)).await;
    let begun = Instant::now();
    bench.server.signal(Signal::Term);
    for call in calls {
        assert_eq!(call.outcome().await.status(), 14);
        assert_eq!(begun.elapsed(), millis(2000));
    }
    assert_eq!(bench.server.wait_exit().await, ExitStatus(1));
    assert!(begun.elapsed() <= millis(2250));
    assert_eq!(bench.hooks("cancelled").len(), 2);
    assert_eq!(bench.logs("access").iter().filter(|line| line["code"] == "UNAVAILABLE").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_forces() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let mut call = client.open(GET, &[("rpc-behavior", "keep-open")]).await;
    call.send(&get("a"));
    call.half_close();
    sleep(millis(10)).await;
    bench.server.signal(Signal::Term);
    sleep(millis(500)).await;
    let begun = Instant::now();
    bench.server.signal(Signal::Int);
    assert_eq!(call.outcome().await.status(), 14);
    assert_eq!(bench.server.wait_exit().await, ExitStatus(1));
    assert!(begun.elapsed() < millis(300));
}

#[tokio::test(start_paused = true)]
async fn a_lame_duck_still_serves() {
    let bench = Bench::with(settings(&[("lame-duck", "1s")]), |_| {}).await;
    bench.server.signal(Signal::Term);
    sleep(millis(500)).await;
    let client = bench.connect().await;
    assert_eq!(client.call(GET, &[], &get("nope")).await.status(), 5);
    assert_eq!(check(&client, "").await, 2);
    bench.server.steer("health \"\" SERVING").unwrap();
    assert_eq!(check(&client, "").await, 2);
    sleep(millis(501)).await;
    assert!(bench.network.connect(bench.server.address()).await.is_err());
    assert_eq!(bench.server.wait_exit().await, ExitStatus(0));
}

#[rstest]
#[case("nothing", &[], 0)]
#[case("half a preface", b"PRI * HTTP/2", 0)]
#[tokio::test(start_paused = true)]
async fn an_unfinished_preface_holds_nothing(#[case] _what: &str, #[case] bytes: &[u8], #[case] within: u64) {
    let bench = Bench::new().await;
    let mut link = bench.network.connect(bench.server.address()).await.unwrap();
    link.write_all(bytes).await.unwrap();
    sleep(millis(10)).await;
    let begun = Instant::now();
    bench.server.signal(Signal::Term);
    assert_eq!(bench.server.wait_exit().await, ExitStatus(0));
    assert!(begun.elapsed() <= millis(within));
}

/// Frames as they come: type, flags, stream and payload.
async fn frame(link: &mut (impl AsyncReadExt + Unpin)) -> Option<(u8, u8, u32, Vec<u8>)> {
    let mut header = [0; 9];
    link.read_exact(&mut header).await.ok()?;
    let mut payload = vec![0; u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize];
    link.read_exact(&mut payload).await.ok()?;
    Some((header[3], header[4], u32::from_be_bytes([header[5], header[6], header[7], header[8]]), payload))
}

#[tokio::test(start_paused = true)]
async fn a_ping_that_is_never_acknowledged_holds_the_final_goaway_for_five_seconds() {
    let bench = Bench::new().await;
    let mut link = bench.network.connect(bench.server.address()).await.unwrap();
    link.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    link.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
    sleep(millis(10)).await;
    let begun = Instant::now();
    bench.server.signal(Signal::Term);
    let mut goaways = Vec::new();
    while let Some((kind, _, _, payload)) = frame(&mut link).await {
        if kind == 7 {
            goaways.push((u32::from_be_bytes(payload[..4].try_into().unwrap()), begun.elapsed().as_millis()));
        }
    }
    assert_eq!(goaways, [(0x7fff_ffff, 0), (0, 5000)]);
    assert_eq!(bench.server.wait_exit().await, ExitStatus(0));
    assert_eq!(begun.elapsed(), millis(5000));
}

#[tokio::test(start_paused = true)]
async fn not_serving_is_on_the_wire_before_any_goaway() {
    let bench = Bench::new().await;
    let mut link = bench.network.connect(bench.server.address()).await.unwrap();
    link.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    // POST, http, the path of Watch and content-type as literals without indexing
    let mut block = vec![0x83, 0x86, 0x04, 28];
    block.extend(b"/grpc.health.v1.Health/Watch");
    block.extend([0x0f, 0x10, 16]);
    block.extend(b"application/grpc");
    let mut bytes = vec![0, 0, block.len() as u8, 1, 4, 0, 0, 0, 1];
    bytes.extend(block);
    bytes.extend([0, 0, 5, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
    link.write_all(&bytes).await.unwrap();
    sleep(millis(10)).await;
    bench.server.signal(Signal::Term);
    let mut seen = Vec::new();
    while let Some((kind, _, stream, payload)) = frame(&mut link).await {
        match kind {
            0 | 1 => seen.push((kind, stream, payload.last().copied().filter(|_| kind == 0))),
            7 => seen.push((kind, stream, None)),
            _ => {}
        }
    }
    assert_eq!(seen[..5], [(1, 1, None), (0, 1, Some(1)), (0, 1, Some(2)), (1, 1, None), (7, 0, None)]);
}

#[tokio::test(start_paused = true)]
async fn tokens_guard_everything_but_health() {
    let bench = Bench::with(Settings::default(), |environment| {
        let token = |token: &str, expires| Token { token: token.to_owned(), subject: "ada".to_owned(), expires };
        let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        environment.tokens = Some(vec![token("good", None), token("old", Some(past))]);
    })
    .await;
    let client = bench.connect().await;
    for path in [GET, CREATE, LIST, BATCH, CHAT] {
        for (value, text) in [
            (None, "missing token"),
            (Some("Bearer bad"), "invalid token"),
            (Some("Bearer old"), "invalid token"),
            (Some(""), "invalid token"),
        ] {
            let mut fields = vec![("x-proofmark-call", "a/1")];
            fields.extend(value.map(|value| ("authorization", value)));
            // no half-close: the answer does not wait for it
            let outcome = client.open(path, &fields).await.outcome().await;
            assert_eq!((outcome.status(), outcome.text()), (16, text), "{path} {value:?}");
        }
    }
    assert!(bench.hooks("begin").is_empty());
    assert_eq!(check(&client, "").await, 1);
    let fields = [("authorization", "bearer good"), ("x-proofmark-call", "a/1")];
    assert_eq!(client.call(GET, &fields, &get("nope")).await.status(), 5);
    assert_eq!(bench.hooks("begin")[0]["subject"], "ada");
    bench.server.steer("auth down").unwrap();
    assert_eq!(client.call(GET, &fields, &get("nope")).await.status(), 14);
}

#[tokio::test(start_paused = true)]
async fn users_survive_a_restart_with_the_same_slot() {
    let slot = MemorySlot::default();
    let mut ids = Vec::new();
    for round in 0..3 {
        let bench = Bench::with(Settings::default(), |environment| environment.store = StoreConfig::Memory(slot.clone())).await;
        let client = bench.connect().await;
        let created = client.call(CREATE, &[], &create("Ada", &format!("{round}@b"))).await;
        ids.push(created.decoded::<proofmark_api::user::CreateUserResponse>()[0].user.clone().unwrap().id);
        for id in &ids {
            assert!(client.call(GET, &[], &get(id)).await.decoded::<GetUserResponse>()[0].user.is_some());
        }
        bench.server.signal(Signal::Term);
        bench.server.wait_exit().await;
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_old_connection_is_drained() {
    let bench = Bench::with(settings(&[("max-age", "1s"), ("max-age-grace", "1s")]), |_| {}).await;
    let client = bench.connect().await;
    let begun = Instant::now();
    let outcome = client.call(GET, &[("rpc-behavior", "keep-open")], &get("a")).await;
    assert_eq!(outcome.status(), 14);
    assert!((millis(1900)..=millis(2101)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    assert_eq!(bench.connect().await.call(GET, &[], &get("nope")).await.status(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_drained() {
    let bench = Bench::with(settings(&[("max-idle", "1s")]), |_| {}).await;
    let begun = Instant::now();
    let client = bench.connect().await;
    client.call(GET, &[("rpc-behavior", "sleep-ms-800,messages-1")], &get("a")).await;
    client.connection.await.unwrap().unwrap();
    assert_eq!(begun.elapsed(), millis(1800));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_server_leaves_no_task() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let mut calls = Vec::new();
    for path in [WATCH, CHAT, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] {
        let mut call = client.open(path, &[]).await;
        call.send(&asks(""));
        calls.push(call);
    }
    sleep(millis(10)).await;
    drop(bench);
    drop(calls);
    drop(client);
    sleep(millis(10)).await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn other_tools_switch_health_too() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    for (method, status) in [("SetNotServing", 2), ("SetServing", 1)] {
        let outcome = client.call(&format!("/grpc.testing.XdsUpdateHealthService/{method}"), &[], &HealthListRequest {}).await;
        assert_eq!((outcome.status(), check(&client, "").await), (0, status));
    }
}
