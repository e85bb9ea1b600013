//! What a supervisor starts speaks over its own pipes, is told of, and does not outlive its line.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;

use proofmark_engine::system::supervisor::{Order, Started, Supervisor, Told};

fn supervisor() -> Supervisor {
    Supervisor::new(env!("CARGO_BIN_EXE_proofmark").into())
}

fn start(supervisor: &Supervisor, words: &[&str]) -> Started {
    let command = words.iter().map(|word| (*word).to_owned()).collect();
    supervisor.start(&Order { command, environment: vec![("GREETING".into(), "hello".into())] }).expect("it works")
}

/// Everything that is told of a process, until its line ends.
fn told(line: &UnixStream) -> Vec<Told> {
    BufReader::new(line).lines().map(|line| serde_json::from_str(&line.expect("it works")).expect("it works")).collect()
}

fn text(mut from: impl Read) -> String {
    let mut text = String::new();
    from.read_to_string(&mut text).expect("it works");
    text
}

#[test]
fn a_process_speaks_over_its_own_pipes_and_its_end_is_told() {
    let supervisor = supervisor();
    let Started { mut stdin, stdout, stderr, told: line, leash } = start(&supervisor, &["sh", "-c", "cat; echo \"$GREETING\" >&2; exit 3"]);
    stdin.write_all(b"one\ntwo\n").expect("it works");
    drop(stdin);
    assert_eq!((text(stdout).as_str(), text(stderr).as_str()), ("one\ntwo\n", "hello\n"));
    assert!(matches!(told(&line)[..], [Told::Runs(_), Told::Ended(3)]));
    drop(leash);
}

#[test]
fn a_process_and_its_children_end_with_the_leash() {
    let supervisor = supervisor();
    let Started { stdin: _stdin, stdout, told: line, leash, .. } =
        start(&supervisor, &["sh", "-c", "(trap '' TERM; sleep 1000) & echo ready; wait"]);
    let mut stdout = BufReader::new(stdout);
    let mut ready = String::new();
    stdout.read_line(&mut ready).expect("it works");
    drop(leash);
    assert!(matches!(told(&line)[..], [Told::Runs(_), Told::Ended(137)]));
    // the child holds this pipe, too
    assert_eq!((ready.as_str(), text(stdout).as_str()), ("ready\n", ""));
}

#[test]
fn a_process_does_not_hold_the_line_of_another() {
    let supervisor = supervisor();
    let first = start(&supervisor, &["cat"]);
    let second = start(&supervisor, &["cat"]);
    drop((first.stdin, first.leash));
    // every end of the first is closed while the second runs on
    assert_eq!(text(first.stdout), "");
    assert!(matches!(told(&first.told)[..], [Told::Runs(_), Told::Ended(_)]));
    drop(second.stdin);
    assert!(matches!(told(&second.told)[..], [Told::Runs(_), Told::Ended(0)]));
}

#[test]
fn a_command_that_is_not_there_is_told() {
    let started = start(&supervisor(), &["/no/such/server"]);
    let [Told::Fails(why)] = &told(&started.told)[..] else { panic!("it was not told") };
    insta::assert_snapshot!(why, @"`/no/such/server` cannot be started: No such file or directory (os error 2); is it installed, and is the path right?");
}

#[cfg(target_os = "linux")]
#[test]
fn another_supervisor_takes_over_where_one_was_killed() {
    let supervisor = supervisor();
    let first = start(&supervisor, &["cat"]);
    let mut line = BufReader::new(&first.told);
    let mut runs = String::new();
    line.read_line(&mut runs).expect("it works");
    let Told::Runs(pid) = serde_json::from_str(&runs).expect("it works") else { panic!("it does not run: {runs}") };
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it works");
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).expect("it works").trim();
    assert!(Command::new("kill").args(["-9", parent]).status().expect("it works").success());
    let mut rest = String::new();
    line.read_to_string(&mut rest).expect("it works");
    assert_eq!(rest, "");
    let second = start(&supervisor, &["true"]);
    assert!(matches!(told(&second.told)[..], [Told::Runs(_), Told::Ended(0)]));
}
