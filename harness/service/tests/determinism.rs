//! The same seed gives the same lines.

mod common;

use common::*;
use proofmark_service::Signal;
use serde_json::Value;

async fn run() -> (Vec<Value>, Vec<Value>) {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    for n in 0..5 {
        client.call(CREATE, &[("x-proofmark-call", "c/1")], &create("Ada", &format!("{n}@b"))).await;
    }
    let calls = (0..20).map(|n| {
        let client = &client;
        async move {
            let words = format!("sleep-ms-{},messages-1", n % 3);
            client.call(GET, &[("x-proofmark-call", "g/1"), ("rpc-behavior", &words)], &get("")).await.status()
        }
    });
    futures_util::future::join_all(calls).await;
    bench.server.signal(Signal::Term);
    bench.server.wait_exit().await;
    (bench.lines.hooks(), bench.lines.logs())
}

#[tokio::test(start_paused = true)]
async fn two_runs_with_one_seed_say_the_same() {
    let (first, second) = (run().await, run().await);
    assert_eq!(first.0.len(), second.0.len());
    assert_eq!(first.1, second.1);
}
