//! The same seed gives the same harm, and harmless proxies change nothing.

use std::time::Duration;

use proofmark_transport::Seed;
use proofmark_transport::clock::now;
use proofmark_transport::fault::{Corrupt, Direction, Kind, Latency, Slice};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Bench, Net, along, expect_fin, pattern, run_simulated, send};

/// When what arrived.
fn arrivals(seed: Seed, kind: impl Kind + 'static) -> Vec<(Duration, Vec<u8>)> {
    let mut seen = Vec::new();
    run_simulated(|net: Net| async {
        let mut bench = Bench::with_seed(net, seed).await;
        bench.arm(kind, Direction::Both);
        let (mut client, mut server) = bench.connection().await;
        let began = now();
        for _ in 0..20 {
            send(&mut client, &pattern(9)).await;
            let mut bytes = vec![0; 9];
            server.read_exact(&mut bytes).await.unwrap();
            seen.push((began.elapsed(), bytes));
        }
    });
    seen
}

#[test]
fn jitter_is_the_same_for_the_same_seed() {
    let latency = Latency { delay: Duration::from_millis(5), jitter: Duration::from_millis(40) };
    assert_eq!(arrivals(Seed(1), latency), arrivals(Seed(1), latency));
    assert_ne!(arrivals(Seed(1), latency), arrivals(Seed(2), latency));
}

#[test]
fn corruption_is_the_same_for_the_same_seed() {
    let corrupted = |seed| arrivals(Seed(seed), Corrupt { after: 30 });
    assert_eq!(corrupted(1), corrupted(1));
    assert!((2..20).any(|seed| corrupted(seed) != corrupted(1)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn slices_and_latency_never_change_the_bytes(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4000), 0..12),
        size in prop::option::of(1_usize..2000),
        delay in prop::option::of((0_u64..40, 0_u64..40)),
        upstream in any::<bool>(),
    ) {
        let wanted = chunks.concat();
        let mut seen = Vec::new();
        run_simulated(|net| async {
            let mut bench = Bench::new(net).await;
            if let Some(size) = size {
                bench.arm(Slice { size, every: Duration::from_millis(1) }, Direction::Both);
            }
            if let Some((delay, jitter)) = delay {
                let latency = Latency { delay: Duration::from_millis(delay), jitter: Duration::from_millis(jitter) };
                bench.proxy.arm(proofmark_transport::fault::Fault {
                    name: "late".into(),
                    kind: std::rc::Rc::new(latency),
                    connection: None,
                    direction: Direction::Both,
                });
            }
            let way = if upstream { Direction::Upstream } else { Direction::Downstream };
            let (mut sender, mut receiver) = along(way, bench.connection().await);
            let write = async {
                for chunk in &chunks {
                    send(&mut sender, chunk).await;
                    tokio::task::yield_now().await;
                }
                sender.shutdown().await.unwrap();
            };
            let (_, read) = tokio::join!(write, receiver.read_to_end(&mut seen));
            read.unwrap();
            expect_fin(&mut receiver).await;
        });
        prop_assert_eq!(seen, wanted);
    }
}
