//! Cancelling in every phase, and deadlines in odd places.

use bytes::Bytes;
use proofmark_client::{CallEvent, CallKind, CallOptions, Code};
use proofmark_transport::clock::sleep;
use rstest::rstest;

use super::support::*;

/// A server that does nothing; says what it saw until the reset.
async fn silent(world: &World, settings: &'static [(u16, u32)]) -> tokio::sync::mpsc::UnboundedReceiver<RawFrame> {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    world
        .raw(1, move |_, mut raw| {
            let sender = sender.clone();
            async move {
                raw.greet(settings).await;
                while let Some(frame) = raw.next().await {
                    sender.send(frame).expect("legal");
                }
            }
        })
        .await;
    receiver
}

fn assert_cancelled(frames: &[RawFrame]) {
    let (last, before) = frames.split_last().expect("frames");
    assert_eq!((last.kind, &last.payload[..]), (RST_STREAM, &8_u32.to_be_bytes()[..]));
    assert!(before.iter().all(|frame| frame.kind != RST_STREAM));
}

async fn collect(frames: &mut tokio::sync::mpsc::UnboundedReceiver<RawFrame>) -> Vec<RawFrame> {
    sleep(ms(1)).await;
    std::iter::from_fn(|| frames.try_recv().ok()).collect()
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn cancel_resets_in_every_phase(
    #[values(CallKind::ClientStreaming, CallKind::BidiStreaming)] kind: CallKind,
    #[values(0, 3)] messages: usize,
    #[values(false, true)] half_close: bool,
) {
    let world = World::new();
    let mut frames = silent(&world, &[]).await;
    let channel = world.channel("{}");
    let (handle, mut events) = start(&channel, kind, None);
    for _ in 0..messages {
        handle.send(Bytes::from_static(b"m")).await.expect("sent");
    }
    if half_close {
        handle.half_close();
    }
    sleep(ms(100)).await;
    handle.cancel();
    assert_code(&finish(&mut events).await, Code::Cancelled);
    assert_eq!(world.elapsed(), ms(100));
    let frames = collect(&mut frames).await;
    assert_cancelled(&frames);
    assert_eq!(frames.iter().any(|frame| frame.flags & END_STREAM != 0 && frame.kind == DATA), half_close);
    assert!(handle.send(Bytes::new()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn cancel_does_not_wait_for_a_window() {
    let world = World::new();
    let mut frames = silent(&world, &[(4, 100)]).await;
    let channel = world.channel("{}");
    let request = Some(Bytes::from(vec![0; 1 << 20]));
    let timeout = Some(ms(300));
    let (_handle, mut events) =
        channel.start(CallOptions { request, timeout, ..CallOptions::new("/t.S/M", CallKind::Unary) }).expect("started");
    assert_code(&finish(&mut events).await, Code::DeadlineExceeded);
    assert_eq!(world.elapsed(), ms(300));
    let frames = collect(&mut frames).await;
    assert_cancelled(&frames);
    assert!(frames.iter().all(|frame| frame.flags & END_STREAM == 0));
}

#[tokio::test(start_paused = true)]
async fn a_waiting_send_is_released_at_the_deadline() {
    let world = World::new();
    let _frames = silent(&world, &[(4, 100)]).await;
    let channel = world.channel("{}");
    let (handle, mut events) = start(&channel, CallKind::BidiStreaming, Some(ms(400)));
    let sent = handle.send(Bytes::from(vec![0; 1 << 20])).await;
    assert!(sent.is_err());
    assert_eq!(world.elapsed(), ms(400));
    assert_code(&finish(&mut events).await, Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn cancel_while_connecting_sends_nothing() {
    let world = World::new();
    let (sender, mut frames) = tokio::sync::mpsc::unbounded_channel();
    world
        .raw(1, move |_, mut raw| {
            let sender = sender.clone();
            async move {
                sleep(ms(500)).await;
                raw.greet(&[]).await;
                while let Some(frame) = raw.next().await {
                    sender.send(frame).expect("legal");
                }
            }
        })
        .await;
    let channel = world.channel("{}");
    let (handle, mut events) = start(&channel, CallKind::Unary, None);
    sleep(ms(100)).await;
    handle.cancel();
    assert_code(&finish(&mut events).await, Code::Cancelled);
    sleep(ms(2000)).await;
    assert!(frames.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn an_expired_deadline_sends_nothing() {
    let world = World::new();
    let mut frames = silent(&world, &[]).await;
    let channel = world.channel("{}");
    let (_handle, mut events) = start(&channel, CallKind::Unary, Some(ms(0)));
    assert_code(&finish(&mut events).await, Code::DeadlineExceeded);
    sleep(ms(100)).await;
    assert!(frames.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_late_response_changes_nothing() {
    let world = World::new();
    world
        .raw(1, |_, mut raw| async move {
            raw.greet(&[]).await;
            let first = raw.request().await;
            raw.await_kind(RST_STREAM).await;
            sleep(ms(100)).await;
            raw.headers(first, false, &OK_HEAD).await;
            for _ in 0..4 {
                raw.send(DATA, 0, first, &[0; 16_000]).await;
            }
            raw.headers(first, true, &[("grpc-status", "0")]).await;
            let second = raw.request().await;
            raw.answer(second, b"", "0").await;
            raw.drain().await;
        })
        .await;
    let channel = world.channel("{}");
    let (_handle, mut events) = start(&channel, CallKind::Unary, Some(ms(100)));
    assert_code(&finish(&mut events).await, Code::DeadlineExceeded);
    sleep(ms(200)).await;
    assert_code(&unary(&channel).await, Code::Ok);
}

#[tokio::test(start_paused = true)]
async fn progress_does_not_extend_a_deadline() {
    let world = World::new();
    world
        .raw(1, |_, mut raw| async move {
            raw.greet(&[]).await;
            let stream = raw.request().await;
            raw.headers(stream, false, &OK_HEAD).await;
            loop {
                sleep(ms(50)).await;
                raw.send(DATA, 0, stream, &frame(b"m")).await;
            }
        })
        .await;
    let channel = world.channel("{}");
    let (_handle, mut events) = start(&channel, CallKind::ServerStreaming, Some(ms(420)));
    let saw = finish(&mut events).await;
    assert_code(&saw, Code::DeadlineExceeded);
    assert_eq!((saw.messages.len(), world.elapsed()), (8, ms(420)));
}

#[tokio::test(start_paused = true)]
async fn headers_are_shown_before_any_message() {
    let world = World::new();
    world
        .raw(1, |_, mut raw| async move {
            raw.greet(&[]).await;
            let stream = raw.request().await;
            raw.headers(stream, false, &OK_HEAD).await;
            sleep(ms(500)).await;
            raw.send(DATA, 0, stream, &frame(b"m")).await;
            raw.headers(stream, true, &[("grpc-status", "0")]).await;
            raw.drain().await;
        })
        .await;
    let channel = world.channel("{}");
    let (_handle, mut events) = start(&channel, CallKind::ServerStreaming, None);
    assert!(matches!(events.next().await, Some(CallEvent::Headers(_))));
    assert_eq!(world.elapsed(), ms(0));
    assert_eq!(finish(&mut events).await.messages.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_events_cancels() {
    let world = World::new();
    let mut frames = silent(&world, &[]).await;
    let channel = world.channel("{}");
    let (handle, events) = start(&channel, CallKind::Unary, None);
    sleep(ms(10)).await;
    drop(events);
    handle.over().await;
    assert_cancelled(&collect(&mut frames).await);
}

#[tokio::test(start_paused = true)]
async fn neighbours_of_many_cancelled_calls_live_on() {
    let world = World::new();
    let mut builder = h2::server::Builder::new();
    builder.max_concurrent_streams(10).max_local_error_reset_streams(None).max_pending_accept_reset_streams(1000);
    world
        .serve_with(1, builder, |_, request, mut reply| async move {
            if request.uri().path() == "/t.S/M" {
                let _ = std::future::poll_fn(|cx| reply.poll_reset(cx)).await;
                return;
            }
            let response = http::Response::builder().header("content-type", "application/grpc").body(()).expect("legal");
            let mut stream = reply.send_response(response, false).expect("legal");
            let mut body = request.into_body();
            while let Some(Ok(chunk)) = body.data().await {
                let _ = body.flow_control().release_capacity(chunk.len());
                stream.send_data(chunk, false).expect("legal");
            }
            let mut trailers = http::HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().expect("legal"));
            stream.send_trailers(trailers).expect("legal");
        })
        .await;
    let channel = world.channel("{}");
    let (handle, mut events) = channel.start(CallOptions::new("/t.S/Echo", CallKind::BidiStreaming)).expect("started");
    assert!(matches!(events.next().await, Some(CallEvent::Headers(_))));
    for round in 0..100 {
        let storm: Vec<_> = (0..10).map(|_| start(&channel, CallKind::Unary, Some(ms(5)))).collect();
        handle.send(Bytes::from(vec![round; 10])).await.expect("sent");
        assert!(matches!(events.next().await, Some(CallEvent::Message(_))));
        for (number, (handle, mut events)) in storm.into_iter().enumerate() {
            if number % 2 == 0 {
                handle.cancel();
            }
            let code = finish(&mut events).await.outcome.code;
            assert!(matches!(code, Code::Cancelled | Code::DeadlineExceeded), "{code:?}");
        }
    }
    handle.half_close();
    assert_code(&finish(&mut events).await, Code::Ok);
}
