//! Every check on a transcript that is as it should be, and on one that was doctored: the second must be found out, the first must not.

use std::time::Duration;

use proofmark_engine::case::{Case, load_catalogue, load_suites, parse_one};
use proofmark_engine::check::Check;
use proofmark_engine::judge::{View, judge};
use proofmark_record::{
    Actor, BlockKind, CallKind, CallRef, Direction, End, Ending, Event, FrameEvent, FrameSays, Outcome, Place, StatusSeen, Steered, Text,
    Verdict, What,
};
use rstest::rstest;
use serde_json::json;

const CREATE: &str = "/user.v1.UserService/CreateUser";
const LIST: &str = "/user.v1.UserService/ListUsers";
const CHAT: &str = "/user.v1.UserService/Chat";

/// Builds a transcript: each event a millisecond after the one before, unless time was moved on.
#[derive(Default)]
struct Told {
    events: Vec<Event>,
    now: Duration,
}

impl Told {
    fn new() -> Self {
        Self::default().say(What::CaseStarted)
    }

    fn say(mut self, what: What) -> Self {
        self.events.push(Event { seq: self.events.len() as u32, at_ns: self.now.as_nanos() as u64, what });
        self
    }

    fn wait(mut self, millis: u64) -> Self {
        self.now += Duration::from_millis(millis);
        self
    }

    fn started(self, call: &str, method: &str) -> Self {
        let metadata = vec![("x-id".to_owned(), Text::from("one"))];
        self.say(What::CallStarted {
            call: named(call),
            via: "main".into(),
            method: method.into(),
            call_kind: CallKind::Unary,
            deadline_ns: Some(5_000_000_000),
            metadata,
        })
    }

    fn ended(self, call: &str, code: u32) -> Self {
        self.ended_with(
            call,
            StatusSeen { code, message: "words".into(), trailers: vec![("x-id".into(), "one".into())], ..StatusSeen::default() },
        )
    }

    fn ended_with(self, call: &str, status: StatusSeen) -> Self {
        self.say(What::CallEnded { call: named(call), outcome: Outcome::Status(status) })
    }

    fn let_go(self, call: &str) -> Self {
        self.say(What::CallEnded { call: named(call), outcome: Outcome::Dropped })
    }

    fn began(self, call: &str, attempt: u32) -> Self {
        self.say(What::AttemptBegan(place(call, attempt)))
    }

    fn attempt_ended(self, call: &str, attempt: u32) -> Self {
        self.say(What::AttemptEnded { place: place(call, attempt), by: Actor::Peer })
    }

    fn frame(self, direction: Direction, frame: &str, call: &str, length: u32, says: FrameSays) -> Self {
        let stream = if matches!(frame, "GOAWAY" | "PING") { 0 } else { 1 };
        self.say(What::Frame(FrameEvent {
            peer: "a".into(),
            connection: 1,
            direction,
            frame: frame.into(),
            flags: 0,
            stream,
            length,
            call: Some(named(call)),
            attempt: 1,
            says,
        }))
    }

    fn block(self, call: &str, block: BlockKind, fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| (Text::from(*name), Text::from(*value))).collect();
        self.frame(Direction::Received, "HEADERS", call, 10, FrameSays::Block { block, fields, end_stream: block == BlockKind::Trailers })
    }

    fn data(self, call: &str, length: u32) -> Self {
        self.frame(Direction::Received, "DATA", call, length, FrameSays::Data { end_stream: false })
    }

    fn message(self, call: &str, direction: Direction, bytes: &[u8]) -> Self {
        self.say(What::Message {
            at: End::Caller,
            direction,
            call: Some(named(call)),
            place: None,
            size: bytes.len() as u64,
            data: Text::from(bytes),
            digest: None,
            flag: 0,
        })
    }

    fn hook(self, call: &str, line: serde_json::Value) -> Self {
        self.say(What::Hook { call: Some(named(call)), line })
    }

    fn log(self, call: &str, line: serde_json::Value) -> Self {
        self.say(What::Log { call: Some(named(call)), line })
    }

    fn opened(self, connection: u32) -> Self {
        self.say(What::ConnectionOpened { peer: "a".into(), connection })
    }

    fn done(self) -> Vec<Event> {
        self.say(What::CaseEnded).events
    }
}

fn named(call: &str) -> CallRef {
    let (name, number) = call.split_once('/').unwrap_or((call, "1"));
    CallRef { name: name.into(), number: number.parse().expect("a number") }
}

fn place(call: &str, attempt: u32) -> Place {
    Place { peer: "a".into(), connection: 1, stream: attempt * 2 - 1, call: Some(named(call)), attempt, path: CHAT.into() }
}

/// A message whose field 2 (Chat's content, CreateUser's email is field 2, User's name is field 2) is `text`.
fn text(text: &str) -> Vec<u8> {
    [&[0x12, text.len() as u8], text.as_bytes()].concat()
}

/// A CreateUser request with this name.
fn create(name: &str) -> Vec<u8> {
    [&[0x0a, name.len() as u8], name.as_bytes()].concat()
}

fn once() -> Told {
    Told::new().started("call", CHAT)
}

#[rstest]
#[case::outcome("outcome: {status: OK}", once().ended("call", 0), once().ended("call", 14))]
#[case::outcome_of_nothing("outcome: {call: other, status: OK}", once().started("other", CHAT).ended("other", 0), once().ended("call", 0))]
#[case::outcome_message("outcome: {status-message: words}", once().ended("call", 3), once().ended_with("call", StatusSeen { code: 3, ..StatusSeen::default() }))]
#[case::outcome_cancelled_in_silence("outcome: {status: CANCELLED}", once().let_go("call"), once().ended("call", 13))]
#[case::outcome_not_in_silence("outcome: {one-of: [OK, UNKNOWN]}", once().ended("call", 0), once().let_go("call"))]
#[case::outcome_open("outcome: {open: true}", once(), once().ended("call", 0))]
#[case::messages("messages: {at: caller, are: [text: A, text: B]}", once().message("call", Direction::Received, &text("A")).message("call", Direction::Received, &text("B")), once().message("call", Direction::Received, &text("B")).message("call", Direction::Received, &text("A")))]
#[case::messages_own("messages: {at: caller, own: true}", once().message("call", Direction::Sent, &text("A")).message("call", Direction::Received, &text("Echo: A")), once().message("call", Direction::Sent, &text("A")).message("call", Direction::Received, &text("Echo: B")))]
#[case::details("details: {hex: \"01\"}", once().ended_with("call", StatusSeen { details: Some("01".into()), ..StatusSeen::default() }), once().ended("call", 3))]
#[case::header_is("header: {in: request, name: x-a, is: b}", once().block("call", BlockKind::Request, &[("x-a", "b")]), once().block("call", BlockKind::Request, &[("x-a", "c")]))]
#[case::header_absent("header: {in: request, name: x-a, absent: true}", once().block("call", BlockKind::Request, &[]), once().block("call", BlockKind::Request, &[("x-a", "c")]))]
#[case::header_of_nothing("header: {in: response, name: x-a, absent: true}", once().block("call", BlockKind::Response, &[]), once())]
#[case::header_own("header: {in: trailing, name: x-id, own: true}", once().ended("call", 0), once().ended_with("call", StatusSeen { trailers: vec![("x-id".into(), "two".into())], ..StatusSeen::default() }))]
#[case::header_decoded("header: {in: request, name: grpc-timeout, decoded: {between: [600ms, 700ms]}}", once().block("call", BlockKind::Request, &[("grpc-timeout", "650m")]), once().block("call", BlockKind::Request, &[("grpc-timeout", "1S")]))]
#[case::attempts("attempts: {exactly: 2}", once().began("call", 1).began("call", 2), once().began("call", 1))]
#[case::attempts_after("attempts: {after: mark up reached, exactly: 0}", once().began("call", 1).say(What::MarkReached { mark: "up".into() }), once().say(What::MarkReached { mark: "up".into() }).began("call", 1))]
#[case::connections("connections: {exactly: 1}", once().opened(1), once().opened(1).opened(2))]
#[case::connections_closed("connections: {closed-by: system, how: fin, exactly: 1}", once().say(What::ConnectionClosed { peer: "a".into(), connection: 1, by: Actor::System, how: Ending::Fin }), once().say(What::ConnectionClosed { peer: "a".into(), connection: 1, by: Actor::System, how: Ending::Rst }))]
#[case::frames("frames: {by: system, type: RST_STREAM, where: {error: CANCEL}, exactly: 1}", once().frame(Direction::Received, "RST_STREAM", "call", 4, FrameSays::Reset { error: "CANCEL".into() }), once().frame(Direction::Received, "RST_STREAM", "call", 4, FrameSays::Reset { error: "NO_ERROR".into() }))]
#[case::bytes("bytes: {by: system, exactly: 30B}", once().data("call", 10).data("call", 20), once().data("call", 10))]
#[case::handlers("handlers: {saw: cancelled, exactly: 1}", once().hook("call", json!({"hook": "begin", "run": 1})).hook("call", json!({"hook": "cancelled", "run": 1})), once().hook("call", json!({"hook": "begin", "run": 1})))]
#[case::handlers_remaining("handlers: {remaining: {between: [1s, 2s]}}", once().hook("call", json!({"hook": "begin", "run": 1, "remainingSeconds": 1.5})), once().hook("call", json!({"hook": "begin", "run": 1})))]
#[case::store_calls("store-calls: {exactly: 0}", once(), once().hook("call", json!({"hook": "store", "operation": "user"})))]
#[case::peak("peak: {of: streams, exactly: 2}", once().began("call", 1).began("call", 2).attempt_ended("call", 1), once().began("call", 1).attempt_ended("call", 1).began("call", 2))]
#[case::log("log: {where: {code: OK}, exactly: 1}", once().log("call", json!({"line": "access", "code": "OK"})), once().log("call", json!({"line": "access", "code": "INTERNAL"})))]
#[case::spans("spans: {where: {name: a}, exactly: 1}", once().log("call", json!({"line": "span", "name": "a"})), once().log("call", json!({"line": "span", "name": "b"})))]
#[case::gap("gap: {from: call started, to: call ended, exactly: 300ms}", once().wait(300).ended("call", 4), once().wait(302).ended("call", 4))]
#[case::gap_too_early("gap: {from: call started, to: call ended, exactly: 300ms}", once().wait(300).ended("call", 4), once().wait(299).ended("call", 4))]
#[case::gap_spread("gap: {each: from, from: mark a reached, to: mark b reached, samples: 1, some-above: 50ms}", once().say(What::MarkReached { mark: "a".into() }).wait(60).say(What::MarkReached { mark: "b".into() }), once().say(What::MarkReached { mark: "a".into() }).wait(40).say(What::MarkReached { mark: "b".into() }))]
#[case::order("order: [mark a reached, mark b reached]", once().say(What::MarkReached { mark: "a".into() }).say(What::MarkReached { mark: "b".into() }), once().say(What::MarkReached { mark: "b".into() }).say(What::MarkReached { mark: "a".into() }))]
#[case::exit("exit: {clean: true}", once().say(What::ProcessExited { status: Some(0), asked: true }), once().say(What::ProcessExited { status: Some(1), asked: true }))]
#[case::config("config: rejected", once().say(What::ChannelRefused { via: "main".into(), text: "bad".into() }), once().began("call", 1).ended("call", 0))]
#[case::nowhere("nowhere: {text: secret}", once().ended("call", 13), once().ended_with("call", StatusSeen { code: 13, message: "the secret".into(), ..StatusSeen::default() }))]
#[case::memory("memory: {grows-at-most: 1KiB}", once().say(What::Memory { moment: "start".into(), bytes: 1000 }).say(What::Memory { moment: "end".into(), bytes: 1500 }), once().say(What::Memory { moment: "start".into(), bytes: 1000 }).say(What::Memory { moment: "end".into(), bytes: 5000 }))]
#[case::credit("credit: {overdrawn: false}", once().data("call", 65_535), once().data("call", 65_535).data("call", 1))]
#[case::stored("stored: {seen-by: audit, writes: acknowledged, exactly: 1}", Told::new().started("w", CREATE).message("w", Direction::Sent, &create("ada")).ended("w", 0).started("audit", LIST).message("audit", Direction::Received, &text("ada")).ended("audit", 0), Told::new().started("w", CREATE).message("w", Direction::Sent, &create("ada")).ended("w", 0).started("audit", LIST).ended("audit", 0))]
#[case::any_of("any-of: {four: [outcome: {status: DEADLINE_EXCEEDED}], one: [outcome: {status: CANCELLED}]}", once().ended("call", 1), once().ended("call", 13))]
fn a_check_passes_what_is_good_and_finds_what_was_doctored(#[case] check: &str, #[case] good: Told, #[case] doctored: Told) {
    let check: Check = parse_one("check.yaml", check).unwrap_or_else(|errors| panic!("{errors}"));
    let misses = |told: Told| check.judge(&View::new(&told.done(), Duration::from_millis(1)));
    assert_eq!(misses(good), []);
    assert_ne!(misses(doctored), []);
}

fn case_of(role: &str) -> Case {
    let id = if role == "client" { "deadline.client.unary-silent-server" } else { "user.get.empty-id" };
    let text = format!(
        "suite: s/t\nabout: a.\nrole: {role}\ncases:\n  - id: {id}\n    when: [call: {{operation: unary, deadline: 5s}}]\n    then: [outcome: {{at-least: 0, status: OK}}]\n"
    );
    let requirements: Vec<(String, Vec<u8>)> = ["deadlines", "user-service"]
        .map(|area| format!("{}/../../suites/requirements/{area}.yaml", env!("CARGO_MANIFEST_DIR")))
        .map(|path| (path.clone(), std::fs::read(path).expect("a file")))
        .into();
    let catalogue = load_catalogue(&requirements).unwrap_or_else(|errors| panic!("{errors}"));
    load_suites(&[("case.yaml", text)], &catalogue).unwrap_or_else(|errors| panic!("{errors}")).remove(0)
}

fn completed() -> FrameSays {
    FrameSays::Block { block: BlockKind::Trailers, fields: vec![("grpc-status".into(), "0".into())], end_stream: true }
}

#[rstest]
#[case::a_hang("standing.ended-once", "server", once())]
#[case::two_outcomes("standing.ended-once", "server", once().ended("call", 0).ended("call", 0))]
#[case::a_false_ok("standing.no-false-success", "client", once().ended("call", 0))]
#[case::a_message_from_nowhere("standing.no-false-success", "client", once().frame(Direction::Sent, "HEADERS", "call", 5, completed()).message("call", Direction::Received, b"x").ended("call", 0))]
#[case::a_crash("standing.alive", "server", once().ended("call", 0).say(What::ProcessExited { status: Some(134), asked: false }))]
#[case::a_sick_system("standing.aftercare", "server", once().ended("call", 0).say(What::Aftercare { what: "a fresh connection".into(), observed: "UNAVAILABLE".into(), good: false }))]
#[case::a_hurt_neighbour("standing.neighbours", "server", once().ended("call", 0).frame(Direction::Received, "GOAWAY", "call", 8, FrameSays::Goaway { last_stream: 1, error: "INTERNAL_ERROR".into(), debug: Text::default() }))]
#[case::speech_after_the_end("standing.quiet", "server", once().block("call", BlockKind::Trailers, &[("grpc-status", "0")]).data("call", 5).ended("call", 0))]
#[case::an_attempt_after_the_end("standing.quiet", "client", once().frame(Direction::Sent, "HEADERS", "call", 5, completed()).ended("call", 0).wait(5).began("call", 2))]
#[case::a_leaked_task("standing.no-leak", "server", once().ended("call", 0).say(What::Aftercare { what: "leak of tasks".into(), observed: "1 still alive".into(), good: false }))]
#[case::a_handler_left_running("standing.no-leak", "server", once().hook("call", json!({"hook": "begin", "run": 1})).ended("call", 0))]
fn a_standing_check_fails_the_case_whatever_it_tests(#[case] name: &str, #[case] role: &str, #[case] told: Told) {
    let judged = judge(&case_of(role), &told.done(), Duration::from_millis(1));
    assert!(judged.findings.iter().any(|finding| finding.check == name), "{:?}", judged.findings);
    assert_eq!(judged.verdict, Verdict::Fail);
}

#[rstest]
#[case::pass(Verdict::Pass, once().ended("call", 0))]
#[case::a_stimulus_of_ours_is_missing(Verdict::Inconclusive, once().ended("call", 0).say(What::Owed { by: proofmark_record::Owed::Harness, text: "fault x never fired".into() }))]
#[case::the_system_owes_something(Verdict::Inconclusive, once().ended("call", 0).say(What::Owed { by: proofmark_record::Owed::System, text: "no stream came".into() }))]
#[case::a_limit(Verdict::Fail, once().ended("call", 0).say(What::LimitReached { awaited: "call ended".into() }))]
#[case::never_started(Verdict::SystemError, once().ended("call", 0).say(What::SystemError { text: "it crashed".into(), late: false }))]
#[case::our_bug(Verdict::HarnessError, once().ended("call", 0).say(What::HarnessError { text: "no port".into() }))]
fn evidence_comes_before_the_verdict(#[case] expected: Verdict, #[case] told: Told) {
    assert_eq!(judge(&case_of("server"), &told.done(), Duration::from_millis(1)).verdict, expected);
}

#[test]
fn lag_excuses_what_is_late_but_not_what_is_early() {
    let text = "suite: s/t\nabout: a.\nrole: server\ncases:\n  - id: user.get.empty-id\n    when: [call: {operation: unary, deadline: 5s}]\n    then: [gap: {from: call started, to: call ended, exactly: 300ms}]\n";
    let requirements = format!("{}/../../suites/requirements/user-service.yaml", env!("CARGO_MANIFEST_DIR"));
    let catalogue =
        load_catalogue(&[(requirements.clone(), std::fs::read(requirements).unwrap())]).unwrap_or_else(|errors| panic!("{errors}"));
    let case = load_suites(&[("case.yaml", text)], &catalogue).unwrap_or_else(|errors| panic!("{errors}")).remove(0);
    let after = |millis: u64| once().wait(millis).ended("call", 4).say(What::TimerLag { max_ns: 500_000_000 }).done();
    let tolerance = Duration::from_millis(100);
    assert_eq!(judge(&case, &after(300), tolerance).verdict, Verdict::Pass);
    assert_eq!(judge(&case, &after(600), tolerance).verdict, Verdict::Inconclusive);
    assert_eq!(judge(&case, &after(200), tolerance).verdict, Verdict::Fail);
}

#[test]
fn steering_is_told_from_its_effect() {
    let told = once()
        .say(What::Steering { what: Steered::Store, direction: Direction::Sent, text: "store down".into() })
        .wait(50)
        .ended("call", 14)
        .done();
    let check: Check = parse_one("check.yaml", "gap: {from: store switched, to: call ended, exactly: 50ms}").unwrap();
    assert_eq!(check.judge(&View::new(&told, Duration::from_millis(1))), []);
}
