//! The five methods as a caller sees them.

mod common;

use common::*;
use proofmark_api::user::{BatchCreateUsersResponse, ChatMessage, CreateUserResponse, GetUserResponse, ListUsersRequest, User};
use proofmark_service::HooksConfig;
use proofmark_service::Settings;
use rstest::rstest;

#[tokio::test(start_paused = true)]
async fn a_created_user_is_found() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let created = client.call(CREATE, &[("x-request-id", "r-1")], &create("Ada", "ada@users.example")).await;
    assert_eq!((created.status(), created.http), (0, 200));
    let user = created.decoded::<CreateUserResponse>()[0].user.clone().unwrap();
    let found = client.call(GET, &[("x-request-id", "r-2")], &get(&user.id)).await;
    assert_eq!(found.decoded::<GetUserResponse>()[0].user, Some(user));
    assert_eq!(found.headers["x-request-id"], "r-2");
    assert_eq!(found.headers["content-type"], "application/grpc");
    assert_eq!(found.end["x-request-duration"], "0ms");
    assert!(!found.trailers_only);
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_first_message_is_one_block_with_both_keys() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    for (path, id, status, text) in [
        (GET, "nope", 5, "user not found"),
        (GET, "", 3, "id is required"),
        ("/user.v1.UserService/Nope", "", 12, "unknown method /user.v1.UserService/Nope"),
    ] {
        let outcome = client.call(path, &[], &get(id)).await;
        assert!(outcome.trailers_only);
        assert_eq!((outcome.status(), outcome.text()), (status, text));
        assert_eq!(outcome.end["x-request-id"].len(), 32);
        assert_eq!(outcome.end["x-request-duration"], "0ms");
        assert_eq!(outcome.end["content-type"], "application/grpc");
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_user_with_the_same_address_is_refused() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    assert_eq!(client.call(CREATE, &[], &create("Ada", "a@b")).await.status(), 0);
    assert_eq!(client.call(CREATE, &[], &create("Ben", "a@b")).await.status(), 6);
    let invalid = client.call(CREATE, &[], &create("", "x")).await;
    assert_eq!((invalid.status(), invalid.text()), (3, "validation failed"));
    assert!(invalid.end.contains_key("grpc-status-details-bin"));
}

#[tokio::test(start_paused = true)]
async fn pages_continue_where_the_last_one_ended() {
    let bench = Bench::with(Settings::default(), |environment| {
        environment.test_hooks = Some(HooksConfig { users: 25, ..HooksConfig::default() });
    })
    .await;
    let client = bench.connect().await;
    let mut names = Vec::new();
    let mut token = String::new();
    for size in [10, 10, 5] {
        let page = client.call(LIST, &[], &ListUsersRequest { page_size: 10, page_token: token }).await;
        let users: Vec<User> = page.decoded();
        assert_eq!((page.status(), users.len()), (0, size));
        names.extend(users.into_iter().map(|user| user.id));
        token = page.end.get("x-next-page-token").map(|token| token.to_str().unwrap().to_owned()).unwrap_or_default();
    }
    assert_eq!(token, "");
    assert_eq!(names, (1..=25).map(|number| format!("user-{number}")).collect::<Vec<_>>());
    let garbage = client.call(LIST, &[], &ListUsersRequest { page_size: 10, page_token: "garbage".to_owned() }).await;
    assert_eq!((garbage.status(), garbage.trailers_only), (3, true));
    assert_eq!(client.call(LIST, &[], &ListUsersRequest { page_size: -1, page_token: String::new() }).await.status(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_stored_as_a_whole_or_not_at_all() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let mut batch = client.open(BATCH, &[]).await;
    for n in 0..3 {
        batch.send(&create("Ada", &format!("{n}@b")));
    }
    batch.half_close();
    let outcome = batch.outcome().await;
    assert_eq!(outcome.decoded::<BatchCreateUsersResponse>()[0].created_count, 3);
    let mut batch = client.open(BATCH, &[]).await;
    for name in ["Ada", "Ben", ""] {
        batch.send(&create(name, &format!("{name}@c")));
    }
    // the answer does not wait for the end of input
    let outcome = batch.outcome().await;
    assert_eq!(outcome.status(), 3);
    let users: Vec<User> = client.call(LIST, &[], &ListUsersRequest::default()).await.decoded();
    assert_eq!(users.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn each_chat_message_is_answered_at_once() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let mut chat = client.open(CHAT, &[]).await;
    for n in 0..10 {
        chat.send(&ChatMessage { content: n.to_string(), ..ChatMessage::default() });
        let answer: ChatMessage = chat.message().await.unwrap().unwrap();
        assert_eq!((answer.user_id.as_str(), answer.content), ("server", format!("Echo: {n}")));
    }
    chat.half_close();
    assert_eq!(chat.outcome().await.status(), 0);
    let mut silent = client.open(CHAT, &[]).await;
    silent.half_close();
    let outcome = silent.outcome().await;
    assert_eq!((outcome.status(), outcome.trailers_only, outcome.messages.len()), (0, false, 0));
}

#[rstest]
#[case("none", vec![], 13)]
#[case("two", [framed(&get("a")), framed(&get("b"))].concat(), 13)]
#[case("truncated", vec![0, 0, 0, 0, 9, 1], 13)]
#[case("a flag that is none", vec![2, 0, 0, 0, 0], 13)]
#[case("a huge prefix", vec![0, 0xff, 0xff, 0xff, 0xff], 8)]
#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_one_message_reaches_no_handler(#[case] _what: &str, #[case] bytes: Vec<u8>, #[case] status: i32) {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let mut call = client.open(GET, &[("x-proofmark-call", "odd/1")]).await;
    call.send_raw(bytes.into());
    call.half_close();
    let outcome = call.outcome().await;
    assert_eq!((outcome.status(), outcome.trailers_only), (status, true), "{outcome:?}");
    assert!(bench.hooks("begin").is_empty());
    assert_eq!(client.call(GET, &[], &get("nope")).await.status(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_huge_prefix_is_refused_without_the_rest() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let mut call = client.open(CREATE, &[]).await;
    call.send_raw(vec![0, 0x7f, 0xff, 0xff, 0xff].into());
    assert_eq!(call.outcome().await.status(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_foreign_content_type_is_415() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    let call = client.open(GET, &[("content-type", "application/json")]).await;
    let outcome = call.outcome().await;
    assert_eq!((outcome.http, outcome.status()), (415, -1));
    assert_eq!(client.call(GET, &[], &get("nope")).await.status(), 5);
}

#[tokio::test(start_paused = true)]
async fn reflection_lists_the_services() {
    let bench = Bench::new().await;
    let client = bench.connect().await;
    for version in ["v1", "v1alpha"] {
        let mut call = client.open(&format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"), &[]).await;
        // list_services, field 7, an empty string
        call.send_raw(vec![0, 0, 0, 0, 2, 0x3a, 0].into());
        call.half_close();
        let outcome = call.outcome().await;
        assert_eq!(outcome.status(), 0);
        assert!(String::from_utf8_lossy(&outcome.messages[0]).contains("user.v1.UserService"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_above_the_send_limit_is_not_sent() {
    let mut settings = Settings::default();
    settings.set("max-send", "1KiB").unwrap();
    let bench = Bench::with(settings, |_| {}).await;
    let client = bench.connect().await;
    let outcome = client.call(GET, &[("rpc-behavior", "size-2048,messages-1")], &get("")).await;
    assert_eq!((outcome.status(), outcome.trailers_only), (8, true));
    let outcome = client.call(LIST, &[("rpc-behavior", "messages-2,size-2048,messages-1")], &get("")).await;
    assert_eq!((outcome.status(), outcome.messages.len()), (8, 2));
    assert_eq!(bench.logs("access")[1]["code"], "RESOURCE_EXHAUSTED");
}
