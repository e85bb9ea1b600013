//! gRFC A6 on the wire.

use std::sync::Arc;

use bytes::Bytes;
use proofmark_client::policy::{RetryRules, Standard};
use proofmark_client::{AttemptEnd, CallKind, CallOptions, Channel, Code, Options, Policies};
use rstest::rstest;

use super::support::*;

/// Trailers-only UNAVAILABLE for the first `failures` requests, then OK.
async fn failing(world: &World, failures: usize, fields: &'static [(&'static str, &'static str)]) {
    world
        .serve(1, move |number, request, mut reply| async move {
            let _ = read_all(request).await;
            if number <= failures {
                trailers_only(&mut reply, &[&[("grpc-status", "14")][..], fields].concat());
            } else {
                answer(&mut reply, &[b"ok"], &[("grpc-status", "0")]);
            }
        })
        .await;
}

fn gaps(world: &World) -> Vec<u128> {
    world.requests().windows(2).map(|pair| (pair[1].at - pair[0].at).as_millis()).collect()
}

#[tokio::test(start_paused = true)]
async fn retries_back_off_and_count_attempts() {
    let world = World::new();
    failing(&world, 2, &[]).await;
    assert_code(&unary(&world.channel(&retry_config(4, ""))).await, Code::Ok);
    let gaps = gaps(&world);
    assert!((80..=121).contains(&gaps[0]) && (160..=241).contains(&gaps[1]), "{gaps:?}");
    let counts: Vec<_> = world.requests().iter().map(|seen| seen.header("grpc-previous-rpc-attempts").map(str::to_owned)).collect();
    assert_eq!(counts, [None, Some("1".to_owned()), Some("2".to_owned())]);
}

#[rstest]
#[case(2)]
#[case(3)]
#[tokio::test(start_paused = true)]
async fn max_attempts_includes_the_first(#[case] attempts: u32) {
    let world = World::new();
    failing(&world, 100, &[("grpc-message", "busy")]).await;
    let saw = unary(&world.channel(&retry_config(attempts, ""))).await;
    assert_code(&saw, Code::Unavailable);
    assert_eq!(saw.outcome.message, "busy");
    assert_eq!(world.requests().len(), attempts as usize);
}

#[rstest]
#[case("700", Some(700))]
#[case("0", Some(0))]
#[case("-1", None)]
#[case("xxx", None)]
#[tokio::test(start_paused = true)]
async fn pushback_is_exact_or_stops(#[case] value: &'static str, #[case] expected: Option<u128>) {
    let world = World::new();
    failing(&world, 1, Box::leak(Box::new([("grpc-retry-pushback-ms", value)]))).await;
    let saw = unary(&world.channel(&retry_config(3, ""))).await;
    assert_eq!(saw.outcome.is_ok(), expected.is_some(), "{saw:?}");
    assert_eq!(gaps(&world), Vec::from_iter(expected));
}

#[tokio::test(start_paused = true)]
async fn headers_commit_the_call() {
    let world = World::new();
    world
        .serve(1, |_, request, mut reply| async move {
            let _ = read_all(request).await;
            answer(&mut reply, &[], &[("grpc-status", "14"), ("grpc-retry-pushback-ms", "10")]);
        })
        .await;
    let saw = unary(&world.channel(&retry_config(3, ""))).await;
    assert_code(&saw, Code::Unavailable);
    assert!(saw.headers.is_some());
    assert_eq!(world.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_beyond_the_buffer_is_sent_once() {
    let world = World::new();
    failing(&world, 100, &[]).await;
    let options = Options { service_config: Some(retry_config(3, "")), retry_buffer: Some(1024), ..world.options(&[1]) };
    let channel = Channel::open(options).expect("opened");
    let request = Some(Bytes::from(vec![7; 4096]));
    let (_handle, mut events) = channel.start(CallOptions { request, ..CallOptions::new("/t.S/M", CallKind::Unary) }).expect("started");
    assert_code(&finish(&mut events).await, Code::Unavailable);
    assert_eq!(world.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn replays_keep_order_and_later_messages_follow_once() {
    let world = World::new();
    let (bodies, mut seen) = tokio::sync::mpsc::unbounded_channel();
    world
        .serve(1, move |number, request, mut reply| {
            let bodies = bodies.clone();
            async move {
                if number == 1 {
                    let mut body = request.into_body();
                    let mut read = 0;
                    while read < 3 * 6 {
                        read += body.data().await.expect("legal").expect("legal").len();
                    }
                    trailers_only(&mut reply, &[("grpc-status", "14")]);
                } else {
                    bodies.send(read_all(request).await.expect("read")).expect("legal");
                    answer(&mut reply, &[b"ok"], &[("grpc-status", "0")]);
                }
            }
        })
        .await;
    let channel = world.channel(&retry_config(3, ""));
    let (handle, mut events) = start(&channel, CallKind::ClientStreaming, None);
    for number in b'a'..=b'h' {
        handle.send(Bytes::copy_from_slice(&[number])).await.expect("sent");
        proofmark_transport::clock::sleep(ms(30)).await;
    }
    handle.half_close();
    assert_code(&finish(&mut events).await, Code::Ok);
    let expected: Vec<u8> = (b'a'..=b'h').flat_map(|number| frame(&[number])).collect();
    assert_eq!(seen.recv().await, Some(expected));
}

#[tokio::test(start_paused = true)]
async fn one_deadline_spans_all_attempts() {
    let world = World::new();
    world
        .serve(1, |number, request, mut reply| async move {
            let _ = read_all(request).await;
            if number == 1 {
                proofmark_transport::clock::sleep(ms(400)).await;
                return trailers_only(&mut reply, &[("grpc-status", "14")]);
            }
            let reason = std::future::poll_fn(|cx| reply.poll_reset(cx)).await.expect("a reset");
            assert_eq!(reason, h2::Reason::CANCEL);
        })
        .await;
    let channel = world.channel(&retry_config(5, ""));
    let (_handle, mut events) = start(&channel, CallKind::Unary, Some(ms(1000)));
    assert_code(&finish(&mut events).await, Code::DeadlineExceeded);
    assert_eq!(world.elapsed(), ms(1000));
    let seen = world.requests();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].header("grpc-timeout"), Some("1000000u"));
    let second: u64 = seen[1].header("grpc-timeout").and_then(|text| text.strip_suffix('u')).expect("u").parse().expect("legal");
    assert!((479_000..=521_000).contains(&second), "{second}");
}

#[tokio::test(start_paused = true)]
async fn a_backoff_beyond_the_deadline_ends_at_the_deadline() {
    let world = World::new();
    failing(&world, 100, &[("grpc-retry-pushback-ms", "2000")]).await;
    let channel = world.channel(&retry_config(5, ""));
    let (_handle, mut events) = start(&channel, CallKind::Unary, Some(ms(500)));
    assert_code(&finish(&mut events).await, Code::DeadlineExceeded);
    assert_eq!(world.elapsed(), ms(500));
    proofmark_transport::clock::sleep(ms(3000)).await;
    assert_eq!(world.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn cancelling_in_a_backoff_sends_nothing_more() {
    let world = World::new();
    failing(&world, 100, &[("grpc-retry-pushback-ms", "600")]).await;
    let channel = world.channel(&retry_config(5, ""));
    let (handle, mut events) = start(&channel, CallKind::Unary, None);
    proofmark_transport::clock::sleep(ms(200)).await;
    handle.cancel();
    assert_code(&finish(&mut events).await, Code::Cancelled);
    assert_eq!(world.elapsed(), ms(200));
    proofmark_transport::clock::sleep(ms(2000)).await;
    assert_eq!(world.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn throttling_is_shared_and_refills() {
    let world = World::new();
    world
        .serve(1, |_, request, mut reply| async move {
            let good = request.uri().path() == "/t.S/Good";
            let _ = read_all(request).await;
            match good {
                true => answer(&mut reply, &[b""], &[("grpc-status", "0")]),
                false => trailers_only(&mut reply, &[("grpc-status", "14")]),
            }
        })
        .await;
    let channel = world.channel(&retry_config(5, r#", "retryThrottling": {"maxTokens": 4, "tokenRatio": 0.5}"#));
    let mut counts = Vec::new();
    for (path, times) in [("/t.S/Bad", 1), ("/t.S/Bad", 1), ("/t.S/Good", 5), ("/t.S/Bad", 1)] {
        let before = world.requests().len();
        for _ in 0..times {
            let (_handle, mut events) = channel.start(CallOptions::new(path, CallKind::Unary)).expect("started");
            finish(&mut events).await;
        }
        counts.push(world.requests().len() - before);
    }
    // 4 3 2 | 1 | 3.5 | 2.5 1.5
    assert_eq!(counts, [2, 1, 5, 2]);
}

#[rstest]
#[case(1, Code::Ok, 2)]
#[case(100, Code::Unavailable, 2)]
#[tokio::test(start_paused = true)]
async fn a_refused_stream_is_repeated_once_at_once(#[case] refusals: usize, #[case] code: Code, #[case] streams: usize) {
    let world = World::new();
    world
        .serve(1, move |number, request, mut reply| async move {
            let _ = read_all(request).await;
            if number <= refusals {
                return reply.send_reset(h2::Reason::REFUSED_STREAM);
            }
            answer(&mut reply, &[b"ok"], &[("grpc-status", "0")]);
        })
        .await;
    assert_code(&unary(&world.channel("{}")).await, code);
    let seen = world.requests();
    assert_eq!(seen.len(), streams);
    assert_eq!(world.elapsed(), ms(0));
    assert!(seen.iter().all(|seen| seen.header("grpc-previous-rpc-attempts").is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_retried_on_a_new_one_under_the_policy() {
    let world = World::new();
    world
        .raw(1, |connection, mut raw| async move {
            raw.greet(&[]).await;
            let stream = raw.request().await;
            if connection > 1 {
                raw.answer(stream, b"ok", "0").await;
                raw.drain().await;
            }
        })
        .await;
    let saw = unary(&world.channel(&retry_config(3, ""))).await;
    assert_code(&saw, Code::Ok);
    assert!((80..=121).contains(&world.elapsed().as_millis()), "{:?}", world.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_backend_is_retried_under_the_policy() {
    let world = World::new();
    let saw = unary(&world.channel(&retry_config(3, ""))).await;
    assert_code(&saw, Code::Unavailable);
    assert!(saw.outcome.message.contains("connection refused"), "{saw:?}");
    let waited = world.elapsed().as_millis();
    assert!((240..=362).contains(&waited), "{waited}");
}

#[tokio::test(start_paused = true)]
async fn a_policy_put_in_from_outside_decides() {
    #[derive(Debug)]
    struct OneMore;
    impl RetryRules for OneMore {
        fn attempts_left(&self, policy: &proofmark_client::config::RetryPolicy, made: proofmark_client::policy::Made) -> bool {
            made.counted <= policy.max_attempts
        }
        fn retryable(&self, policy: &proofmark_client::config::RetryPolicy, end: &AttemptEnd) -> bool {
            Standard.retryable(policy, end)
        }
    }
    let world = World::new();
    failing(&world, 100, &[]).await;
    let policies = Policies { retry: Arc::new(OneMore), ..Policies::default() };
    let channel = Channel::open(Options { service_config: Some(retry_config(3, "")), policies, ..world.options(&[1]) }).expect("opened");
    assert_code(&unary(&channel).await, Code::Unavailable);
    assert_eq!(world.requests().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_overflow_between_attempts_makes_one_whole_last_attempt() {
    let world = World::new();
    let (bodies, mut seen) = tokio::sync::mpsc::unbounded_channel();
    world
        .serve(1, move |number, request, mut reply| {
            let bodies = bodies.clone();
            async move {
                if number == 1 {
                    let mut body = request.into_body();
                    body.data().await.expect("data").expect("data");
                } else {
                    bodies.send(read_all(request).await.expect("read")).expect("taken");
                }
                trailers_only(&mut reply, &[("grpc-status", "14"), ("grpc-retry-pushback-ms", "600")]);
            }
        })
        .await;
    let options = Options { service_config: Some(retry_config(4, "")), retry_buffer: Some(1024), ..world.options(&[1]) };
    let channel = Channel::open(options).expect("opened");
    let (handle, mut events) = start(&channel, CallKind::ClientStreaming, None);
    handle.send(Bytes::from_static(b"0123456789")).await.expect("sent");
    proofmark_transport::clock::sleep(ms(300)).await;
    handle.send(Bytes::from(vec![1; 4096])).await.expect("sent");
    handle.half_close();
    assert_code(&finish(&mut events).await, Code::Unavailable);
    assert_eq!(world.requests().len(), 2);
    assert_eq!(seen.recv().await, Some([frame(b"0123456789"), frame(&[1; 4096])].concat()));
}
