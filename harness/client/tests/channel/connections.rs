//! GOAWAY, stream limits, keepalive, load balancing, backoff.

use proofmark_client::{CallEvent, CallKind, CallOptions, Channel, Code, Keepalive, Options, ReadMode};
use proofmark_transport::Network;
use proofmark_transport::clock::sleep;
use rstest::rstest;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::support::*;

async fn ok_server(world: &World, port: u16) {
    world
        .serve(port, move |_, request, mut reply| async move {
            let _ = read_all(request).await;
            answer(&mut reply, &[&port.to_be_bytes()], &[("grpc-status", "0")]);
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn streams_above_a_goaway_are_repeated_on_a_new_connection() {
    let world = World::new();
    world
        .raw(1, |connection, mut raw| async move {
            raw.greet(&[]).await;
            let stream = raw.request().await;
            match connection {
                1 => raw.goaway(0, 0, b"").await,
                _ => raw.answer(stream, b"ok", "0").await,
            }
            raw.drain().await;
        })
        .await;
    assert_code(&unary(&world.channel("{}")).await, Code::Ok);
    assert_eq!(world.elapsed(), ms(0));
}

#[rstest]
#[case(true, Code::Ok)]
#[case(false, Code::Unavailable)]
#[tokio::test(start_paused = true)]
async fn streams_below_a_goaway_go_on_and_are_not_repeated(#[case] answers: bool, #[case] code: Code) {
    let world = World::new();
    let connections = Arc::new(Mutex::new(0));
    let counted = connections.clone();
    world
        .raw(1, move |connection, mut raw| {
            *counted.lock().expect("unpoisoned") = connection;
            async move {
                raw.greet(&[]).await;
                let stream = raw.request().await;
                raw.goaway(0x7fff_ffff, 0, b"").await;
                raw.send(PING, 0, 0, b"12345678").await;
                let pong = raw.await_kind(PING).await;
                assert_eq!((pong.flags, &pong.payload[..]), (1, &b"12345678"[..]));
                raw.goaway(1, 0, b"").await;
                sleep(ms(300)).await;
                if answers {
                    raw.answer(stream, b"ok", "0").await;
                    raw.drain().await;
                }
            }
        })
        .await;
    assert_code(&unary(&world.channel("{}")).await, code);
    assert_eq!(*connections.lock().expect("unpoisoned"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_goaway_lowers_the_limit_and_new_calls_go_elsewhere() {
    let world = World::new();
    world
        .raw(1, |connection, mut raw| async move {
            raw.greet(&[]).await;
            if connection > 1 {
                loop {
                    let stream = raw.request().await;
                    raw.answer(stream, b"second", "0").await;
                }
            }
            raw.requests(3).await;
            raw.goaway(0x7fff_ffff, 0, b"").await;
            sleep(ms(50)).await;
            raw.goaway(3, 0, b"").await;
            sleep(ms(50)).await;
            raw.answer(1, b"first", "0").await;
            raw.answer(3, b"first", "0").await;
            raw.drain().await;
        })
        .await;
    let channel = world.channel("{}");
    let mut calls: Vec<_> = (0..3).map(|_| start(&channel, CallKind::Unary, None)).collect();
    sleep(ms(20)).await;
    // after the first GOAWAY, while three calls are open
    let saw = unary(&channel).await;
    assert_eq!((saw.messages[0].as_ref(), world.elapsed()), (&b"second"[..], ms(20)));
    let mut answers = Vec::new();
    for (_, events) in &mut calls {
        answers.push(finish(events).await.messages.remove(0));
    }
    assert_eq!(answers, ["first", "first", "second"]);
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_stream_limit_wait_here() {
    let world = World::new();
    let open = Arc::new(Mutex::new((0_usize, 0_usize)));
    let counted = open.clone();
    let mut builder = h2::server::Builder::new();
    builder.max_concurrent_streams(1);
    world
        .serve_with(1, builder, move |_, request, mut reply| {
            let counted = counted.clone();
            async move {
                {
                    let mut open = counted.lock().expect("unpoisoned");
                    open.0 += 1;
                    open.1 = open.1.max(open.0);
                }
                let _ = read_all(request).await;
                sleep(ms(100)).await;
                counted.lock().expect("unpoisoned").0 -= 1;
                answer(&mut reply, &[b""], &[("grpc-status", "0")]);
            }
        })
        .await;
    let channel = world.channel("{}");
    let mut calls: Vec<_> = (0..10).map(|_| start(&channel, CallKind::Unary, None)).collect();
    let (_handle, mut short) = start(&channel, CallKind::Unary, Some(ms(50)));
    assert_code(&finish(&mut short).await, Code::DeadlineExceeded);
    assert_eq!(world.elapsed(), ms(50));
    for (_, events) in &mut calls {
        assert_code(&finish(events).await, Code::Ok);
    }
    assert_eq!((world.elapsed(), world.requests().len(), open.lock().expect("unpoisoned").1), (ms(1000), 10, 1));
}

#[tokio::test(start_paused = true)]
async fn a_queued_call_moves_when_its_connection_ends() {
    let world = World::new();
    world
        .raw(1, |connection, mut raw| async move {
            raw.greet(&[(3, 1)]).await;
            let stream = raw.request().await;
            if connection == 1 {
                sleep(ms(100)).await;
                return;
            }
            raw.answer(stream, b"", "0").await;
            raw.drain().await;
        })
        .await;
    let channel = world.channel("{}");
    let (_first, mut first) = start(&channel, CallKind::Unary, None);
    let (_second, mut second) = start(&channel, CallKind::Unary, None);
    assert_code(&finish(&mut first).await, Code::Unavailable);
    assert_code(&finish(&mut second).await, Code::Ok);
}

#[tokio::test(start_paused = true)]
async fn round_robin_cycles_through_all_backends() {
    let world = World::new();
    for port in [1, 2, 3] {
        ok_server(&world, port).await;
    }
    let config = Some(r#"{"loadBalancingConfig": [{"round_robin": {}}]}"#.to_owned());
    let channel = Channel::open(Options { service_config: config, ..world.options(&[1, 2, 3]) }).expect("opened");
    sleep(ms(10)).await;
    let mut order = Vec::new();
    for _ in 0..9 {
        order.push(unary(&channel).await.messages[0][1]);
    }
    let mut counts = order.clone();
    counts.sort_unstable();
    assert_eq!(counts, [1, 1, 1, 2, 2, 2, 3, 3, 3]);
    assert_eq!(order[..3], order[3..6]);
}

#[tokio::test(start_paused = true)]
async fn pick_first_takes_the_first_that_connects_and_keeps_it() {
    let world = World::new();
    ok_server(&world, 3).await;
    ok_server(&world, 4).await;
    let channel = Channel::open(world.options(&[1, 2, 3, 4])).expect("opened");
    for _ in 0..5 {
        let saw = unary(&channel).await;
        assert_eq!(saw.messages[0].as_ref(), [0, 3]);
    }
    assert_eq!(world.requests().iter().map(|seen| seen.connection).max(), Some(1));
}

#[tokio::test(start_paused = true)]
async fn pick_first_tries_the_next_address_beside_a_silent_one() {
    let world = World::new();
    world
        .raw(1, |_, raw| async move {
            std::future::pending::<()>().await;
            drop(raw);
        })
        .await;
    ok_server(&world, 2).await;
    let channel = Channel::open(world.options(&[1, 2])).expect("opened");
    assert_code(&unary(&channel).await, Code::Ok);
    assert_eq!(world.elapsed(), ms(250));
}

#[tokio::test(start_paused = true)]
async fn wait_for_ready_waits_and_fail_fast_fails() {
    let world = World::new();
    let channel = world.channel("{}");
    assert_code(&unary(&channel).await, Code::Unavailable);
    assert_eq!(world.elapsed(), ms(0));
    let waiting = |timeout| CallOptions { wait_for_ready: Some(true), timeout, ..CallOptions::new("/t.S/M", CallKind::Unary) };
    let (_short, mut short) = channel.start(waiting(Some(ms(300)))).expect("started");
    assert_code(&finish(&mut short).await, Code::DeadlineExceeded);
    let (_long, mut long) = channel.start(waiting(None)).expect("started");
    sleep(ms(2700)).await;
    ok_server(&world, 1).await;
    assert_code(&finish(&mut long).await, Code::Ok);
    assert_eq!(world.requests().len(), 1);
    assert_eq!(world.requests()[0].header("grpc-previous-rpc-attempts"), None);
}

#[tokio::test(start_paused = true)]
async fn reconnects_back_off_from_the_start_of_an_attempt() {
    let world = World::new();
    let starts = Arc::new(Mutex::new(Vec::new()));
    let (noted, clock) = (starts.clone(), world.clone());
    world
        .raw(1, move |_, raw| {
            noted.lock().expect("unpoisoned").push(clock.elapsed().as_secs_f64());
            async move { drop(raw) }
        })
        .await;
    let channel = world.channel("{}");
    let options = CallOptions { wait_for_ready: Some(true), ..CallOptions::new("/t.S/M", CallKind::Unary) };
    let (_handle, _events) = channel.start(options).expect("started");
    sleep(Duration::from_secs(30)).await;
    let starts = starts.lock().expect("unpoisoned").clone();
    let gaps: Vec<f64> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (gap, nominal) in gaps.iter().zip([1.0, 1.6, 2.56, 4.096, 6.5536]) {
        assert!((nominal * 0.8..=nominal * 1.2 + 0.002).contains(gap), "{gaps:?}");
    }
    assert!((5..=8).contains(&starts.len()), "{starts:?}");
}

#[tokio::test(start_paused = true)]
async fn connect_time_counts_against_the_deadline() {
    let world = World::new();
    let _listener = world.network.listen(address(1)).await.expect("listening");
    let channel = world.channel("{}");
    let (_handle, mut events) = start(&channel, CallKind::Unary, Some(ms(300)));
    assert_code(&finish(&mut events).await, Code::DeadlineExceeded);
    assert_eq!(world.elapsed(), ms(300));
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_attempt_ends_after_20_seconds() {
    let world = World::new();
    let _listener = world.network.listen(address(1)).await.expect("listening");
    assert_code(&unary(&world.channel("{}")).await, Code::Unavailable);
    assert_eq!(world.elapsed(), Duration::from_secs(20));
}

fn keepalive(world: &World, without_calls: bool) -> Channel {
    let keepalive = Some(Keepalive { time: Duration::from_secs(10), timeout: Duration::from_secs(2), without_calls });
    Channel::open(Options { keepalive, ..world.options(&[1]) }).expect("opened")
}

#[tokio::test(start_paused = true)]
async fn keepalive_pings_after_silence_and_ends_a_dead_connection() {
    let world = World::new();
    let pings = Arc::new(Mutex::new(Vec::new()));
    let (noted, clock) = (pings.clone(), world.clone());
    world
        .raw(1, move |_, mut raw| {
            let (noted, clock) = (noted.clone(), clock.clone());
            async move {
                raw.greet(&[]).await;
                raw.request().await;
                for answered in 0.. {
                    let ping = raw.await_kind(PING).await;
                    noted.lock().expect("unpoisoned").push(clock.elapsed().as_secs());
                    if answered < 2 {
                        raw.send(PING, 1, 0, &ping.payload).await;
                    }
                }
            }
        })
        .await;
    let saw = unary(&keepalive(&world, false)).await;
    assert_code(&saw, Code::Unavailable);
    assert!(saw.outcome.message.contains("keepalive"), "{saw:?}");
    assert_eq!((pings.lock().expect("unpoisoned").clone(), world.elapsed()), (vec![10, 20, 30], Duration::from_secs(32)));
}

#[rstest]
#[case(false, 0)]
#[case(true, 5)]
#[tokio::test(start_paused = true)]
async fn keepalive_without_calls_is_an_option(#[case] without_calls: bool, #[case] expected: usize) {
    let world = World::new();
    let pings = Arc::new(Mutex::new(0));
    let noted = pings.clone();
    world
        .raw(1, move |_, mut raw| {
            let noted = noted.clone();
            async move {
                raw.greet(&[]).await;
                let stream = raw.request().await;
                raw.answer(stream, b"", "0").await;
                while let Some(frame) = raw.next().await {
                    if frame.kind == PING {
                        *noted.lock().expect("unpoisoned") += 1;
                        raw.send(PING, 1, 0, &frame.payload).await;
                    }
                }
            }
        })
        .await;
    let channel = keepalive(&world, without_calls);
    assert_code(&unary(&channel).await, Code::Ok);
    sleep(Duration::from_secs(55)).await;
    assert_eq!(*pings.lock().expect("unpoisoned"), expected);
}

#[tokio::test(start_paused = true)]
async fn closing_ends_calls_and_connections() {
    let world = World::new();
    let (sender, mut closed) = tokio::sync::mpsc::unbounded_channel();
    world
        .raw(1, move |_, mut raw| {
            let sender = sender.clone();
            async move {
                raw.greet(&[]).await;
                raw.drain().await;
                sender.send(()).expect("legal");
            }
        })
        .await;
    let channel = world.channel("{}");
    let (_handle, mut events) = start(&channel, CallKind::Unary, None);
    sleep(ms(100)).await;
    channel.close();
    assert_code(&finish(&mut events).await, Code::Cancelled);
    closed.recv().await.expect("closed");
    assert_code(&unary(&channel).await, Code::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn dropping_everything_closes_the_connection() {
    let world = World::new();
    let (sender, mut closed) = tokio::sync::mpsc::unbounded_channel();
    world
        .raw(1, move |_, mut raw| {
            let sender = sender.clone();
            async move {
                raw.greet(&[]).await;
                let stream = raw.request().await;
                raw.answer(stream, b"", "0").await;
                raw.drain().await;
                sender.send(()).expect("legal");
            }
        })
        .await;
    let channel = world.channel("{}");
    assert_code(&unary(&channel).await, Code::Ok);
    drop(channel);
    closed.recv().await.expect("closed");
    sleep(ms(1)).await;
    // the listener's task alone is left
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 1);
}

#[tokio::test(start_paused = true)]
async fn reading_on_demand_withholds_the_window() {
    let world = World::new();
    let sent = Arc::new(Mutex::new(0_usize));
    let noted = sent.clone();
    world
        .serve(1, move |_, _, mut reply| {
            let noted = noted.clone();
            async move {
                let response = http::Response::builder().header("content-type", "application/grpc").body(()).expect("legal");
                let mut stream = reply.send_response(response, false).expect("legal");
                for _ in 0..40 {
                    let mut message = frame(&[7; 65_531]);
                    while !message.is_empty() {
                        stream.reserve_capacity(message.len());
                        let Some(Ok(room)) = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await else {
                            return;
                        };
                        let part = message.split_to(room.min(message.len()));
                        *noted.lock().expect("unpoisoned") += part.len();
                        stream.send_data(part, false).expect("legal");
                    }
                }
                let mut trailers = http::HeaderMap::new();
                trailers.insert("grpc-status", "0".parse().expect("legal"));
                stream.send_trailers(trailers).expect("legal");
            }
        })
        .await;
    let channel = world.channel("{}");
    let options = CallOptions { read: ReadMode::OnDemand, ..CallOptions::new("/t.S/M", CallKind::ServerStreaming) };
    let (handle, mut events) = channel.start(options).expect("started");
    assert!(matches!(events.next().await, Some(CallEvent::Headers(_))));
    sleep(ms(100)).await;
    assert_eq!(*sent.lock().expect("unpoisoned"), 256 * 1024);
    handle.read(1);
    assert!(matches!(events.next().await, Some(CallEvent::Message(_))));
    sleep(ms(100)).await;
    let after = *sent.lock().expect("unpoisoned");
    assert!(after <= 2 * 256 * 1024, "{after}");
    handle.read(100);
    let saw = finish(&mut events).await;
    assert_code(&saw, Code::Ok);
    assert_eq!(saw.messages.len(), 39);
}
