//! What people read, for each verdict; and what machines read, through an outside parser.

use proofmark_record::{
    CallRef, CaseResult, Direction, Event, Finding, FrameEvent, FrameSays, Level, Machine, Outcome, Overlay, Owner, Record, Role, RunEnd,
    RunStart, Slot, StatusSeen, SystemInfo, Text, VERSION, Verdict, What,
};
use proofmark_report::{FORMATS, ladder, terminal};

fn finding(slot: Slot, check: &str, expected: &str, observed: &str) -> Finding {
    Finding { check: check.into(), slot, expected: expected.into(), observed: observed.into(), event: Some(3), times: 1, timing: false }
}

fn result(verdict: Verdict, reason: Option<&str>, findings: Vec<Finding>) -> CaseResult {
    CaseResult {
        id: format!("cancel.server.handler-notified.{verdict}"),
        area: "deadlines".into(),
        system: "process".into(),
        role: Role::Server,
        level: Level::Must,
        owner: Owner::Library,
        verdict,
        overlay: None,
        reason: reason.map(str::to_owned),
        requirements: vec!["cancel.server.handler-notified".into()],
        findings,
        duration_ms: 900.25,
        timer_lag_ms: 0.9,
        rounds: (0, 1),
        seed: "0x5eed1".into(),
        pid: Some(5121),
        replay: "proofmark run cancel.server.handler-notified.unary --system mine --seed 0x5eed1".into(),
        statement: "A handler is told that its call was cancelled.".into(),
        source: "PROTOCOL-HTTP2, 'Errors', row CANCEL".into(),
    }
}

fn results() -> Vec<CaseResult> {
    let must = finding(
        Slot::Must,
        "gap",
        "`call cancelled` -> `handler cancelled` at most 100ms (tolerance 100ms)",
        "`handler cancelled` never came",
    );
    let odd = finding(Slot::Must, "outcome", "call call/1: OK", "INTERNAL `<b>&\u{1b}[31m ]]>`");
    let reason = "The library ends the call but does not tell the handler.".to_owned();
    let known = Overlay::KnownDeviation { reason: reason.clone(), link: "https://example.test/issues/1".into() };
    let with = |verdict: Verdict, id: &str, overlay: Overlay| {
        let findings = if verdict == Verdict::Fail { vec![odd.clone()] } else { vec![] };
        CaseResult { id: id.into(), overlay: Some(overlay), ..result(verdict, None, findings) }
    };
    vec![
        with(Verdict::Fail, "cancel.server.any-reset-code.known", known),
        with(Verdict::Pass, "cancel.server.any-reset-code.unexpected", Overlay::UnexpectedPass { reason }),
        result(Verdict::Pass, None, vec![]),
        result(Verdict::Warn, None, vec![finding(Slot::Should, "frames", "exactly 1 RST_STREAM as described", "0")]),
        result(Verdict::Fail, None, vec![must, odd.clone()]),
        result(Verdict::Info, None, vec![finding(Slot::Must, "outcome", "call call/1: OK", "UNKNOWN")]),
        result(Verdict::Unsupported, Some("needs hooks"), vec![]),
        result(Verdict::Skipped, Some("interrupted"), vec![]),
        result(Verdict::Inconclusive, Some("the stimulus did not happen: fault `x` never fired"), vec![]),
        result(Verdict::SystemError, Some("`server` ended with status 7 before it was ready"), vec![]),
        result(Verdict::HarnessError, Some("a scripted server cannot listen: no ports"), vec![]),
    ]
}

fn events() -> Vec<Event> {
    let call = CallRef { name: "call".into(), number: 1 };
    let frame = |direction: Direction, frame: &str, length: u32, says: FrameSays| {
        What::Frame(FrameEvent {
            peer: "main".into(),
            connection: 1,
            direction,
            frame: frame.into(),
            flags: 0,
            stream: 1,
            length,
            call: Some(call.clone()),
            attempt: 1,
            says,
        })
    };
    let fields = vec![(":path".into(), "/user.v1.UserService/GetUser".into()), ("grpc-timeout".into(), "1S".into())];
    let whats = vec![
        What::CaseStarted,
        frame(Direction::Sent, "HEADERS", 90, FrameSays::Block { block: proofmark_record::BlockKind::Request, fields, end_stream: false }),
        frame(Direction::Sent, "DATA", 5, FrameSays::Data { end_stream: true }),
        frame(Direction::Sent, "RST_STREAM", 4, FrameSays::Reset { error: "CANCEL".into() }),
        What::Hook { call: Some(call.clone()), line: serde_json::json!({"hook": "end", "code": 0}) },
        What::CallEnded {
            call,
            outcome: Outcome::Status(StatusSeen { code: 13, message: Text(b"<b>\xff\x1b[31m".to_vec()), ..StatusSeen::default() }),
        },
        What::CaseEnded,
    ];
    whats.into_iter().enumerate().map(|(seq, what)| Event { seq: seq as u32, at_ns: seq as u64 * 1_500_000, what }).collect()
}

fn record() -> Record {
    let run = RunStart {
        version: VERSION,
        id: "run-1".into(),
        seed: "0x5eed1".into(),
        argv: vec!["proofmark".into(), "run".into()],
        started_unix: 1_767_225_600,
        machine: Machine { os: "linux".into(), arch: "x86_64".into(), cores: 2 },
        harness: "0.1.0".into(),
        catalogue: "abc".into(),
        requirements: 547,
    };
    let mut record = Record::new(run);
    record.systems.push(SystemInfo {
        name: "process".into(),
        version: "1".into(),
        role: Role::Server,
        tier: "process".into(),
        features: vec!["hooks".into()],
    });
    record.cases = results();
    for case in &record.cases {
        record.transcripts.insert(("process".into(), case.id.clone(), 1), events());
    }
    record.end = Some(RunEnd { duration_ms: 1234.5, exit: 70, interrupted: false });
    record
}

#[test]
fn a_case_of_each_verdict_is_told() {
    for case in results().iter().filter(|case| case.is_bad()) {
        insta::assert_snapshot!(format!("failure-{}", case.verdict), terminal::failure(case, &events()));
    }
}

#[test]
fn nothing_that_a_system_says_reaches_a_terminal_raw() {
    for case in results() {
        let text = terminal::failure(&case, &events());
        assert!(text.chars().all(|letter| !letter.is_control() || letter == '\n'), "{text:?}");
    }
}

#[test]
fn formats_are_as_they_were() {
    let record = record();
    for format in FORMATS {
        let mut bytes = Vec::new();
        (format.write)(&record, &mut bytes).unwrap();
        insta::assert_snapshot!(format!("format-{}", format.name), String::from_utf8(bytes).unwrap());
    }
    insta::assert_snapshot!("table", terminal::table(&record));
}

#[test]
fn a_ladder_shows_no_control_characters_of_a_system() {
    let text = ladder::ladder(&events());
    assert!(text.chars().all(|letter| !letter.is_control() || letter == '\n'), "{text:?}");
}

#[test]
fn junit_goes_through_an_outside_parser() {
    let mut bytes = Vec::new();
    let junit = FORMATS.into_iter().find(|format| format.name == "junit").unwrap();
    (junit.write)(&record(), &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let count = |name: &str| document.descendants().filter(|node| node.has_tag_name(name)).count();
    assert_eq!((count("testcase"), count("failure"), count("error"), count("skipped")), (11, 2, 3, 3));
}

#[test]
fn json_says_what_ci_jobs_read() {
    let mut bytes = Vec::new();
    let json = FORMATS.into_iter().find(|format| format.name == "json").unwrap();
    (json.write)(&record(), &mut bytes).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(document["totals"]["fail"], 2);
    assert_eq!(document["run"]["seed"], "0x5eed1");
    assert_eq!(document["requirements"]["total"], 547);
    assert_eq!(document["cases"].as_array().unwrap().len(), 11);
    assert_eq!(document["cases"][4]["findings"][0]["check"], "gap");
}

#[test]
fn two_releases_of_one_system_are_compared() {
    let mut record = record();
    let info = |name: &str| SystemInfo { name: name.into(), ..record.systems[0].clone() };
    record.systems = vec![info("go@v1.70.0"), info("go"), info("node")];
    let case =
        |system: &str, id: &str, verdict: Verdict| CaseResult { system: system.into(), id: id.into(), ..result(verdict, None, vec![]) };
    record.cases = vec![
        case("go@v1.70.0", "a", Verdict::Pass),
        case("go@v1.70.0", "b", Verdict::Fail),
        case("go@v1.70.0", "c", Verdict::Pass),
        case("go", "a", Verdict::Fail),
        case("go", "b", Verdict::Pass),
        case("go", "c", Verdict::Unsupported),
        case("node", "a", Verdict::Fail),
    ];
    insta::assert_snapshot!(proofmark_report::compare::compare(&record));
}
