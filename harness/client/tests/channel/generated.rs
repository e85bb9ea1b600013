//! Generated clients on the channel, and the interceptors of the contract.

use std::sync::Arc;
use std::time::Duration;

use proofmark_api::user::user_service_client::UserServiceClient;
use proofmark_api::user::{ChatMessage, GetUserRequest, ListUsersRequest};
use proofmark_client::interceptor::{ContextInterceptor, IncomingContext, TraceContext, TraceInterceptor};
use proofmark_client::tonic_service::Deadline;
use proofmark_client::{CallKind, CallOptions, Channel, Code, Options, user_client};
use proofmark_transport::Seed;
use rstest::rstest;

use super::support::*;

#[tokio::test(start_paused = true)]
async fn the_generated_client_gets_metadata_status_and_details() {
    let world = World::new();
    world
        .serve(1, |_, request, mut reply| async move {
            let _ = read_all(request).await;
            trailers_only(
                &mut reply,
                &[("grpc-status", "5"), ("grpc-message", "user not found"), ("grpc-status-details-bin", "AQ"), ("x-t", "1")],
            );
        })
        .await;
    let mut client = user_client(world.options(&[1])).expect("opened");
    let status = client.get_user(GetUserRequest { id: "7".into() }).await.expect_err("not found");
    assert_eq!((status.code(), status.message(), status.details()), (Code::NotFound, "user not found", &[1][..]));
    assert_eq!(status.metadata().get("x-t").expect("x-t"), "1");
    let seen = &world.requests()[0];
    assert_eq!((seen.path.as_str(), seen.header("grpc-timeout")), ("/user.v1.UserService/GetUser", Some("5000000u")));
    assert!(seen.header("traceparent").is_some_and(|value| value.len() == 55));
}

#[rstest]
#[case(&[("grpc-status", "9"), ("grpc-status-details-bin", "!!!!")], 0, Code::FailedPrecondition)]
#[case(&[("grpc-status", "0")], 2, Code::Internal)]
#[case(&[("grpc-status", "0")], 0, Code::Internal)]
#[case(&[], 1, Code::Unknown)]
#[tokio::test(start_paused = true)]
async fn tonic_is_given_only_what_it_reads_correctly(
    #[case] trailers: &'static [(&'static str, &'static str)],
    #[case] messages: usize,
    #[case] code: Code,
) {
    let world = World::new();
    world
        .serve(1, move |_, request, mut reply| async move {
            let _ = read_all(request).await;
            answer(&mut reply, &vec![&b""[..]; messages], trailers);
        })
        .await;
    let mut client = UserServiceClient::new(world.channel("{}"));
    let status = client.get_user(GetUserRequest::default()).await.expect_err("a failure");
    assert_eq!(status.code(), code, "{status:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cut_off_stream_is_no_success_for_the_generated_client() {
    let world = World::new();
    world
        .raw(1, |_, mut raw| async move {
            raw.greet(&[]).await;
            let stream = raw.request().await;
            raw.headers(stream, false, &OK_HEAD).await;
            raw.send(DATA, 0, stream, &frame(b"")).await;
            raw.reset(stream, 0).await;
            raw.drain().await;
        })
        .await;
    let mut client = UserServiceClient::new(world.channel("{}"));
    let mut users = client.list_users(ListUsersRequest::default()).await.expect("a stream").into_inner();
    assert!(users.message().await.expect("a user").is_some());
    assert_eq!(users.message().await.expect_err("a failure").code(), Code::Internal);
}

#[tokio::test(start_paused = true)]
async fn deadlines_come_from_the_extension_or_the_metadata() {
    let world = World::new();
    world
        .serve(1, |_, _, mut reply| async move {
            let _ = std::future::poll_fn(|cx| reply.poll_reset(cx)).await;
        })
        .await;
    let mut client = UserServiceClient::new(world.channel("{}"));
    let mut request = tonic::Request::new(GetUserRequest::default());
    request.extensions_mut().insert(Deadline(ms(200)));
    request.set_timeout(Duration::from_secs(9));
    assert_eq!(client.get_user(request).await.expect_err("late").code(), Code::DeadlineExceeded);
    assert_eq!(world.elapsed(), ms(200));
    let mut request = tonic::Request::new(GetUserRequest::default());
    request.set_timeout(ms(300));
    assert_eq!(client.get_user(request).await.expect_err("late").code(), Code::DeadlineExceeded);
    assert_eq!(world.elapsed(), ms(500));
}

#[tokio::test(start_paused = true)]
async fn a_chat_goes_both_ways_through_the_generated_client() {
    let world = World::new();
    world
        .serve(1, |_, request, mut reply| async move {
            let response = http::Response::builder().header("content-type", "application/grpc").body(()).expect("legal");
            let mut stream = reply.send_response(response, false).expect("legal");
            let mut body = request.into_body();
            while let Some(Ok(chunk)) = body.data().await {
                stream.send_data(chunk, false).expect("legal");
            }
            let mut trailers = http::HeaderMap::new();
            trailers.insert("grpc-status", "0".parse().expect("legal"));
            stream.send_trailers(trailers).expect("legal");
        })
        .await;
    let mut client = UserServiceClient::new(world.channel("{}"));
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let mut answers = client.chat(tokio_stream::wrappers::ReceiverStream::new(receiver)).await.expect("a stream").into_inner();
    for content in ["a", "b"] {
        let message = ChatMessage { content: content.into(), ..ChatMessage::default() };
        sender.send(message.clone()).await.expect("taken");
        assert_eq!(answers.message().await.expect("an answer"), Some(message));
    }
    drop(sender);
    assert_eq!(answers.message().await.expect("the end"), None);
}

#[tokio::test(start_paused = true)]
async fn context_is_added_to_what_the_caller_set() {
    let world = World::new();
    world
        .serve(1, |number, request, mut reply| async move {
            let _ = read_all(request).await;
            match number {
                1 => trailers_only(&mut reply, &[("grpc-status", "14")]),
                _ => answer(&mut reply, &[b""], &[("grpc-status", "0")]),
            }
        })
        .await;
    let options = Options {
        service_config: Some(retry_config(3, "")),
        interceptors: vec![Arc::new(ContextInterceptor), Arc::new(TraceInterceptor::new(Seed(1)))],
        ..world.options(&[1])
    };
    let channel = Channel::open(options).expect("opened");
    let mut call = CallOptions::new("/t.S/M", CallKind::Unary);
    call.metadata.push("authorization", "Bearer own");
    call.metadata.push("x-b", "1");
    let trace = TraceContext { trace_id: 0x4bf9, span_id: 7, flags: 1, state: Some("a=1,b=2".into()) };
    let mut context =
        IncomingContext { request_id: Some("r1".into()), tenant_id: Some("t1".into()), trace: Some(trace), ..IncomingContext::default() };
    context.forwarded.push("authorization", "Bearer canary");
    context.forwarded.push("grpc-timeout", "1H");
    context.forwarded.push("x-more", "2");
    call.context = Some(context);
    let (_handle, mut events) = channel.start(call).expect("started");
    assert_code(&finish(&mut events).await, Code::Ok);
    let seen = world.requests();
    let mut parents = Vec::new();
    for request in &seen {
        let values: Vec<_> =
            ["authorization", "x-b", "x-request-id", "x-tenant-id", "x-more", "tracestate"].map(|key| request.header(key)).into();
        assert_eq!(values, [Some("Bearer own"), Some("1"), Some("r1"), Some("t1"), Some("2"), Some("a=1,b=2")]);
        assert_eq!(request.header("grpc-timeout"), None);
        parents.push(request.header("traceparent").expect("traceparent").to_owned());
    }
    assert_eq!(parents.len(), 2);
    assert!(parents.iter().all(|parent| parent.starts_with("00-00000000000000000000000000004bf9-") && parent.ends_with("-01")));
    assert_ne!(parents[0], parents[1]);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_generated_call_cancels_it() {
    let world = World::new();
    let (sender, mut resets) = tokio::sync::mpsc::unbounded_channel();
    world
        .serve(1, move |_, _, mut reply| {
            let sender = sender.clone();
            async move {
                let reset = std::future::poll_fn(|cx| reply.poll_reset(cx)).await.expect("a reset");
                sender.send(reset).expect("taken");
            }
        })
        .await;
    let mut client = UserServiceClient::new(world.channel("{}"));
    let given_up = proofmark_transport::clock::timeout(ms(100), client.get_user(GetUserRequest::default())).await;
    assert!(given_up.is_err());
    assert_eq!(resets.recv().await, Some(h2::Reason::CANCEL));
}
