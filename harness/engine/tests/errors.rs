//! What a person is told who wrote a case wrong: one snapshot for every kind of mistake.

use proofmark_engine::{
    case::{Catalogue, load_catalogue, load_suites, parse_one},
    check::Check,
};
use rstest::rstest;

const CATALOGUE: &str = "\
- {id: a.b.c, role: both, owner: library, level: must, source: s, statement: s, stimulus: s, observable: o, violation: v}
- {id: a.b.d, role: client, owner: library, level: should, source: s, statement: s, stimulus: s, observable: o, violation: v, notes: n}
- {id: health.check.named-service, role: server, owner: library, level: must, source: s, statement: s, stimulus: s, observable: o, violation: v}
";

fn catalogue() -> Catalogue {
    load_catalogue(&[("catalogue.yaml", CATALOGUE)]).unwrap_or_else(|errors| panic!("{errors}"))
}

/// What is said of files that must not load.
fn told(files: &[(&str, &[u8])]) -> String {
    load_suites(files, &catalogue()).expect_err("the files are wrong").to_string()
}

/// What is said of a case with this body, in a suite of this role.
fn told_of(role: &str, body: &str) -> String {
    let text = format!("suite: a/b\nabout: Mistakes.\nrole: {role}\ncases:\n  - id: a.b.c\n{body}");
    told(&[("a/b.yaml", text.as_bytes())])
}

/// What is said of a client case with these checks.
fn told_of_checks(checks: &str) -> String {
    told_of("client", &format!("    when: [call: {{operation: unary}}]\n    then: {checks}\n"))
}

#[rstest]
#[case::unknown_check(
    "suites/cases/retry/backoff.yaml",
    "suite: retry/backoff\nabout: Waits.\nrole: client\ncases:\n  - id: a.b.c\n    when: [call: {operation: unary}]\n    then:\n      - atempts: {exactly: 2}\n"
)]
#[case::no_such_moment(
    "suites/cases/retry/waits.yaml",
    "suite: retry/waits\nabout: Waits.\nrole: client\ncases:\n  - id: a.b.c\n    when: [call: {operation: unary}]\n    then:\n      - gap: {from: attempt 1 finished, to: attempt 2 began, between: [80ms, 120ms]}\n"
)]
#[case::no_unit_in_a_row(
    "suites/cases/deadlines/server.yaml",
    "suite: deadlines/server\nabout: Ends.\nrole: server\ncases:\n  - id: a.b.c\n    table: {timeout: {milliseconds: {ends: 300}}}\n    when: [call: {operation: hang}]\n    then: [gap: {from: call started, to: call ended, exactly: $ends}]\n"
)]
#[case::two_keys(
    "suites/cases/health/watch.yaml",
    "suite: health/watch\nabout: Changes.\nrole: server\ncases:\n  - id: a.b.c\n    when:\n      - start: {name: w, operation: {watch: \"\"}}\n        await: message 1 of w received\n    then: [outcome: {open: true}]\n"
)]
#[case::unknown_requirement(
    "suites/cases/health/check.yaml",
    "suite: health/check\nabout: Answers.\nrole: server\ncases:\n  - id: health.check.unknown-service\n    when: [call: {operation: {check: x}}]\n    then: [outcome: {status: NOT_FOUND}]\n"
)]
fn the_page_tells_it_like_this(#[case] file: &str, #[case] text: &str) {
    let page = include_str!("fixtures/told.txt");
    let told = told(&[(file, text.as_bytes())]);
    assert!(page.contains(&told), "not on the page:\n{told}");
}

#[rstest]
#[case::not_utf8("not_utf8", b"suite: a/b\nabout: x\xff\n")]
#[case::empty("empty", b"\n# nothing\n")]
#[case::no_yaml("no_yaml", b"suite: [a\nabout: b\n")]
#[case::two_documents("two_documents", b"suite: a/b\n---\nsuite: a/c\n")]
#[case::duplicate_key("duplicate_key", b"suite: a/b\nabout: x\nabout: y\ncases: []\n")]
#[case::anchor("anchor", b"suite: a/b\nabout: &x y\ncases: []\n")]
#[case::alias("alias", b"suite: a/b\nabout: *x\ncases: []\n")]
#[case::merge_key("merge_key", b"suite: a/b\n<<: {about: x}\ncases: []\n")]
#[case::tag("tag", b"suite: !!str a/b\nabout: x\ncases: []\n")]
#[case::unknown_suite_key("unknown_suite_key", b"suite: a/b\nabuot: x\ncases: []\n")]
#[case::suite_without_about("suite_without_about", b"suite: a/b\ncases: []\n")]
#[case::suite_name("suite_name", b"suite: retry\nabout: x\ncases: []\n")]
#[case::no_cases("no_cases", b"suite: a/b\nabout: x\ncases: []\n")]
#[case::no_role(
    "no_role",
    b"suite: a/b\nabout: x\ncases:\n  - {id: a.b.c, when: [call: {operation: unary}], then: [outcome: {status: OK}]}\n"
)]
#[case::no_id("no_id", b"suite: a/b\nabout: x\nrole: client\ncases:\n  - {when: [], then: []}\n")]
#[case::odd_id("odd_id", b"suite: a/b\nabout: x\nrole: client\ncases:\n  - {id: a.B, when: [], then: []}\n")]
fn whole_files(#[case] name: &str, #[case] content: &[u8]) {
    insta::assert_snapshot!(format!("file_{name}"), told(&[("a/b.yaml", content)]));
}

#[rstest]
#[case::unknown_key("unknown_key", "    wen: []\n    then: []\n")]
#[case::missing_key("missing_key", "    when: []\n")]
#[case::proves_unknown("proves_unknown", "    proves: [a.b.c, a.b.x]\n    when: []\n    then: [outcome: {open: true}]\n")]
#[case::id_proves_something_else("id_proves_something_else", "    proves: [a.b.d]\n    when: []\n    then: [outcome: {open: true}]\n")]
#[case::no_rounds("no_rounds", "    rounds: 0\n    when: []\n    then: [outcome: {open: true}]\n")]
#[case::no_checks("no_checks", "    when: []\n    then: []\n")]
#[case::unknown_need("unknown_need", "    needs: [drivr]\n    when: []\n    then: [outcome: {open: true}]\n")]
#[case::dollar_without_table("dollar_without_table", "    when: [call: {operation: $operation}]\n    then: [outcome: {status: OK}]\n")]
#[case::dollar_without_value(
    "dollar_without_value",
    "    table: {kind: {one: {operation: unary}}}\n    when: [call: {operation: $operations}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::unused_value(
    "unused_value",
    "    table: {kind: {one: {operation: unary, spare: 1}}}\n    when: [call: {operation: $operation}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::value_of_two_axes("value_of_two_axes", "    table: {kind: {one: {x: 1}}, end: {two: {x: 1}}}\n    when: []\n    then: []\n")]
#[case::empty_axis("empty_axis", "    table: {kind: {}}\n    when: []\n    then: []\n")]
#[case::row_name("row_name", "    table: {kind: {One: {x: 1}}}\n    when: []\n    then: []\n")]
#[case::empty_value("empty_value", "    when: [call: {operation: unary, deadline: }]\n    then: [outcome: {status: OK}]\n")]
#[case::word_with_value("word_with_value", "    when: [call: {operation: {unary: {}}}]\n    then: [outcome: {status: OK}]\n")]
#[case::word_without_value(
    "word_without_value",
    "    when: [call: {operation: chat, steps: [half-close]}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::list_for_a_map("list_for_a_map", "    when: [call: [operation]]\n    then: [outcome: {status: OK}]\n")]
#[case::map_for_a_list("map_for_a_list", "    when: {call: {operation: unary}}\n    then: [outcome: {status: OK}]\n")]
#[case::two_fields_in_one_item(
    "two_fields_in_one_item",
    "    when: [call: {operation: unary, metadata: [{x-a: 1, x-b: 2}]}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::no_number("no_number", "    when: [repeat: {times: many, steps: [call: {operation: unary}]}]\n    then: [outcome: {status: OK}]\n")]
#[case::unknown_status("unknown_status", "    when: [call: {operation: {fail: NOTFOUND}}]\n    then: [outcome: {status: OK}]\n")]
#[case::unknown_fault(
    "unknown_fault",
    "    given: {faults: {x: {at: a, kind: {stal: {}}}}}\n    when: [call: {operation: unary}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::fault_at_nobody(
    "fault_at_nobody",
    "    given: {faults: {x: {at: b, kind: {stall: {}}}}}\n    when: [call: {operation: unary}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::unknown_peer_step(
    "unknown_peer_step",
    "    given: {backends: {a: {rules: [{steps: [anser: {}]}]}}}\n    when: [call: {operation: unary}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::rule_for_no_call(
    "rule_for_no_call",
    "    given: {backends: {a: {rules: [{call: probe, steps: [answer: {}]}]}}}\n    when: [call: {operation: unary}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::address_of_nobody(
    "address_of_nobody",
    "    given: {channel: {backends: [a, b]}}\n    when: [call: {operation: unary}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::clients_in_a_client_case(
    "clients_in_a_client_case",
    "    given: {clients: {x: {}}}\n    when: [call: {operation: unary}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::odd_name("odd_name", "    given: {backends: {A: {}}}\n    when: [call: {operation: unary}]\n    then: [outcome: {status: OK}]\n")]
#[case::wire("wire", "    when: [call: {operation: unary, wire: {without: [te]}}]\n    then: [outcome: {status: OK}]\n")]
#[case::raw_frame("raw_frame", "    when: [call: {operation: unary, steps: [frame: {type: PING}]}]\n    then: [outcome: {status: OK}]\n")]
#[case::cancel_of_nothing(
    "cancel_of_nothing",
    "    when: [start: {name: one, operation: unary}, cancel: two]\n    then: [outcome: {status: OK}]\n"
)]
#[case::close_of_nothing(
    "close_of_nothing",
    "    when: [call: {operation: unary, via: \"lane-{n}\"}, close: lane-1, close: line]\n    then: [outcome: {status: OK}]\n"
)]
#[case::await_no_mark("await_no_mark", "    when: [call: {operation: unary}, await: mark up reached]\n    then: [outcome: {status: OK}]\n")]
#[case::await_wrong_mark(
    "await_wrong_mark",
    "    when: [mark: open, call: {operation: unary}, await: mark opn reached]\n    then: [outcome: {status: OK}]\n"
)]
#[case::await_no_call(
    "await_no_call",
    "    when: [start: {name: one, operation: unary}, await: call two ended]\n    then: [outcome: {status: OK}]\n"
)]
#[case::await_some_call(
    "await_some_call",
    "    when: [start: {name: one, operation: unary}, start: {name: two, operation: unary}, await: call ended]\n    then: [outcome: {status: OK}]\n"
)]
#[case::await_no_peer(
    "await_no_peer",
    "    when: [call: {operation: unary}, await: connection 1 of b ready]\n    then: [outcome: {status: OK}]\n"
)]
#[case::await_no_signal("await_no_signal", "    when: [call: {operation: unary}, await: signal sent]\n    then: [outcome: {status: OK}]\n")]
#[case::await_second_signal(
    "await_second_signal",
    "    when: [call: {operation: unary}, signal: TERM, await: signal 2 sent]\n    then: [outcome: {status: OK}]\n"
)]
#[case::await_the_end("await_the_end", "    when: [await: case ended]\n    then: [outcome: {status: OK}]\n")]
#[case::await_no_handler(
    "await_no_handler",
    "    when: [start: {operation: unary}, await: handler started]\n    then: [outcome: {status: OK}]\n"
)]
#[case::await_no_fault(
    "await_no_fault",
    "    when: [start: {operation: unary}, await: fault x fired]\n    then: [outcome: {status: OK}]\n"
)]
#[case::await_too_early(
    "await_too_early",
    "    when: [await: mark up reached, mark: up, await: call ended, call: {operation: unary}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::endless("endless", "    when: [repeat: {steps: [call: {operation: unary}]}]\n    then: [outcome: {status: OK}]\n")]
#[case::repeat_at_once(
    "repeat_at_once",
    "    when: [repeat: {at-once: true, steps: [call: {operation: unary}]}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::repeat_nothing("repeat_nothing", "    when: [repeat: {times: 2, steps: []}]\n    then: [outcome: {status: OK}]\n")]
#[case::pause_without_reason("pause_without_reason", "    when: [pause: {for: 1s}]\n    then: [outcome: {open: true}]\n")]
#[case::pause_without_length("pause_without_length", "    when: [pause: {because: it must}]\n    then: [outcome: {open: true}]\n")]
#[case::loose_stream_step(
    "loose_stream_step",
    "    when: [call: {operation: unary}, peer: {name: a, steps: [answer: {}]}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::template_word(
    "template_word",
    "    when: [call: {operation: unary, metadata: [x-a: \"{m}\"]}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::template_unquoted(
    "template_unquoted",
    "    when:\n      - call:\n          operation: unary\n          metadata:\n            - x-a: id-{n}\n    then: [outcome: {status: OK}]\n"
)]
#[case::said_twice(
    "said_twice",
    "    when: [call: {operation: chat, steps: [send: {text: a, size: 1B}]}]\n    then: [outcome: {status: OK}]\n"
)]
fn client_cases(#[case] name: &str, #[case] body: &str) {
    insta::assert_snapshot!(format!("case_{name}"), told_of("client", body));
}

#[rstest]
#[case::bound_missing("bound_missing", "[attempts: {each: call}]")]
#[case::bound_twice("bound_twice", "[attempts: {exactly: 1, at-most: 2}]")]
#[case::bound_reversed("bound_reversed", "[gap: {from: call started, to: call ended, between: [2s, 1s]}]")]
#[case::bound_of_one("bound_of_one", "[attempts: {between: [1]}]")]
#[case::unit_unknown("unit_unknown", "[gap: {from: call started, to: call ended, exactly: 3sec}]")]
#[case::size_without_unit("size_without_unit", "[bytes: {by: system, exactly: 65535}]")]
#[case::count_with_unit("count_with_unit", "[attempts: {exactly: 2s}]")]
#[case::unknown_call("unknown_call", "[outcome: {call: calls, status: OK}]")]
#[case::unknown_peer("unknown_peer", "[attempts: {peer: b, exactly: 1}]")]
#[case::empty_outcome("empty_outcome", "[outcome: {call: call}]")]
#[case::empty_messages("empty_messages", "[messages: {at: caller}]")]
#[case::empty_handlers("empty_handlers", "[handlers: {saw: cancelled}]")]
#[case::empty_log("empty_log", "[log: {call: call}]")]
#[case::empty_spans("empty_spans", "[spans: {call: call}]")]
#[case::empty_gap("empty_gap", "[gap: {from: call started, to: call ended}]")]
#[case::chance_without_samples("chance_without_samples", "[gap: {from: call started, to: call ended, some-below: 1s}]")]
#[case::empty_exit("empty_exit", "[exit: {}]")]
#[case::empty_credit("empty_credit", "[credit: {}]")]
#[case::empty_order("empty_order", "[order: [call started]]")]
#[case::empty_stimulus("empty_stimulus", "[stimulus: []]")]
#[case::empty_should("empty_should", "[should: []]")]
#[case::lonely_any_of("lonely_any_of", "[any-of: {one: [attempts: {exactly: 1}]}]")]
#[case::each_from_elsewhere("each_from_elsewhere", "[attempts: {each: from, exactly: 1}]")]
#[case::header_says_two("header_says_two", "[header: {in: request, name: te, is: trailers, absent: true}]")]
#[case::details_say_none("details_say_none", "[details: {call: call}]")]
#[case::odd_hex("odd_hex", "[details: {hex: \"012\"}]")]
#[case::bad_pattern("bad_pattern", "[header: {in: request, name: te, matches: \"(\"}]")]
#[case::unknown_block("unknown_block", "[header: {in: requests, name: te, is: trailers}]")]
#[case::unknown_error("unknown_error", "[frames: {type: RST_STREAM, where: {error: CANCELED}, exactly: 1}]")]
#[case::unknown_frame("unknown_frame", "[frames: {type: RESET, exactly: 1}]")]
fn checks_of_a_case(#[case] name: &str, #[case] checks: &str) {
    insta::assert_snapshot!(format!("check_{name}"), told_of_checks(checks));
}

#[test]
fn a_pair_case_has_no_backends() {
    let body = "    given: {backends: {a: {}}}\n    when: [call: {operation: unary}]\n    then: [outcome: {status: OK}]\n";
    insta::assert_snapshot!(told_of("pair", body));
}

#[test]
fn duplicate_ids_show_both_places() {
    let case = "{id: a.b.c, when: [call: {operation: unary}], then: [outcome: {status: OK}]}";
    let one = format!("suite: a/b\nabout: x\nrole: client\ncases:\n  - {case}\n");
    let two = format!("suite: a/c\nabout: y\nrole: client\ncases:\n  - {case}\n");
    insta::assert_snapshot!(told(&[("one.yaml", one.as_bytes()), ("two.yaml", two.as_bytes())]));
}

#[test]
fn every_wrong_case_is_told() {
    let text = "\
suite: a/b
about: x
role: client
cases:
  - {id: a.b.c.one, proves: [a.b.c], when: [cal: {operation: unary}], then: [outcome: {status: OK}]}
  - {id: a.b.c.two, proves: [a.b.c], when: [call: {operation: unary}], then: [outcome: {status: OKAY}]}
  - {id: a.b.c.three, proves: [a.b.c], when: [call: {operation: unary}, cancel: x, await: call y ended], then: [outcome: {status: OK}]}
";
    insta::assert_snapshot!(told(&[("a/b.yaml", text.as_bytes()), ("a/c.yaml", b"")]));
}

#[test]
fn duplicate_requirements_show_both_places() {
    let entry =
        "- {id: a.b.c, role: both, owner: library, level: must, source: s, statement: s, stimulus: s, observable: o, violation: v}\n";
    let errors = load_catalogue(&[("one.yaml", entry), ("two.yaml", entry)]).expect_err("one is twice");
    insta::assert_snapshot!(errors);
}

#[test]
fn a_requirement_is_read_strictly() {
    let errors = load_catalogue(&[("one.yaml", "- {id: a.b.c, role: both, levl: must}\n")]).expect_err("wrong");
    insta::assert_snapshot!(errors);
}

#[test]
fn one_check_is_read_from_its_own_text() {
    let check: Check = parse_one("check", "attempts: {exactly: 2}").expect("a check");
    assert_eq!(check.name(), "attempts");
    let errors = parse_one::<Check>("check", "attempts: {exactly: two}").expect_err("no check");
    insta::assert_snapshot!(errors);
}
