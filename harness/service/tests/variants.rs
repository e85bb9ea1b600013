//! Policies from outside: each deviates, and a caller sees it.

mod common;

use std::sync::Arc;

use common::*;
use proofmark_service::policy::{
    CancelPolicy, DeadlinePolicy, ErrorPolicy, HealthPolicy, Loss, MetadataPolicy, Part, Reaction, ShutdownPolicy, Stage, Step,
};
use proofmark_service::user::Method;
use proofmark_service::{DomainError, ExitStatus, Policies, Settings, Signal};
use proofmark_transport::Network;
use proofmark_transport::clock::{Instant, sleep};
use rstest::rstest;
use tonic::Status;

async fn bench(change: impl FnOnce(&mut Policies)) -> Bench {
    Bench::with(Settings::default(), |environment| change(&mut environment.policies)).await
}

#[derive(Debug)]
struct Deadlines(fn(Stage) -> bool, bool);

impl DeadlinePolicy for Deadlines {
    fn holds(&self, _path: &str, stage: Stage) -> bool {
        (self.0)(stage)
    }

    fn drops_handler(&self, _path: &str) -> bool {
        self.1
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_does_not_hold() {
    let bench = bench(|policies| policies.deadline = Arc::new(Deadlines(|_| false, true))).await;
    let client = bench.connect().await;
    let begun = Instant::now();
    let outcome = client.call(GET, &[("grpc-timeout", "200m"), ("rpc-behavior", "sleep-5,messages-1")], &get("")).await;
    assert_eq!((outcome.status(), begun.elapsed()), (0, millis(5000)));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_outlives_its_deadline() {
    let bench = bench(|policies| policies.deadline = Arc::new(Deadlines(|_| true, false))).await;
    let client = bench.connect().await;
    let fields = [("grpc-timeout", "200m"), ("rpc-behavior", "sleep-5,messages-1"), ("x-proofmark-call", "late/1")];
    assert_eq!(client.call(GET, &fields, &get("")).await.status(), 4);
    sleep(millis(5000)).await;
    assert_eq!((bench.hooks("cancelled").len(), bench.hooks("end")[0]["code"].as_i64()), (0, Some(0)));
}

#[derive(Debug)]
struct Deaf(Reaction);

impl CancelPolicy for Deaf {
    fn react(&self, _path: &str, _loss: Loss) -> Reaction {
        self.0
    }
}

#[rstest]
#[case(Reaction::Run, false)]
#[case(Reaction::EndInput, true)]
#[tokio::test(start_paused = true)]
async fn a_reset_that_the_handler_misses(#[case] reaction: Reaction, #[case] clean: bool) {
    let bench = bench(|policies| policies.cancel = Arc::new(Deaf(reaction))).await;
    let client = bench.connect().await;
    let mut call = client.open(BATCH, &[("x-proofmark-call", "deaf/1")]).await;
    call.send(&create("Ada", "a@b"));
    sleep(millis(10)).await;
    call.reset(h2::Reason::CANCEL);
    sleep(millis(10)).await;
    assert_eq!((bench.hooks("cancelled").len(), bench.hooks("read")[0]["clean"].as_bool()), (0, Some(clean)));
}

#[derive(Debug)]
struct Constant;

impl ErrorPolicy for Constant {
    fn domain(&self, _method: Method, error: &DomainError) -> Status {
        Status::internal(error.to_string())
    }
}

impl MetadataPolicy for Constant {
    fn sent(&self, _part: Part, own: http::HeaderMap) -> http::HeaderMap {
        own
    }
}

#[tokio::test(start_paused = true)]
async fn errors_and_reserved_keys_that_go_wrong() {
    let bench = bench(|policies| {
        policies.error = Arc::new(Constant);
        policies.metadata = Arc::new(Constant);
    })
    .await;
    let client = bench.connect().await;
    assert_eq!(client.call(GET, &[], &get("nope")).await.status(), 13);
    let fields = [("rpc-behavior", "error-code-5"), ("rpc-behavior-trailers-bin", "Z3JwYy1zdGF0dXM6IDAK")];
    let outcome = client.call(GET, &fields, &get("")).await;
    assert_eq!(outcome.end.get_all("grpc-status").iter().collect::<Vec<_>>(), ["0", "5"]);
}

#[derive(Debug)]
struct Blunt;

impl ShutdownPolicy for Blunt {
    fn plan(&self) -> Vec<Step> {
        vec![Step::GoAway, Step::NotServing, Step::Force, Step::CloseStore]
    }

    fn exit_status(&self, _forced: bool) -> u8 {
        143
    }
}

impl HealthPolicy for Blunt {
    fn latches(&self) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_in_another_order() {
    let bench = bench(|policies| {
        policies.shutdown = Arc::new(Blunt);
        policies.health = Arc::new(Blunt);
    })
    .await;
    let client = bench.connect().await;
    let mut call = client.open(GET, &[("rpc-behavior", "sleep-2,messages-1")]).await;
    call.send(&get(""));
    call.half_close();
    sleep(millis(10)).await;
    bench.server.signal(Signal::Term);
    assert_eq!(call.outcome().await.status(), 14);
    assert_eq!(bench.server.wait_exit().await, ExitStatus(143));
    assert!(bench.network.connect(bench.server.address()).await.is_err());
}
