//! From what a server sends to a status.

use proofmark_client::{CallKind, CallOptions, Channel, Code, Options, Value};
use rstest::rstest;

use super::support::*;

/// A channel to a server that runs `script` for each request, with the request's stream.
async fn scripted<F>(world: &World, script: impl Fn(Raw, u32) -> F + Clone + Send + Sync + 'static) -> Channel
where
    F: Future<Output = Raw> + Send + 'static,
{
    world
        .raw(1, move |_, mut raw| {
            let script = script.clone();
            async move {
                raw.greet(&[]).await;
                let stream = raw.request().await;
                script(raw, stream).await.drain().await;
            }
        })
        .await;
    Channel::open(Options { disable_retries: true, ..world.options(&[1]) }).expect("opened")
}

#[rstest]
#[case(200, Code::Unknown)]
#[case(204, Code::Unknown)]
#[case(400, Code::Internal)]
#[case(401, Code::Unauthenticated)]
#[case(403, Code::PermissionDenied)]
#[case(404, Code::Unimplemented)]
#[case(408, Code::Unknown)]
#[case(429, Code::Unavailable)]
#[case(500, Code::Unknown)]
#[case(502, Code::Unavailable)]
#[case(503, Code::Unavailable)]
#[case(504, Code::Unavailable)]
#[tokio::test(start_paused = true)]
async fn http_statuses_are_mapped(#[case] status: u16, #[case] code: Code) {
    let world = World::new();
    let channel = scripted(&world, move |mut raw, stream| async move {
        raw.headers(stream, true, &[(":status", &status.to_string()), ("content-type", "text/html")]).await;
        raw
    })
    .await;
    let saw = unary(&channel).await;
    assert_code(&saw, code);
    assert!(saw.outcome.message.contains(&status.to_string()), "{saw:?}");
}

#[rstest]
fn resets_are_mapped(
    #[values(
        (0, Code::Internal), (1, Code::Internal), (2, Code::Internal), (3, Code::Internal), (4, Code::Internal), (6, Code::Internal),
        (7, Code::Unavailable), (8, Code::Cancelled), (9, Code::Internal), (10, Code::Internal), (11, Code::ResourceExhausted),
        (12, Code::PermissionDenied), (5, Code::Internal), (13, Code::Internal), (0xdead_beef, Code::Internal),
    )]
    case: (u32, Code),
    #[values(false, true)] after_message: bool,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("legal");
    runtime.block_on(async move {
        let (reason, code) = case;
        let world = World::new();
        world
            .raw(1, move |_, mut raw| async move {
                raw.greet(&[]).await;
                loop {
                    let stream = raw.request().await;
                    if after_message {
                        raw.headers(stream, false, &OK_HEAD).await;
                        raw.send(DATA, 0, stream, &frame(b"one")).await;
                    }
                    raw.reset(stream, reason).await;
                }
            })
            .await;
        let saw = call(&world.channel("{}"), CallKind::ServerStreaming).await;
        assert_code(&saw, code);
        assert_eq!(saw.messages.len(), usize::from(after_message));
    });
}

#[rstest]
#[case(CallKind::Unary)]
#[case(CallKind::ServerStreaming)]
#[case(CallKind::ClientStreaming)]
#[case(CallKind::BidiStreaming)]
#[tokio::test(start_paused = true)]
async fn trailers_only_is_a_whole_response(#[case] kind: CallKind) {
    let world = World::new();
    let channel = scripted(&world, |mut raw, stream| async move {
        let fields = [&OK_HEAD[..], &[("grpc-status", "9"), ("grpc-message", "a%20b"), ("x-t", "bing")]].concat();
        raw.headers(stream, true, &fields).await;
        raw
    })
    .await;
    let saw = call(&channel, kind).await;
    assert_code(&saw, Code::FailedPrecondition);
    assert_eq!(saw.outcome.message, "a b");
    assert_eq!(saw.outcome.trailers.get("x-t"), Some(&Value::from("bing")));
    assert_eq!(saw.headers, None);
}

#[tokio::test(start_paused = true)]
async fn a_grpc_status_wins_over_http() {
    let world = World::new();
    let channel = scripted(&world, |mut raw, stream| async move {
        let fields = [(":status", "503"), ("content-type", "application/grpc"), ("grpc-status", "7"), ("grpc-message", "no")];
        raw.headers(stream, true, &fields).await;
        raw
    })
    .await;
    let saw = unary(&channel).await;
    assert_code(&saw, Code::PermissionDenied);
    assert_eq!(saw.outcome.message, "no");
}

#[rstest]
#[case(CallKind::Unary, 0, Code::Internal)]
#[case(CallKind::Unary, 1, Code::Ok)]
#[case(CallKind::Unary, 2, Code::Internal)]
#[case(CallKind::ClientStreaming, 0, Code::Internal)]
#[case(CallKind::ClientStreaming, 2, Code::Internal)]
#[case(CallKind::ServerStreaming, 0, Code::Ok)]
#[case(CallKind::BidiStreaming, 2, Code::Ok)]
#[tokio::test(start_paused = true)]
async fn the_number_of_messages_must_fit_the_kind(#[case] kind: CallKind, #[case] messages: usize, #[case] code: Code) {
    let world = World::new();
    let channel = scripted(&world, move |mut raw, stream| async move {
        raw.headers(stream, false, &OK_HEAD).await;
        for _ in 0..messages {
            raw.send(DATA, 0, stream, &frame(b"m")).await;
        }
        raw.headers(stream, true, &[("grpc-status", "0")]).await;
        raw
    })
    .await;
    let saw = call(&channel, kind).await;
    assert_code(&saw, code);
    assert_eq!(saw.messages.len(), if code == Code::Ok { messages } else { 0 });
}

#[tokio::test(start_paused = true)]
async fn a_second_response_ends_a_unary_call_at_once() {
    let world = World::new();
    let channel = scripted(&world, |mut raw, stream| async move {
        raw.headers(stream, false, &OK_HEAD).await;
        raw.send(DATA, 0, stream, &[frame(b"1"), frame(b"2")].concat()).await;
        let reset = raw.await_kind(RST_STREAM).await;
        assert_eq!(reset.payload, 8_u32.to_be_bytes());
        raw
    })
    .await;
    assert_code(&unary(&channel).await, Code::Internal);
}

#[rstest]
#[case(Some(&[("x", "y")][..]), Code::Unknown)]
#[case(None, Code::Internal)]
#[tokio::test(start_paused = true)]
async fn a_missing_status_is_never_ok(#[case] trailers: Option<&'static [(&'static str, &'static str)]>, #[case] code: Code) {
    let world = World::new();
    let channel = scripted(&world, move |mut raw, stream| async move {
        raw.headers(stream, false, &[&OK_HEAD[..], &[("grpc-status", "0")]].concat()).await;
        raw.send(DATA, u8::from(trailers.is_none()), stream, &frame(b"m")).await;
        if let Some(trailers) = trailers {
            raw.headers(stream, true, trailers).await;
        }
        raw
    })
    .await;
    let saw = call(&channel, CallKind::ServerStreaming).await;
    assert_code(&saw, code);
    assert_eq!(saw.messages.len(), 1);
    assert!(!saw.outcome.message.is_empty());
}

#[rstest]
#[case("!!!!", None)]
#[case("A", None)]
#[case("AQ", Some(&[1_u8][..]))]
#[case("AQ==", Some(&[1][..]))]
#[tokio::test(start_paused = true)]
async fn details_that_do_not_decode_change_nothing_else(#[case] value: &'static str, #[case] details: Option<&'static [u8]>) {
    let world = World::new();
    let channel = scripted(&world, move |mut raw, stream| async move {
        raw.headers(stream, false, &OK_HEAD).await;
        raw.headers(stream, true, &[("grpc-status", "9"), ("grpc-message", "m"), ("grpc-status-details-bin", value)]).await;
        raw
    })
    .await;
    let saw = unary(&channel).await;
    assert_code(&saw, Code::FailedPrecondition);
    assert_eq!((saw.outcome.message.as_str(), saw.outcome.details.as_deref()), ("m", details));
}

#[tokio::test(start_paused = true)]
async fn initial_and_trailing_metadata_are_kept_apart() {
    let world = World::new();
    let channel = scripted(&world, |mut raw, stream| async move {
        raw.headers(stream, false, &[&OK_HEAD[..], &[("x-m", "1"), ("x-bin", "AQ,Ag==,Aw"), ("x-m", "2")]].concat()).await;
        raw.send(DATA, 0, stream, &frame(b"m")).await;
        raw.headers(stream, true, &[("grpc-status", "0"), ("x-t", "3"), ("x-bad-bin", "!!")]).await;
        raw
    })
    .await;
    let saw = unary(&channel).await;
    assert_code(&saw, Code::Ok);
    let initial = saw.headers.expect("headers");
    assert_eq!(initial.get_all("x-m").collect::<Vec<_>>(), [&Value::from("1"), &Value::from("2")]);
    let bytes: Vec<_> = initial.get_all("x-bin").map(Value::as_bytes).collect();
    assert_eq!(bytes, [[1], [2], [3]]);
    assert_eq!(saw.outcome.trailers.iter().collect::<Vec<_>>(), [("x-t", &Value::from("3"))]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_unavailable() {
    let world = World::new();
    world
        .raw(1, |_, mut raw| async move {
            raw.greet(&[]).await;
            raw.request().await;
            raw.link.reset_on_drop();
        })
        .await;
    let saw = unary(&world.channel("{}")).await;
    assert_code(&saw, Code::Unavailable);
    assert!(saw.outcome.message.contains("10.0.0.1:1 was lost"), "{saw:?}");
}

#[tokio::test(start_paused = true)]
async fn a_declared_length_above_the_limit_is_refused_from_the_prefix() {
    let world = World::new();
    let channel = scripted(&world, |mut raw, stream| async move {
        raw.headers(stream, false, &OK_HEAD).await;
        raw.send(DATA, 0, stream, &[0, 0x7f, 0xff, 0xff, 0xff]).await;
        raw
    })
    .await;
    assert_code(&unary(&channel).await, Code::ResourceExhausted);
    assert_eq!(world.elapsed(), ms(0));
}

#[tokio::test(start_paused = true)]
async fn a_truncated_response_is_internal() {
    let world = World::new();
    let channel = scripted(&world, |mut raw, stream| async move {
        raw.headers(stream, false, &OK_HEAD).await;
        raw.send(DATA, 0, stream, &frame(b"cut")[..7]).await;
        raw.headers(stream, true, &[("grpc-status", "0")]).await;
        raw
    })
    .await;
    assert_code(&call(&channel, CallKind::ServerStreaming).await, Code::Internal);
}

#[tokio::test(start_paused = true)]
async fn continuation_without_end_ends_the_connection_not_the_client() {
    let world = World::new();
    let channel = scripted(&world, |mut raw, stream| async move {
        raw.send(HEADERS, 0, stream, &block(&OK_HEAD)).await;
        for _ in 0..10_000 {
            raw.send(CONTINUATION, 0, stream, &block(&[("x-a", "b")])).await;
        }
        raw
    })
    .await;
    assert_code(&unary(&channel).await, Code::Unavailable);
}

#[rstest]
#[case(100, Code::Unknown)]
#[case(4_000, Code::Internal)]
#[case(15_000, Code::Unavailable)]
#[tokio::test(start_paused = true)]
async fn an_hpack_bomb_ends_its_call_or_its_connection(#[case] references: usize, #[case] code: Code) {
    let world = World::new();
    let channel = scripted(&world, move |mut raw, stream| async move {
        let value = "v".repeat(126);
        // one insertion into the dynamic table, then references to it
        let mut bomb = block(&OK_HEAD);
        bomb.extend([0x40, 3]);
        bomb.extend(b"x-a");
        bomb.push(126);
        bomb.extend(value.as_bytes());
        bomb.extend(std::iter::repeat_n(0xbe, references));
        raw.send(HEADERS, END_HEADERS | END_STREAM, stream, &bomb).await;
        raw
    })
    .await;
    assert_code(&unary(&channel).await, code);
}

#[rstest]
#[case("", "x")]
#[case("a b", "x")]
#[case("a:b", "x")]
#[case("ключ", "x")]
#[case("te", "gzip")]
#[case("grpc-timeout", "1H")]
#[case(":path", "/a/b")]
#[case("content-type", "text/plain")]
#[case("x-a", "a\r\nb: c")]
#[case("x-a", "caf\u{e9}")]
#[tokio::test(start_paused = true)]
async fn illegal_metadata_is_refused_by_the_api(#[case] key: &str, #[case] value: &str) {
    let world = World::new();
    let channel = world.channel("{}");
    let mut options = CallOptions::new("/t.S/M", CallKind::Unary);
    options.metadata.push(key, value);
    let refused = channel.start(options).expect_err("refused");
    assert!(refused.to_string().contains(key), "{refused}");
}

#[rstest]
#[case(64, 100, Code::Ok)]
#[case(100, 100, Code::Ok)]
#[case(101, 100, Code::ResourceExhausted)]
#[case(1, 0, Code::ResourceExhausted)]
#[tokio::test(start_paused = true)]
async fn request_limits_count_the_message_alone(#[case] size: usize, #[case] limit: usize, #[case] code: Code) {
    let world = World::new();
    world
        .serve(1, |_, request, mut reply| async move {
            let _ = read_all(request).await;
            answer(&mut reply, &[b""], &[("grpc-status", "0")]);
        })
        .await;
    let channel = world.channel(&format!(r#"{{"methodConfig": [{{"name": [{{}}], "maxRequestMessageBytes": {limit}}}]}}"#));
    let request = Some(vec![0; size].into());
    let (_handle, mut events) = channel.start(CallOptions { request, ..CallOptions::new("/t.S/M", CallKind::Unary) }).expect("started");
    assert_code(&finish(&mut events).await, code);
}

#[rstest]
#[case(CallKind::ClientStreaming, "0", Code::Ok)]
#[case(CallKind::BidiStreaming, "8", Code::ResourceExhausted)]
#[tokio::test(start_paused = true)]
async fn a_reset_behind_the_trailers_changes_nothing(
    #[case] kind: CallKind,
    #[case] status: &'static str,
    #[case] code: Code,
    #[values(false, true)] trailers_only: bool,
) {
    let world = World::new();
    world
        .raw(1, move |_, mut raw| async move {
            raw.greet(&[]).await;
            let stream = raw.await_kind(HEADERS).await.stream;
            if trailers_only {
                raw.headers(stream, true, &[&OK_HEAD[..], &[("grpc-status", status)]].concat()).await;
            } else {
                raw.answer(stream, b"m", status).await;
            }
            raw.reset(stream, 0).await;
            raw.drain().await;
        })
        .await;
    let channel = world.channel("{}");
    let (_handle, mut events) = start(&channel, kind, None);
    let saw = finish(&mut events).await;
    let code = if trailers_only && code == Code::Ok { Code::Internal } else { code };
    assert_code(&saw, code);
    assert_eq!(saw.headers.is_some(), !trailers_only);
}

#[tokio::test(start_paused = true)]
async fn metadata_goes_out_as_written_in_order() {
    let world = World::new();
    world
        .serve(1, |_, request, mut reply| async move {
            let _ = read_all(request).await;
            answer(&mut reply, &[b""], &[("grpc-status", "0")]);
        })
        .await;
    let channel = world.channel("{}");
    let mut options = CallOptions::new("/t.S/M", CallKind::Unary);
    for (key, value) in [("X-M", "1"), ("x-other", "Mon, 01 Jan"), ("x-m", "2"), ("x-m", "1")] {
        options.metadata.push(key, value);
    }
    options.metadata.push("x-bin", bytes::Bytes::from_static(&[0xab, 0xab, 0xab]));
    options.metadata.push("x-bin", bytes::Bytes::from_static(&[1]));
    let (_handle, mut events) = channel.start(options).expect("started");
    assert_code(&finish(&mut events).await, Code::Ok);
    let seen = &world.requests()[0];
    assert_eq!(seen.headers.get_all("x-m").iter().collect::<Vec<_>>(), ["1", "2", "1"]);
    assert_eq!(seen.headers.get_all("x-bin").iter().collect::<Vec<_>>(), ["q6ur", "AQ"]);
    assert_eq!(seen.header("x-other"), Some("Mon, 01 Jan"));
}
