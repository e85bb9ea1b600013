//! The same seed gives the same run, and service config settings reach calls.

use std::sync::Arc;

use proofmark_client::interceptor::LogInterceptor;
use proofmark_client::policy::{DeadlineFacts, DeadlineRules};
use proofmark_client::{CallKind, CallOptions, Channel, Code, Options, Policies};
use proofmark_transport::clock::Instant;
use rstest::rstest;

use super::support::*;

/// Thirty retried calls at once over three backends with two streams each; what the servers saw, when and where.
fn run() -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let world = World::new();
        for port in [1, 2, 3] {
            let mut builder = h2::server::Builder::new();
            builder.max_concurrent_streams(2);
            world
                .serve_with(port, builder, |number, request, mut reply| async move {
                    let _ = read_all(request).await;
                    match number % 3 {
                        0 => trailers_only(&mut reply, &[("grpc-status", "14")]),
                        _ => answer(&mut reply, &[b""], &[("grpc-status", "0")]),
                    }
                })
                .await;
        }
        let config = retry_config(4, r#", "loadBalancingConfig": [{"round_robin": {}}]"#);
        let channel = Channel::open(Options { service_config: Some(config), ..world.options(&[1, 2, 3]) }).expect("opened");
        let mut calls = Vec::new();
        for number in 0..30 {
            let mut options = CallOptions { timeout: Some(ms(5000)), ..CallOptions::new("/t.S/M", CallKind::Unary) };
            options.metadata.push("x-number", number.to_string());
            calls.push(channel.start(options).expect("started"));
        }
        for (_, events) in &mut calls {
            finish(events).await;
        }
        world.requests().iter().map(|seen| format!("{seen:?}")).collect()
    })
}

#[test]
fn equal_seeds_give_equal_runs() {
    let first = run();
    assert!(first.len() > 30);
    for _ in 0..20 {
        assert_eq!(run(), first);
    }
}

#[rstest]
#[case("4s", Some(1000), 1000)]
#[case("3s", Some(10_000), 3000)]
#[case("0.5s", Some(5000), 500)]
#[case("0.500000000s", None, 500)]
#[tokio::test(start_paused = true)]
async fn the_smaller_timeout_wins(#[case] config: &str, #[case] timeout: Option<u64>, #[case] expected: u64) {
    let world = World::new();
    world
        .serve(1, |_, _, mut reply| async move {
            drop(std::future::poll_fn(|cx| reply.poll_reset(cx)).await);
        })
        .await;
    let channel = world.channel(&format!(r#"{{"methodConfig": [{{"name": [{{}}], "timeout": "{config}"}}]}}"#));
    let (_handle, mut events) = start(&channel, CallKind::Unary, timeout.map(ms));
    assert_code(&finish(&mut events).await, Code::DeadlineExceeded);
    assert_eq!(world.elapsed(), ms(expected));
    assert_eq!(world.requests()[0].header("grpc-timeout").and_then(|text| text.strip_suffix('u')), Some(&*(expected * 1000).to_string()));
}

#[tokio::test(start_paused = true)]
async fn a_rejected_config_refuses_the_channel() {
    let world = World::new();
    let config = Some(r#"{"methodConfig": [{"waitForReady": "true"}]}"#.to_owned());
    let error = Channel::open(Options { service_config: config, ..world.options(&[1]) }).expect_err("rejected");
    assert_eq!(error.to_string(), r#"service config rejected: methodConfig[0].waitForReady: true or false is wanted, not "true""#);
}

/// A deadline that starts when the request is sent, as a policy from outside.
#[tokio::test(start_paused = true)]
async fn deadline_facts_move_with_the_call() {
    #[derive(Debug)]
    struct FromHeaders;
    impl DeadlineRules for FromHeaders {
        fn enforced_at(&self, facts: &DeadlineFacts) -> Option<Instant> {
            facts.headers.map(|headers| headers + facts.timeout)
        }
    }
    let world = World::new();
    world
        .raw(1, |_, mut raw| async move {
            raw.greet(&[]).await;
            let stream = raw.request().await;
            proofmark_transport::clock::sleep(ms(700)).await;
            raw.headers(stream, false, &OK_HEAD).await;
            raw.drain().await;
        })
        .await;
    let policies = Policies { deadline: Arc::new(FromHeaders), ..Policies::default() };
    let channel = Channel::open(Options { policies, ..world.options(&[1]) }).expect("opened");
    let (_handle, mut events) = start(&channel, CallKind::Unary, Some(ms(300)));
    assert_code(&finish(&mut events).await, Code::DeadlineExceeded);
    assert_eq!(world.elapsed(), ms(1000));
}

#[tracing_test::traced_test]
#[tokio::test(start_paused = true)]
async fn a_call_is_one_log_line_whatever_its_end() {
    let world = World::new();
    let channel = Channel::open(Options { interceptors: vec![Arc::new(LogInterceptor)], ..world.options(&[1]) }).expect("opened");
    assert_code(&unary(&channel).await, Code::Unavailable);
    logs_assert(|lines: &[&str]| {
        let lines: Vec<_> = lines.iter().filter(|line| line.contains("call ended")).collect();
        match lines.as_slice() {
            [line] if line.contains("method=t.S/M code=\"UNAVAILABLE\" duration=0ms") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
}
