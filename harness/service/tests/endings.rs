//! How calls end that do not end by themselves: deadline, cancel, loss, panic.

mod common;

use common::*;
use proofmark_api::user::{ChatMessage, ListUsersRequest, User};
use proofmark_service::{HooksConfig, Settings};
use proofmark_transport::clock::{Instant, sleep};
use rstest::rstest;

#[rstest]
#[case(GET)]
#[case(CREATE)]
#[case(LIST)]
#[case(BATCH)]
#[case(CHAT)]
#[tokio::test(start_paused = true)]
async fn a_deadline_ends_every_kind_of_call_and_drops_its_handler(#[case] path: &str) {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let begun = Instant::now();
    let fields = [("grpc-timeout", "200m"), ("x-proofmark-call", "hang/1"), ("rpc-behavior", "keep-open")];
    let outcome = client.call(path, &fields, &get("")).await;
    assert_eq!((outcome.status(), begun.elapsed()), (4, millis(200)));
    assert!(outcome.trailers_only);
    assert_eq!(outcome.end["x-request-duration"], "200ms");
    let cancelled = bench.hooks("cancelled");
    assert_eq!((cancelled.len(), cancelled[0]["atSeconds"].as_f64()), (1, Some(0.2)));
    assert_eq!(bench.hooks("begin")[0]["remainingSeconds"].as_f64(), Some(0.2));
    assert!(bench.hooks("end")[0].get("code").is_none());
    assert_eq!(bench.logs("access")[0]["code"], "DEADLINE_EXCEEDED");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_holds_while_the_response_waits_for_window() {
    let bench = Bench::new().await;
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(0);
    let client = bench.connect_with(builder).await;
    let begun = Instant::now();
    let fields = [("grpc-timeout", "300m"), ("rpc-behavior", "size-1000,messages-1000"), ("x-proofmark-call", "blocked/1")];
    let outcome = client.call(LIST, &fields, &ListUsersRequest::default()).await;
    assert_eq!((outcome.status(), begun.elapsed(), outcome.messages.len()), (4, millis(300), 0));
    assert_eq!(bench.hooks("cancelled").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_within_a_message_is_a_reset() {
    let bench = Bench::new().await;
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(10);
    let client = bench.connect_with(builder).await;
    let fields = [("grpc-timeout", "300m"), ("rpc-behavior", "size-1000,messages-1")];
    let mut call = client.open(GET, &fields).await;
    call.send(&get(""));
    call.half_close();
    call.headers().await.unwrap();
    let first = call.body.as_mut().unwrap().data().await.unwrap().unwrap();
    assert_eq!(first.len(), 10);
    let error = call.body.as_mut().unwrap().data().await.unwrap().unwrap_err();
    assert_eq!(error.reason(), Some(h2::Reason::CANCEL));
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_cut_at_its_deadline() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let fields = [("grpc-timeout", "350m"), ("rpc-behavior", "pace-ms-100,messages-1000")];
    let outcome = client.call(LIST, &fields, &ListUsersRequest::default()).await;
    assert_eq!((outcome.status(), outcome.messages.len()), (4, 4));
}

#[rstest]
#[case("5x")]
#[case("+1S")]
#[case("100000050m")]
#[case("")]
#[tokio::test(start_paused = true)]
async fn a_malformed_timeout_is_refused_and_named(#[case] value: &str) {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let outcome = client.call(GET, &[("grpc-timeout", value), ("x-proofmark-call", "m/1")], &get("")).await;
    assert_eq!((outcome.status(), outcome.text(), outcome.trailers_only), (13, "malformed grpc-timeout", true));
    assert!(bench.hooks("begin").is_empty());
}

#[tokio::test(start_paused = true)]
async fn extreme_timeouts_are_read_in_full() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let fields = [("grpc-timeout", "99999999H"), ("rpc-behavior", "sleep-ms-100,messages-1"), ("x-proofmark-call", "long/1")];
    assert_eq!(client.call(GET, &fields, &get("")).await.status(), 0);
    let remaining = bench.hooks("begin")[0]["remainingSeconds"].as_f64().unwrap();
    assert!((remaining - 99_999_999.0 * 3600.0).abs() < 1.0, "{remaining}");
    let begun = Instant::now();
    assert_eq!(client.call(GET, &[("grpc-timeout", "0n"), ("rpc-behavior", "sleep-1")], &get("")).await.status(), 4);
    assert!(begun.elapsed() < millis(1));
}

#[tokio::test(start_paused = true)]
async fn the_servers_own_limit_holds_too() {
    let mut settings = Settings::default();
    settings.set("deadline-max", "300ms").unwrap();
    let bench = Bench::with(settings, |_| {}).await;
    let client = bench.connect().await;
    for (timeout, ends) in [(Some("100m"), 100), (Some("10S"), 300), (None, 300)] {
        let begun = Instant::now();
        let mut fields = vec![("rpc-behavior", "keep-open")];
        fields.extend(timeout.map(|timeout| ("grpc-timeout", timeout)));
        assert_eq!(client.call(GET, &fields, &get("")).await.status(), 4);
        assert_eq!(begun.elapsed(), millis(ends));
    }
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn any_reset_drops_the_handler(#[values(GET, LIST, BATCH, CHAT)] path: &str, #[values(0, 1, 2, 7, 8, 11, 0xff)] code: u32) {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let mut call = client.open(path, &[("x-proofmark-call", "gone/1"), ("rpc-behavior", "keep-open")]).await;
    call.send(&get(""));
    if path == GET || path == LIST {
        call.half_close();
    }
    sleep(millis(50)).await;
    call.reset(code.into());
    sleep(millis(1)).await;
    assert_eq!(bench.hooks("cancelled").len(), 1);
    assert_eq!(bench.logs("access")[0]["code"], "CANCELLED");
    assert_eq!(client.call(GET, &[], &get("nope")).await.status(), 5);
    assert_eq!(bench.server.calls_in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_cancels_every_call_and_stores_nothing() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let mut calls = Vec::new();
    for n in 0..5 {
        let mut call = client.open(BATCH, &[("x-proofmark-call", "lost/1")]).await;
        call.send(&create("Ada", &format!("{n}@b")));
        calls.push(call);
    }
    sleep(millis(10)).await;
    client.connection.abort();
    sleep(millis(1)).await;
    assert_eq!(bench.hooks("cancelled").len(), 5);
    drop(calls);
    let users: Vec<User> = bench.connect().await.call(LIST, &[], &ListUsersRequest::default()).await.decoded();
    assert!(users.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_truncated_stream_is_an_error_for_its_reader() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let mut call = client.open(BATCH, &[("x-proofmark-call", "cut/1")]).await;
    call.send(&create("Ada", "a@b"));
    call.send_raw(vec![0, 0, 0, 0, 100, 1].into());
    call.half_close();
    assert_eq!(call.outcome().await.status(), 13);
    let read = &bench.hooks("read")[0];
    assert_eq!((read["clean"].as_bool(), read["messages"].as_u64()), (Some(false), Some(1)));
}

#[rstest]
#[case(GET, "panic", 0)]
#[case(LIST, "messages-3,panic", 3)]
#[case(CHAT, "panic", 0)]
#[case(GET, "store-panic", 0)]
#[tokio::test(start_paused = true)]
async fn a_panic_ends_its_call_alone(#[case] path: &str, #[case] words: &str, #[case] messages: usize) {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let mut neighbour = client.open(CHAT, &[]).await;
    let fields = [("rpc-behavior", words), ("rpc-behavior-text-bin", "c2VjcmV0"), ("x-request-id", "r-9"), ("x-proofmark-call", "p/1")];
    let outcome = client.call(path, &fields, &get(if path == GET { "a" } else { "" })).await;
    assert_eq!((outcome.status(), outcome.text(), outcome.messages.len()), (13, "internal error", messages));
    let errors = bench.logs("error");
    assert_eq!((errors.len(), errors[0]["text"].as_str(), errors[0]["request-id"].as_str()), (1, Some("secret"), Some("r-9")));
    assert_eq!(bench.hooks("end")[0]["code"], 13);
    neighbour.send(&ChatMessage::default());
    assert!(neighbour.message::<ChatMessage>().await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_row_that_nobody_takes_is_not_read() {
    let bench = Bench::with(Settings::default(), |environment| {
        environment.test_hooks = Some(HooksConfig { users: 250, ..HooksConfig::default() });
    })
    .await;
    let client = bench.connect().await;
    let mut call = client.open(LIST, &[("rpc-behavior", "store-rows-ms-10"), ("x-proofmark-call", "rows/1")]).await;
    call.send(&ListUsersRequest::default());
    call.half_close();
    for _ in 0..5 {
        call.message::<User>().await.unwrap().unwrap();
    }
    call.reset(h2::Reason::CANCEL);
    sleep(millis(500)).await;
    let rows = bench.hooks("store").iter().filter(|line| line["operation"] == "row").count();
    assert!((5..=6).contains(&rows), "{rows}");
}

#[rstest]
#[case("store-error-not-found", 5, "user not found")]
#[case("store-wrapped-not-found", 5, "user not found")]
#[case("store-error-rate-limited", 8, "rate limited")]
#[case("store-wrapped-forbidden", 7, "forbidden")]
#[case("store-error-other", 13, "failed to get user")]
#[case("throw", 2, "unknown error")]
#[case("ok-as-error", 2, "a failed call had the status OK")]
#[case("wrapped-code-7", 7, "status 7 as asked for")]
#[case("error-code-16", 16, "status 16 as asked for")]
#[tokio::test(start_paused = true)]
async fn errors_become_statuses(#[case] words: &str, #[case] status: i32, #[case] text: &str) {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let outcome = client.call(GET, &[("rpc-behavior", words)], &get("a")).await;
    assert_eq!((outcome.status(), outcome.text()), (status, text));
}

#[tokio::test(start_paused = true)]
async fn metadata_is_echoed_decoded_and_guarded() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let fields =
        [("x-list-bin", "AQ, Ag==,Aw"), ("x-a", "1, 2"), ("x-proofmark-call", "e/1"), ("rpc-behavior", "echo-metadata,messages-1")];
    let outcome = client.call(GET, &fields, &get("")).await;
    let values: Vec<_> = outcome.end.get_all("x-list-bin").iter().map(http::HeaderValue::as_bytes).collect();
    assert_eq!(values, [&b"AQ"[..], b"Ag", b"Aw"]);
    assert_eq!(
        (&outcome.headers["x-a"], &outcome.end["x-a"]),
        (&http::HeaderValue::from_static("1, 2"), &http::HeaderValue::from_static("1, 2"))
    );
    let begin = &bench.hooks("begin")[0];
    assert!(begin["metadata"].as_array().unwrap().contains(&serde_json::json!({"key": "x-list-bin", "bytes": "Ag=="})));
    assert_eq!(begin["authority"], "users.example");
    // grpc-status: 0 and content-type: text/plain
    let trailers = "Z3JwYy1zdGF0dXM6IDAKY29udGVudC10eXBlOiB0ZXh0L3BsYWluCngtdDogMgo=";
    let outcome = client.call(GET, &[("rpc-behavior", "error-code-5"), ("rpc-behavior-trailers-bin", trailers)], &get("")).await;
    assert_eq!(outcome.end.get_all("grpc-status").iter().collect::<Vec<_>>(), ["5"]);
    assert_eq!(
        (&outcome.end["content-type"], &outcome.end["x-t"]),
        (&http::HeaderValue::from_static("application/grpc"), &http::HeaderValue::from_static("2"))
    );
}

#[tokio::test(start_paused = true)]
async fn headers_asked_for_leave_before_the_message() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    for path in [GET, LIST] {
        let begun = Instant::now();
        let mut call = client.open(path, &[("rpc-behavior", "headers,sleep-ms-500,messages-1")]).await;
        call.send(&get(""));
        call.half_close();
        call.headers().await.unwrap();
        assert!(begun.elapsed() < millis(1));
        let outcome = call.outcome().await;
        assert_eq!((outcome.status(), outcome.messages.len(), begun.elapsed()), (0, 1, millis(500)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_reset_before_it_begins_is_logged_as_cancelled() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    for _ in 0..20 {
        let mut call = client.open(GET, &[("x-proofmark-call", "early/1")]).await;
        call.send(&get("a"));
        call.half_close();
        call.reset(h2::Reason::CANCEL);
        sleep(millis(1)).await;
    }
    assert_eq!(client.call(GET, &[], &get("nope")).await.status(), 5);
    let codes: Vec<_> = bench.logs("access").iter().filter(|line| line["call"] == "early/1").map(|line| line["code"].to_string()).collect();
    assert!(codes.iter().all(|code| code == "\"CANCELLED\"" || code == "\"NOT_FOUND\""), "{codes:?}");
}
