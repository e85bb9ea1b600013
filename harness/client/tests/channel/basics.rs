//! Calls of every kind, deadlines, cancel.

use rstest::rstest;

use super::support::*;
use bytes::Bytes;
use proofmark_client::{CallKind, Code, Value};

#[tokio::test(start_paused = true)]
async fn a_unary_call_ends_ok() {
    let world = World::new();
    world
        .serve(1, |_, request, mut reply| async move {
            assert_eq!(read_all(request).await.expect("read"), frame(b""));
            answer(&mut reply, &[b"hi"], &[("grpc-status", "0"), ("x-t", "2")]);
        })
        .await;
    let saw = unary(&world.channel("{}")).await;
    assert_code(&saw, Code::Ok);
    assert_eq!(saw.messages, ["hi"]);
    assert_eq!(saw.outcome.trailers.get("x-t"), Some(&Value::from("2")));
    let seen = &world.requests()[0];
    assert_eq!(seen.path, "/t.S/M");
    assert_eq!(seen.header("te"), Some("trailers"));
    assert_eq!(seen.header("grpc-timeout"), None);
}

#[tokio::test(start_paused = true)]
async fn a_bidi_call_talks_both_ways() {
    let world = World::new();
    world
        .serve(1, |_, request, mut reply| async move {
            let response = http::Response::builder().header("content-type", "application/grpc").body(()).expect("legal");
            let mut stream = reply.send_response(response, false).expect("legal");
            let mut body = request.into_body();
            while let Some(chunk) = body.data().await {
                stream.send_data(chunk.expect("legal"), false).expect("legal");
            }
            let mut trailers = http::HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().expect("legal"));
            stream.send_trailers(trailers).expect("legal");
        })
        .await;
    let channel = world.channel("{}");
    let (handle, mut events) = start(&channel, CallKind::BidiStreaming, None);
    for text in ["one", "two"] {
        handle.send(Bytes::from(text)).await.expect("sent");
    }
    handle.half_close();
    let saw = finish(&mut events).await;
    assert_code(&saw, Code::Ok);
    assert_eq!(saw.messages, ["one", "two"]);
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_silent_server_ends_at_the_deadline_and_sees_cancel(
    #[values(CallKind::Unary, CallKind::ServerStreaming, CallKind::ClientStreaming, CallKind::BidiStreaming)] kind: CallKind,
) {
    let world = World::new();
    let (sender, mut resets) = tokio::sync::mpsc::unbounded_channel();
    world
        .raw(1, move |_, mut raw| {
            let sender = sender.clone();
            async move {
                raw.greet(&[]).await;
                let reset = raw.await_kind(RST_STREAM).await;
                sender.send(reset).expect("legal");
                raw.drain().await;
            }
        })
        .await;
    let channel = world.channel("{}");
    let (_handle, mut events) = start(&channel, kind, Some(ms(200)));
    let saw = finish(&mut events).await;
    assert_code(&saw, Code::DeadlineExceeded);
    assert_eq!(world.elapsed(), ms(200));
    assert_eq!(resets.recv().await.expect("a reset").payload, 8_u32.to_be_bytes());
}
