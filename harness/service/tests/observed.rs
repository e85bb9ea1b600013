//! What operators see: access log, spans, and their `tracing` twins.

mod common;

use common::*;
use proofmark_api::user::ListUsersRequest;
use proofmark_transport::clock::sleep;
use tracing_test::traced_test;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[tokio::test(start_paused = true)]
async fn every_call_has_exactly_one_access_line_with_its_code() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let cases = [
        (GET, "messages-1", "OK"),
        (GET, "error-code-5", "NOT_FOUND"),
        (GET, "panic", "INTERNAL"),
        (LIST, "messages-3,error-code-9", "FAILED_PRECONDITION"),
        (LIST, "messages-3,panic", "INTERNAL"),
        ("/user.v1.UserService/Nope", "messages-1", "UNIMPLEMENTED"),
    ];
    for (at, (path, words, code)) in cases.into_iter().enumerate() {
        let id = format!("r-{at}");
        let fields = [("rpc-behavior", words), ("x-request-id", &id), ("x-tenant-id", "t-1"), ("x-proofmark-call", "log/1")];
        client.call(path, &fields, &get("")).await;
        let lines: Vec<_> = bench.logs("access").into_iter().filter(|line| line["request-id"] == id).collect();
        assert_eq!(lines.len(), 1, "{words}");
        let mut line = lines[0].clone();
        assert!(line["peer"].take().as_str().unwrap().starts_with("127.0.0.1:"));
        let expected = serde_json::json!({
            "line": "access", "method": path, "code": code, "duration": "0ms", "request-id": id, "tenant-id": "t-1", "peer": null, "call": "log/1",
        });
        assert_eq!(line, expected);
    }
    let mut chat = client.open(CHAT, &[]).await;
    sleep(millis(3000)).await;
    assert_eq!(bench.logs("access").len(), cases.len());
    chat.half_close();
    chat.outcome().await;
    let last = bench.logs("access").pop().unwrap();
    assert_eq!((last["code"].as_str(), last["duration"].as_str()), (Some("OK"), Some("3000ms")));
}

#[tokio::test(start_paused = true)]
async fn a_span_is_the_child_of_its_caller() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    for (path, words, status) in [(GET, "messages-1", "OK"), (GET, "panic", "INTERNAL"), (LIST, "messages-2", "OK")] {
        client.call(path, &[("traceparent", PARENT), ("rpc-behavior", words)], &get("")).await;
        let span = bench.logs("span").pop().unwrap();
        assert_eq!(span["trace"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(span["parent"], "b7ad6b7169203331");
        assert_ne!(span["span"], "b7ad6b7169203331");
        assert_eq!((&span["kind"], &span["status"]), (&"server".into(), &status.into()));
        assert_eq!(span["name"], path.trim_start_matches('/'));
    }
    assert_eq!(bench.logs("span").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_or_doubled_parent_starts_a_new_trace() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let invalid = PARENT.to_uppercase();
    for fields in [vec![("traceparent", invalid.as_str())], vec![("traceparent", PARENT), ("traceparent", PARENT)], vec![]] {
        client.call(GET, &fields, &get("a")).await;
        let span = bench.logs("span").pop().unwrap();
        assert!(span["parent"].is_null());
        assert_ne!(span["trace"], "0af7651916cd43dd8448eb211c80319c");
    }
}

#[tokio::test(start_paused = true)]
#[traced_test]
async fn spans_and_access_lines_are_tracing_too() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    client.call(LIST, &[("x-request-id", "r-7")], &ListUsersRequest::default()).await;
    assert!(logs_contain("user.v1.UserService/ListUsers"));
    assert!(logs_contain("access"));
    assert!(logs_contain("r-7"));
}

#[tokio::test(start_paused = true)]
#[traced_test]
async fn the_text_of_a_failure_is_logged_and_not_sent() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    // db-password-123
    let fields = [("rpc-behavior", "store-error-other"), ("rpc-behavior-text-bin", "ZGItcGFzc3dvcmQtMTIz"), ("x-request-id", "r-8")];
    let outcome = client.call(GET, &fields, &get("a")).await;
    assert_eq!(outcome.text(), "failed to get user");
    assert!(!format!("{outcome:?}").contains("db-password"));
    assert_eq!(bench.logs("error")[0]["text"], "db-password-123");
    assert!(logs_contain("db-password-123"));
}
