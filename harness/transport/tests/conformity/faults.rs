//! Every kind of fault, in both directions where that means something, on both networks.

use std::io::ErrorKind;
use std::time::Duration;

use proofmark_transport::clock::{now, sleep, timeout};
use proofmark_transport::fault::{
    Bandwidth, Close, Corrupt, Cut, Direction, Down, HalfClose, Latency, NeverAccept, Refuse, Reset, ResetAtHandshake, Silent, Slice, Stall,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Bench, Net, WAYS, along, expect, expect_fin, expect_quiet, expect_reset, pattern, send};

const MS: Duration = Duration::from_millis(1);

on_both_networks! {
    async fn refuse_ends_when_it_is_lifted(net: Net) {
        let mut bench = Bench::new(net).await;
        let (mut client, mut server) = bench.connection().await;
        bench.arm(Refuse, Direction::Both);
        assert_eq!(*bench.fired.borrow(), [("harm".to_owned(), None)]);
        assert_eq!(bench.dial().await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        send(&mut client, b"old").await;
        expect(&mut server, b"old").await;
        bench.lift();
        let (mut client, mut server) = bench.connection().await;
        send(&mut client, b"new").await;
        expect(&mut server, b"new").await;
    }

    async fn refuse_of_the_second_connection_spares_the_first(net: Net) {
        let mut bench = Bench::new(net).await;
        bench.arm_one(Refuse, Direction::Both, Some(2));
        let _first = bench.connection().await;
        assert_eq!(bench.dial().await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }

    async fn never_accept_lets_in_when_it_is_lifted(net: Net) {
        let mut bench = Bench::new(net).await;
        bench.arm(NeverAccept, Direction::Both);
        assert_eq!(bench.fired(), 1);
        let mut client = bench.dial().await.unwrap();
        send(&mut client, b"hello").await;
        assert!(timeout(60 * MS, bench.listener.accept()).await.is_err());
        bench.lift();
        let (mut server, _) = bench.listener.accept().await.unwrap();
        expect(&mut server, b"hello").await;
    }

    async fn silent_reads_and_writes_nothing_until_it_is_lifted(net: Net) {
        let mut bench = Bench::new(net).await;
        let (mut old, mut old_server) = bench.connection().await;
        bench.arm(Silent, Direction::Both);
        let (mut client, mut server) = bench.connection().await;
        send(&mut client, b"up").await;
        send(&mut server, b"down").await;
        expect_quiet(&mut server).await;
        expect_quiet(&mut client).await;
        assert_eq!(*bench.fired.borrow(), [("harm".to_owned(), Some(2))]);
        send(&mut old, b"old").await;
        expect(&mut old_server, b"old").await;
        bench.lift();
        expect(&mut server, b"up").await;
        expect(&mut client, b"down").await;
    }

    async fn reset_at_handshake_resets_at_the_first_bytes(net: Net) {
        for way in WAYS {
            let mut bench = Bench::new(net.clone()).await;
            bench.arm(ResetAtHandshake, way);
            let (mut sender, mut receiver) = along(way, bench.connection().await);
            expect_quiet(&mut receiver).await;
            assert_eq!(bench.fired(), 0);
            send(&mut sender, b"PRI").await;
            expect_reset(&mut sender).await;
            expect_reset(&mut receiver).await;
            assert_eq!(bench.fired(), 1);
        }
    }

    async fn down_ends_connections_and_refuses_new_ones(net: Net) {
        for close in [Close::Fin, Close::Rst] {
            let mut bench = Bench::new(net.clone()).await;
            let (mut client, mut server) = bench.connection().await;
            bench.arm(Down { close }, Direction::Both);
            assert_eq!(bench.fired.borrow()[0], ("harm".to_owned(), None));
            for link in [&mut client, &mut server] {
                match close {
                    Close::Fin => expect_fin(link).await,
                    Close::Rst => expect_reset(link).await,
                }
            }
            assert_eq!(bench.dial().await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
            bench.lift();
            let (mut client, mut server) = bench.connection().await;
            send(&mut client, b"back").await;
            expect(&mut server, b"back").await;
        }
    }

    async fn latency_delays_one_direction_and_keeps_order(net: Net) {
        for way in WAYS {
            let mut bench = Bench::new(net.clone()).await;
            bench.arm(Latency { delay: 50 * MS, jitter: Duration::ZERO }, way);
            let (mut sender, mut receiver) = along(way, bench.connection().await);
            let began = now();
            send(&mut receiver, b"prompt").await;
            expect(&mut sender, b"prompt").await;
            if net.exact {
                assert_eq!(began.elapsed(), Duration::ZERO);
            }
            let began = now();
            send(&mut sender, b"one").await;
            sleep(20 * MS).await;
            send(&mut sender, b"two").await;
            expect(&mut receiver, b"one").await;
            net.took(began.elapsed(), 50 * MS);
            expect(&mut receiver, b"two").await;
            net.took(began.elapsed(), 70 * MS);
            sender.shutdown().await.unwrap();
            let ended = now();
            expect_fin(&mut receiver).await;
            net.took(ended.elapsed(), 50 * MS);
            assert_eq!(*bench.fired.borrow(), [("harm".to_owned(), Some(1))]);
        }
    }

    async fn latency_does_not_limit_throughput(net: Net) {
        let mut bench = Bench::new(net.clone()).await;
        bench.arm(Latency { delay: 100 * MS, jitter: Duration::ZERO }, Direction::Upstream);
        let (mut client, mut server) = bench.connection().await;
        let bytes = pattern(1 << 20);
        let began = now();
        tokio::join!(send(&mut client, &bytes), expect(&mut server, &bytes));
        net.took(began.elapsed(), 100 * MS);
    }

    async fn bandwidth_spreads_bytes_over_time(net: Net) {
        for way in WAYS {
            let mut bench = Bench::new(net.clone()).await;
            bench.arm(Bandwidth { per_second: 10_000 }, way);
            let (mut sender, mut receiver) = along(way, bench.connection().await);
            let bytes = pattern(2000);
            let began = now();
            send(&mut sender, &bytes).await;
            expect(&mut receiver, &bytes[..1000]).await;
            net.took(began.elapsed(), 100 * MS);
            expect(&mut receiver, &bytes[1000..]).await;
            net.took(began.elapsed(), 200 * MS);
            assert_eq!(bench.fired(), 1);
        }
    }

    async fn slice_sends_pieces(net: Net) {
        for way in WAYS {
            let mut bench = Bench::new(net.clone()).await;
            bench.arm(Slice { size: 4, every: 10 * MS }, way);
            let (mut sender, mut receiver) = along(way, bench.connection().await);
            let began = now();
            send(&mut sender, &pattern(17)).await;
            let mut seen = Vec::new();
            while seen.len() < 17 {
                let count = receiver.read_buf(&mut seen).await.unwrap();
                assert!(!net.exact || count <= 4, "a piece of {count}");
            }
            net.took(began.elapsed(), 40 * MS);
            assert_eq!(seen, pattern(17));
            assert_eq!(bench.fired(), 1);
        }
    }

    async fn slice_without_time_between_still_sends_pieces(net: Net) {
        let mut bench = Bench::new(net.clone()).await;
        bench.arm(Slice { size: 3, every: Duration::ZERO }, Direction::Upstream);
        let (mut client, mut server) = bench.connection().await;
        send(&mut client, &pattern(30)).await;
        let (mut seen, mut reads) = (Vec::new(), 0);
        while seen.len() < 30 {
            server.read_buf(&mut seen).await.unwrap();
            reads += 1;
        }
        assert!(!net.exact || reads == 10, "{reads} reads");
    }

    async fn stall_holds_everything_back_until_it_is_lifted(net: Net) {
        for way in WAYS {
            let mut bench = Bench::new(net.clone()).await;
            let (mut sender, mut receiver) = along(way, bench.connection().await);
            bench.arm(Stall, way);
            send(&mut receiver, b"other way").await;
            expect(&mut sender, b"other way").await;
            assert_eq!(bench.fired(), 0);
            send(&mut sender, b"held").await;
            sender.shutdown().await.unwrap();
            expect_quiet(&mut receiver).await;
            assert_eq!(*bench.fired.borrow(), [("harm".to_owned(), Some(1))]);
            bench.lift();
            expect(&mut receiver, b"held").await;
            expect_fin(&mut receiver).await;
        }
    }

    async fn stall_pushes_the_sender_back(net: Net) {
        let mut bench = Bench::new(net).await;
        let (mut client, mut server) = bench.connection().await;
        bench.arm(Stall, Direction::Upstream);
        let bytes = pattern(64 << 20);
        let mut sent = 0;
        while let Ok(written) = timeout(200 * MS, client.write(&bytes[sent..])).await {
            sent += written.unwrap();
            assert!(sent < 32 << 20, "nobody pushes back");
        }
        bench.proxy.lift_all();
        expect(&mut server, &bytes[..sent]).await;
    }

    async fn half_close_ends_one_direction(net: Net) {
        for way in WAYS {
            let mut bench = Bench::new(net.clone()).await;
            let (mut sender, mut receiver) = along(way, bench.connection().await);
            bench.arm(HalfClose, way);
            expect_fin(&mut receiver).await;
            send(&mut sender, b"lost").await;
            send(&mut receiver, b"other way").await;
            expect(&mut sender, b"other way").await;
            assert_eq!(bench.fired(), 1);
        }
    }

    async fn reset_reaches_both_ends(net: Net) {
        let mut bench = Bench::new(net).await;
        let (mut client, mut server) = bench.connection().await;
        bench.arm_one(Reset, Direction::Both, Some(1));
        expect_reset(&mut client).await;
        expect_reset(&mut server).await;
        assert_eq!(bench.fired(), 1);
        let (mut client, mut server) = bench.connection().await;
        send(&mut client, b"second").await;
        expect(&mut server, b"second").await;
        assert_eq!(bench.fired(), 1);
    }

    async fn cut_counts_from_when_it_began(net: Net) {
        for way in WAYS {
            let mut bench = Bench::new(net.clone()).await;
            let (mut sender, mut receiver) = along(way, bench.connection().await);
            send(&mut sender, b"before").await;
            expect(&mut receiver, b"before").await;
            bench.arm(Cut { after: 5 }, way);
            send(&mut sender, b"123").await;
            expect(&mut receiver, b"123").await;
            assert_eq!(bench.fired(), 0);
            send(&mut sender, b"45678").await;
            expect(&mut receiver, b"45").await;
            expect_fin(&mut receiver).await;
            expect_fin(&mut sender).await;
            assert_eq!(bench.fired(), 1);
        }
    }

    async fn corrupt_turns_one_bit_once(net: Net) {
        for way in WAYS {
            let mut bench = Bench::new(net.clone()).await;
            bench.arm(Corrupt { after: 20_000 }, way);
            let (mut sender, mut receiver) = along(way, bench.connection().await);
            let bytes = pattern(50_000);
            let mut seen = vec![0; bytes.len()];
            let (_, read) = tokio::join!(send(&mut sender, &bytes), receiver.read_exact(&mut seen));
            read.unwrap();
            let differing: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != seen[*at]).collect();
            assert_eq!(differing, [20_000]);
            assert_eq!((bytes[20_000] ^ seen[20_000]).count_ones(), 1);
            assert_eq!(bench.fired(), 1);
        }
    }

    async fn fin_and_reset_are_carried_over(net: Net) {
        for way in WAYS {
            let mut bench = Bench::new(net.clone()).await;
            let (mut sender, mut receiver) = along(way, bench.connection().await);
            send(&mut sender, b"end").await;
            sender.shutdown().await.unwrap();
            expect(&mut receiver, b"end").await;
            expect_fin(&mut receiver).await;
            send(&mut receiver, b"answer").await;
            expect(&mut sender, b"answer").await;
            let (mut sender, mut receiver) = along(way, bench.connection().await);
            sender.reset_on_drop();
            drop(sender);
            expect_reset(&mut receiver).await;
        }
    }

    async fn a_target_that_refuses_resets_the_client(net: Net) {
        let bench = Bench::new(net.clone()).await;
        let gone = net.listen().await.address();
        bench.proxy.retarget(gone);
        let mut client = bench.dial().await.unwrap();
        expect_reset(&mut client).await;
    }

    async fn lift_all_resumes_and_later_connections_pass(net: Net) {
        let mut bench = Bench::new(net).await;
        let (mut client, mut server) = bench.connection().await;
        bench.arm(Stall, Direction::Both);
        send(&mut client, b"held").await;
        expect_quiet(&mut server).await;
        bench.proxy.lift_all();
        expect(&mut server, b"held").await;
        let (mut client, mut server) = bench.connection().await;
        send(&mut server, b"fresh").await;
        expect(&mut client, b"fresh").await;
    }
}
