//! Every word of the case language: it loads, it has a meaning to show, and a fixture says it.

use std::collections::BTreeSet;

use proofmark_engine::{
    case::{
        Case, Catalogue, Word,
        given::{Channel, Server},
        known_call_steps, known_faults, known_steps, load_catalogue, load_suites,
    },
    check::known_checks,
    peer::step::known_peer_steps,
};
use rstest::rstest;

const CLIENT: &str = include_str!("fixtures/words-client.yaml");
const SERVER: &str = include_str!("fixtures/words-server.yaml");

fn catalogue() -> Catalogue {
    let entry =
        "- {id: a.b.c, role: both, owner: library, level: should, source: s, statement: s, stimulus: s, observable: o, violation: v}";
    load_catalogue(&[("catalogue.yaml", entry)]).unwrap_or_else(|errors| panic!("{errors}"))
}

fn load(text: &str) -> Vec<Case> {
    load_suites(&[("words.yaml", text)], &catalogue()).unwrap_or_else(|errors| panic!("{errors}"))
}

/// What a case demands whose body is this.
fn needs_of(role: &str, body: &str) -> BTreeSet<String> {
    let text = format!("suite: a/b\nabout: x\nrole: {role}\ncases:\n  - id: a.b.c\n{body}");
    load(&text).remove(0).needs
}

#[rstest]
#[case::checks(known_checks())]
#[case::steps(known_steps())]
#[case::call_steps(known_call_steps())]
#[case::peer_steps(known_peer_steps())]
#[case::faults(known_faults())]
#[case::channel(Channel::known_keys())]
#[case::server(Server::known_keys())]
fn every_word_has_a_meaning_and_is_said(#[case] words: &[Word]) {
    for word in words {
        assert!(word.doc.ends_with('.') && word.doc.len() > 5, "{} lacks its meaning", word.name);
        let said = format!("{}:", word.name);
        assert!(CLIENT.contains(&said) || SERVER.contains(&said), "no fixture says `{said}`");
    }
}

#[test]
fn every_word_of_a_client_case_loads() {
    let case = load(CLIENT).remove(0);
    assert_eq!(case.given.faults.len(), known_faults().len());
    insta::assert_debug_snapshot!(case);
}

#[test]
fn every_word_of_a_server_case_loads() {
    insta::assert_debug_snapshot!(load(SERVER).remove(0));
}

#[rstest]
#[case::wait_for_ready(
    "wait-for-ready",
    "    when: [call: {operation: unary, wait-for-ready: true}]\n    then: [attempts: {exactly: 1}]\n"
)]
#[case::two_addresses(
    "addresses",
    "    given: {backends: {a: {}, b: {}}}\n    when: [call: {operation: unary}]\n    then: [attempts: {exactly: 1}]\n"
)]
#[case::config_text(
    "service-config-text",
    "    given: {service-config: {text: \"{\"}}\n    when: [call: {operation: unary}]\n    then: [config: rejected]\n"
)]
#[case::resolver("resolver", "    when: [resolver: {backends: [a]}]\n    then: [attempts: {exactly: 0}]\n")]
#[case::long_limit("virtual-time", "    limit: 61s\n    when: [call: {operation: unary}]\n    then: [attempts: {exactly: 1}]\n")]
#[case::long_pause("virtual-time", "    when: [pause: {for: 2min, because: it is long}]\n    then: [attempts: {exactly: 0}]\n")]
#[case::long_repeat(
    "virtual-time",
    "    when: [repeat: {times: 100, every: 1s, steps: [call: {operation: unary}]}]\n    then: [attempts: {exactly: 100}]\n"
)]
#[case::compression(
    "gzip",
    "    given: {channel: {compression: gzip}}\n    when: [call: {operation: unary}]\n    then: [attempts: {exactly: 1}]\n"
)]
#[case::tls(
    "tls",
    "    given: {backends: {a: {manners: {tls: trusted}}}}\n    when: [call: {operation: unary}]\n    then: [attempts: {exactly: 1}]\n"
)]
fn a_client_case_needs(#[case] need: &str, #[case] body: &str) {
    let needs = needs_of("client", body);
    assert!(needs.contains(need) && needs.contains("driver"), "{needs:?}");
}

#[rstest]
#[case::hostile(
    "hostile",
    "    when: [call: {operation: chat, steps: [frame: {type: PING, size: 7B}]}]\n    then: [outcome: {status: INTERNAL}]\n"
)]
#[case::process("process", "    when: [signal: TERM]\n    then: [outcome: {status: OK}]\n")]
#[case::restart("restart", "    when: [system: restart]\n    then: [outcome: {status: OK}]\n")]
#[case::freeze("freeze", "    when: [system: freeze]\n    then: [outcome: {status: OK}]\n")]
#[case::hooks("hooks", "    when: [store: down]\n    then: [outcome: {status: OK}]\n")]
#[case::seen_by_handler("hooks", "    when: [call: {operation: echo}]\n    then: [header: {in: handler, name: x, absent: true}]\n")]
#[case::leaks("log", "    when: [call: {operation: echo}]\n    then: [nowhere: {text: secret}]\n")]
#[case::memory("process", "    when: [call: {operation: echo}]\n    then: [memory: {grows-at-most: 1MiB}]\n")]
#[case::gateway(
    "gateway",
    "    given: {backends: {up: {}}}\n    when: [call: {operation: {relay: {}}}]\n    then: [attempts: {peer: up, exactly: 1}]\n"
)]
#[case::operation("operation:watch", "    when: [start: {operation: {watch: x}}]\n    then: [outcome: {open: true}]\n")]
#[case::setting(
    "setting:max-age",
    "    given: {server: {max-age: 1s}}\n    when: [call: {operation: unary}]\n    then: [outcome: {status: OK}]\n"
)]
#[case::listed("read-after-end", "    needs: [read-after-end]\n    when: [call: {operation: unary}]\n    then: [outcome: {status: OK}]\n")]
fn a_server_case_needs(#[case] need: &str, #[case] body: &str) {
    let needs = needs_of("server", body);
    assert!(needs.contains(need) && !needs.contains("driver"), "{needs:?}");
}

#[test]
fn a_case_replaces_a_key_of_given_whole() {
    let text = "\
suite: a/b
about: x
role: server
given: {server: {grace: 5s, max-age: 1s}, store: {users: 3}}
cases:
  - {id: a.b.c, given: {server: {grace: 1s}}, when: [call: {operation: unary}], then: [outcome: {status: OK}]}
";
    let case = load(text).remove(0);
    assert_eq!(case.given.server.given_keys(), ["grace"]);
    assert_eq!(case.given.store.and_then(|store| store.users), Some(3));
}

#[test]
fn axes_multiply_and_one_may_be_the_role() {
    let text = "\
suite: a/b
about: x
cases:
  - id: a.b.c
    role: $role
    table: {end: {left: {role: client}, right: {role: server}}, kind: {one: {operation: unary}, two: {operation: {fail: ABORTED}}}}
    when: [call: {operation: $operation, metadata: [x-price: \"$role\"]}]
    then: [outcome: {one-of: [OK, ABORTED]}]
";
    let cases = load(text);
    let ids: Vec<String> = cases.iter().map(|case| format!("{} {}", case.id, case.role)).collect();
    assert_eq!(ids, ["a.b.c.left.one client", "a.b.c.left.two client", "a.b.c.right.one server", "a.b.c.right.two server"]);
    assert!(format!("{:?}", cases[0].when).contains("\"$role\""), "a `$` in quotes is a `$`");
}

#[test]
fn a_case_keeps_its_own_text() {
    let text = "suite: a/b\nabout: x\nrole: client\ncases:\n  - id: a.b.c\n    when: [call: {operation: unary}]\n    then:\n      - outcome: {status: OK}\n\n  # the next one\n  - {id: a.b.c.next, proves: [a.b.c], when: [call: {operation: unary}], then: [outcome: {status: OK}]}\n";
    let cases = load(text);
    assert_eq!(cases[0].text, "  - id: a.b.c\n    when: [call: {operation: unary}]\n    then:\n      - outcome: {status: OK}");
    assert_eq!((cases[0].line, cases[1].line), (5, 11));
    assert_eq!(cases[1].text.lines().count(), 1);
}
