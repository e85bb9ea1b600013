//! What a person is told who asks for something that cannot be: each message is provoked and kept as a snapshot.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rstest::rstest;

fn proofmark(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
    command.args(args).current_dir(folder.path()).stdin(Stdio::null()).env("NO_COLOR", "1");
    command.output().expect("the binary runs")
}

fn told(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    format!("exit {}\n{}", output.status.code().map_or("by a signal".to_owned(), |code| code.to_string()), text.trim_end())
}

/// Replaces what differs from run to run by words.
fn plain(text: &str) -> String {
    let rules: &[(&str, &str)] = &[
        (r"\d+\.\d+ s, seed 0x[0-9a-f]+", "TIME, seed SEED"),
        (r"seed 0x[0-9a-f]+", "seed SEED"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"reports/out/[0-9-]+", "reports/out/RUN"),
        (r"/tmp/[^\s`/;]+", "TMP"),
        (r"shows all \d+", "shows all N"),
    ];
    rules.iter().fold(text.to_owned(), |text, (pattern, word)| {
        regex::Regex::new(pattern).expect("a pattern").replace_all(&text, *word).into_owned()
    })
}

fn last_lines(text: &str) -> String {
    text.lines().filter(|line| !line.contains(" cases, ") && !line.starts_with("seed ")).collect::<Vec<_>>().join("\n")
}

#[rstest]
#[case::pattern_that_matches_nothing("pattern", &["run", "retry.pushbak.delay-is-exact"])]
#[case::unknown_area("area", &["run", "--area", "deadline"])]
#[case::unknown_format("format", &["run", "--format", "html"])]
#[case::unwritable_output_folder("folder", &["run", "retry.pushback", "--out", "/proc/none"])]
#[case::unknown_killer("killer", &["run", "--killer", "client.nice"])]
#[case::bad_seed("seed", &["run", "--seed", "five"])]
#[case::unknown_name("explain", &["explain", "atempts"])]
#[case::empty_command("empty-command", &["run", "--server-cmd", " "])]
#[case::open_quotes("quotes", &["run", "--server-cmd", "serve 'a"])]
#[case::no_address("address", &["run", "--address", "localhost"])]
#[case::missing_record("missing-record", &["judge", "nowhere/record.jsonl"])]
#[case::serve_bad_setting("serve-setting", &["serve", "--grace", "5"])]
#[case::serve_bad_address("serve-address", &["serve", "--listen", "here"])]
#[case::serve_exposed("serve-exposed", &["serve", "--listen", "0.0.0.0:0"])]
#[case::serve_bad_hooks("serve-hooks", &["serve", "--test-hooks", "sotre=down"])]
fn usage_errors_say_what_is_wanted(#[case] name: &str, #[case] args: &[&str]) {
    let output = proofmark(args);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    insta::assert_snapshot!(format!("usage-{name}"), plain(&told(&output)));
}

#[rstest]
#[case::command_not_found("not-found", "/no/such/server")]
#[case::exits_at_once("exits", "sh -c 'echo no database >&2; exit 7'")]
#[case::never_ready("never-ready", "sleep 60")]
#[case::prints_garbage("garbage", r"printf '\001\033[31mhello\n'")]
#[case::prints_garbage_and_stays("garbage-stays", "sh -c 'echo starting up; echo still; sleep 60'")]
fn a_server_that_does_not_get_ready_is_told_and_ends_the_run(#[case] name: &str, #[case] command: &str) {
    let output = proofmark(&["run", "status", "--server-cmd", command, "--ready-limit", "1"]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    insta::assert_snapshot!(format!("not-ready-{name}"), plain(&told(&output)));
}

#[test]
fn a_server_that_was_late_once_is_tried_again_with_the_machine_to_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let starts = folder.path().join("starts");
    // the first start answers what the server has, the second is the case's
    let script = format!(
        "echo >> {0}; [ $(wc -l < {0}) = 2 ] && exec sleep 60; exec {1} serve --listen 127.0.0.1:0",
        starts.display(),
        env!("CARGO_BIN_EXE_proofmark")
    );
    let output = proofmark(&["run", "health.check.overall-empty-name", "--server-cmd", &format!("sh -c '{script}'"), "--ready-limit", "5"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(told(&output).contains("they run once more, one at a time"), "{}", told(&output));
    assert_eq!(std::fs::read_to_string(&starts).expect("the server ran").lines().count(), 3);
}

#[test]
fn a_flood_on_stderr_is_bounded_and_does_not_block() {
    // 256 MiB before the server says that it is ready; the pipe is drained, and little of it is kept
    let serve = format!("{} serve --listen 127.0.0.1:0", env!("CARGO_BIN_EXE_proofmark"));
    let command = format!("sh -c 'head -c 268435456 /dev/zero | tr \"\\0\" x >&2; exec {serve}'");
    let output = proofmark(&["run", "health.check.overall-empty-name", "--server-cmd", &command, "--ready-limit", "60"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
}

#[test]
fn a_server_that_ignores_sigterm_and_has_a_child_is_gone_in_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let pids = folder.path().join("pids");
    let script = format!(
        "trap \"\" TERM; sleep 300 & echo $! >> {0}; echo $$ >> {0}; echo listening 127.0.0.1:1; while :; do sleep 1; done",
        pids.display()
    );
    let output = proofmark(&["run", "status", "--server-cmd", &format!("sh -c '{script}'"), "--ready-limit", "5"]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    let text = std::fs::read_to_string(&pids).expect("the server ran");
    assert!(text.lines().count() >= 2);
    for pid in text.lines() {
        assert!(is_gone(pid), "process {pid} is still there");
    }
}

#[test]
fn a_killed_harness_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let pids = folder.path().join("pids");
    let script = format!("echo $$ >> {}; sleep 300", pids.display());
    let mut harness = Command::new(env!("CARGO_BIN_EXE_proofmark"))
        .args(["run", "status", "--server-cmd", &format!("sh -c '{script}'"), "--ready-limit", "60"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let pid = wait_for(|| std::fs::read_to_string(&pids).ok().filter(|text| text.ends_with('\n')));
    harness.kill().expect("SIGKILL");
    harness.wait().expect("it ends");
    wait_for(|| is_gone(pid.trim()).then_some(()));
}

#[test]
fn ctrl_c_ends_the_run_and_keeps_the_partial_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let serve = format!("{} serve --listen 127.0.0.1:0", env!("CARGO_BIN_EXE_proofmark"));
    let mut harness = Command::new(env!("CARGO_BIN_EXE_proofmark"))
        .args(["run", "--server-cmd", &serve, "--out", "run", "--jobs", "2"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let record = folder.path().join("run/record.jsonl");
    wait_for(|| std::fs::read_to_string(&record).ok().filter(|text| text.contains("\"line\":\"case\"")));
    let pid = nix::unistd::Pid::from_raw(i32::try_from(harness.id()).expect("a pid"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).expect("SIGINT");
    assert_eq!(harness.wait().expect("it ends").code(), Some(130));
    let text = std::fs::read_to_string(&record).expect("a record");
    assert!(text.ends_with('\n') && text.contains("\"interrupted\":true"));
    assert!(folder.path().join("run/report.json").exists());
}

#[test]
fn an_address_nobody_listens_on_is_told() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let output = proofmark(&["run", "status", "--address", &free.to_string()]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    insta::assert_snapshot!("address-nobody", plain(&told(&output)));
}

#[test]
fn an_address_that_speaks_http_1_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut bytes = [0; 100];
            let _ = stream.read(&mut bytes);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
        }
    });
    let output = proofmark(&["run", "status", "--address", &address.to_string()]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    insta::assert_snapshot!("address-http1", plain(&told(&output)));
}

#[test]
fn a_port_in_use_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let output = proofmark(&["serve", "--listen", &taken.local_addr().expect("an address").to_string()]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    insta::assert_snapshot!("port-in-use", plain(&told(&output)));
}

#[rstest]
#[case::not_a_record("not-a-record", "hello\n")]
#[case::empty("empty-record", "")]
#[case::newer("newer-record", "{\"line\":\"run\",\"version\":99}\n")]
fn a_file_that_is_no_record_is_told(#[case] name: &str, #[case] text: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("record.jsonl");
    std::fs::write(&path, text).expect("a file");
    let output = proofmark(&["judge", &path.display().to_string()]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    insta::assert_snapshot!(name, plain(&told(&output)));
}

#[test]
fn a_record_cut_short_is_judged_up_to_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run");
    let ran = proofmark(&["run", "retry.pushback", "--out", &out.display().to_string()]);
    assert_eq!(ran.status.code(), Some(0), "{}", told(&ran));
    let path = out.join("record.jsonl");
    cut_last_line(&path);
    let output = proofmark(&["judge", &path.display().to_string()]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(told(&output).contains("the last line of the record is cut short"));
}

#[test]
fn help_is_as_it_was() {
    for command in [&["--help"][..], &["run", "--help"], &["serve", "--help"], &["killers", "--help"]] {
        let output = proofmark(command);
        insta::assert_snapshot!(format!("help-{}", command[0].trim_start_matches('-')), last_lines(&told(&output)));
    }
}

fn cut_last_line(path: &Path) {
    let text = std::fs::read_to_string(path).expect("a record");
    std::fs::write(path, &text[..text.len() - 20]).expect("a file");
}

fn is_gone(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.is_empty() || stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
}

fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("it did not happen within 30 s");
}
