//! What a person is told whose system is not as it should be: manifests, builds, drivers, ports. Each message is provoked and kept as a snapshot.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rstest::rstest;

const MANIFEST: &str = "\
name: mine
about: A system.
language: Shell
library: sh
version: '1'
tools: [{run: [sh, -c, 'echo sh 1'], install: a shell}]
build: {run: [sh, build.sh], limit: 10s}
server: {run: [\"$OUT/server\"], ready: 5s, features: [hooks], settings: [grace]}
";

const DESCRIBED: &str =
    r#"{"re":1,"atSeconds":0,"described":{"protocol":1,"driver":"d","language":"sh","library":"sh","libraryVersion":"1","pid":1}}"#;

fn proofmark(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
    command.args(args).current_dir(folder).stdin(Stdio::null()).env("NO_COLOR", "1");
    command.output().expect("the binary runs")
}

fn told(output: &Output, folder: &Path) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let real = folder.canonicalize().expect("a folder");
    let text = text.replace(&real.display().to_string(), "FOLDER").replace(&folder.display().to_string(), "FOLDER");
    let rules: &[(&str, &str)] = &[
        (r"\d+\.\d+ s, seed 0x[0-9a-f]+", "TIME, seed SEED"),
        (r"seed 0x[0-9a-f]+", "seed SEED"),
        (r"reports/out/[0-9-]+", "reports/out/RUN"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    ];
    let text = rules
        .iter()
        .fold(text, |text, (pattern, word)| regex::Regex::new(pattern).expect("a pattern").replace_all(&text, *word).into_owned());
    let kept = text.lines().filter(|line| !line.contains(" cases, ") && !line.starts_with("seed ")).collect::<Vec<_>>().join("\n");
    format!("exit {}\n{}", output.status.code().map_or("by a signal".to_owned(), |code| code.to_string()), kept.trim_end())
}

fn with_system(name: &str, manifest: &str, build: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    add_system(folder.path(), name, manifest, build);
    folder
}

fn add_system(folder: &Path, name: &str, manifest: &str, build: &str) {
    let home = folder.join("peers").join(name);
    fs::create_dir_all(&home).expect("a folder");
    fs::write(home.join("system.yaml"), manifest).expect("a manifest");
    fs::write(home.join("build.sh"), build).expect("a script");
}

#[rstest]
#[case::unknown_key("unknown-key", MANIFEST.replace("about:", "abuot:"))]
#[case::unknown_feature("unknown-feature", MANIFEST.replace("[hooks]", "[hoks]"))]
#[case::unknown_setting("unknown-setting", MANIFEST.replace("[grace]", "[grase]"))]
#[case::missing_key("missing-key", MANIFEST.replace("library: sh\n", ""))]
#[case::wrong_type("wrong-type", MANIFEST.replace("run: [sh, build.sh]", "run: build.sh"))]
#[case::missing_unit("missing-unit", MANIFEST.replace("limit: 10s", "limit: 10"))]
#[case::no_role("no-role", MANIFEST.lines().filter(|line| !line.starts_with("server:")).collect::<Vec<_>>().join("\n"))]
#[case::empty_run("empty-run", MANIFEST.replace("[sh, build.sh]", "[]"))]
#[case::bad_name("bad-name", MANIFEST.replace("name: mine", "name: my system"))]
#[case::empty("empty", String::new())]
#[case::no_yaml("no-yaml", "name: [".to_owned())]
fn a_mistake_in_a_manifest_is_shown_with_its_place(#[case] name: &str, #[case] manifest: String) {
    let folder = with_system("mine", &manifest, "");
    let output = proofmark(folder.path(), &["systems", "--systems", "peers"]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output, folder.path()));
    insta::assert_snapshot!(format!("manifest-{name}"), told(&output, folder.path()));
}

#[test]
fn two_systems_of_one_name_are_told_apart_by_their_folders() {
    let folder = with_system("one", MANIFEST, "");
    add_system(folder.path(), "two", MANIFEST, "");
    insta::assert_snapshot!(told(&proofmark(folder.path(), &["systems", "--systems", "peers"]), folder.path()));
}

#[test]
fn systems_are_listed() {
    let folder = with_system("mine", MANIFEST, "");
    insta::assert_snapshot!(told(&proofmark(folder.path(), &["systems", "--systems", "peers"]), folder.path()));
}

#[rstest]
#[case::fails("fails", "echo one; echo the reason >&2; exit 3", "mine")]
#[case::says_nothing("no-version", "true", "mine")]
#[case::too_long("too-long", "while true; do sleep 1; done", "mine")]
#[case::unknown("unknown-system", "", "yours")]
#[case::wrong_version("wrong-version", "echo \"there is no release $VERSION\"; exit 1", "mine@v9.9.9")]
fn a_build_that_fails_shows_the_tools_own_words(#[case] name: &str, #[case] script: &str, #[case] system: &str) {
    let folder = with_system("mine", &MANIFEST.replace("limit: 10s", "limit: 1s"), script);
    let output = proofmark(folder.path(), &["build", system, "--systems", "peers"]);
    assert!(!output.status.success());
    insta::assert_snapshot!(format!("build-{name}"), told(&output, folder.path()));
}

#[test]
fn a_missing_tool_is_named_with_how_to_get_it() {
    let manifest = MANIFEST.replace("[sh, -c, 'echo sh 1']", "[no-such-tool, --version]").replace("[sh, build.sh]", "[no-such-tool]");
    let folder = with_system("mine", &manifest, "");
    insta::assert_snapshot!("build-missing-tool", told(&proofmark(folder.path(), &["build", "--systems", "peers"]), folder.path()));
    insta::assert_snapshot!("doctor-missing-tool", told(&proofmark(folder.path(), &["doctor", "--systems", "peers"]), folder.path()));
}

#[test]
fn a_system_that_is_not_built_says_how_to_build_it() {
    let folder = with_system("mine", MANIFEST, "");
    insta::assert_snapshot!(told(&proofmark(folder.path(), &["run", "--system", "mine@v1", "--systems", "peers"]), folder.path()));
}

#[test]
fn an_entry_that_matches_no_case_is_an_error() {
    let folder = with_system("mine", MANIFEST, "echo 1 > $OUT/version.txt");
    let list = "- {case: deadline.server.no-such-case, verdict: fail, reason: r, link: unreported}\n";
    fs::write(folder.path().join("peers/mine/known-deviations.yaml"), list).expect("a list");
    proofmark(folder.path(), &["build", "--systems", "peers"]);
    insta::assert_snapshot!(told(&proofmark(folder.path(), &["run", "--system", "mine", "--systems", "peers"]), folder.path()));
}

/// A driver that says who it is, and then does what the script says.
fn with_driver(script: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("driver.sh"), format!("read line\necho '{DESCRIBED}'\n{script}\n")).expect("a script");
    folder
}

#[rstest]
#[case::dies("dies", "read line; echo 'Traceback: no such thing' >&2; exit 3")]
#[case::garbage("garbage", "read line; echo 'connected to 127.0.0.1'; while read line; do :; done")]
#[case::long_line("long-line", "read line; head -c 1100000 /dev/zero | tr '\\0' x; echo; while read line; do :; done")]
#[case::unknown_call(
    "unknown-call",
    r#"read line; echo '{"atSeconds":1,"ended":{"call":77,"status":{"code":0}}}'; while read line; do :; done"#
)]
#[case::unknown_field("unknown-field", r#"read line; echo '{"re":2,"atSeconds":1,"okay":{}}'; while read line; do :; done"#)]
#[case::hangs("hangs", "while read line; do :; done")]
fn a_driver_that_breaks_the_protocol_is_a_system_error_and_the_run_goes_on(#[case] name: &str, #[case] script: &str) {
    let folder = with_driver(script);
    let args = ["run", "status.missing", "--role", "client", "--driver-cmd", "sh driver.sh", "--jobs", "1"];
    let output = proofmark(folder.path(), &args);
    let text = told(&output, folder.path());
    assert_eq!(output.status.code(), Some(1), "{text}");
    let headlines: Vec<&str> = text.lines().filter(|line| line.starts_with("system-error[")).collect();
    assert!(headlines.len() > 1, "the run went on: {text}");
    insta::assert_snapshot!(format!("driver-{name}"), headlines[0]);
}

#[rstest]
#[case::wrong_protocol(
    "wrong-protocol",
    r#"read line; echo '{"re":1,"atSeconds":0,"described":{"protocol":9}}'; while read line; do :; done"#
)]
#[case::ends_at_once("ends-at-once", "echo 'no such option' >&2; exit 64")]
#[case::no_events("prints-help", "echo 'usage: driver'; while read line; do :; done")]
fn a_driver_that_does_not_introduce_itself_is_not_used(#[case] name: &str, #[case] script: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("driver.sh"), script).expect("a script");
    let output = proofmark(folder.path(), &["run", "status.missing", "--role", "client", "--driver-cmd", "sh driver.sh"]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output, folder.path()));
    insta::assert_snapshot!(format!("driver-{name}"), told(&output, folder.path()));
}

#[test]
fn the_doctor_finds_what_a_driver_does_wrong() {
    let folder =
        with_driver(r#"while read line; do id=${line#*:}; id=${id%%,*}; echo "{\"re\":$id,\"atSeconds\":1,\"ok\":{}}"; done; sleep 3"#);
    let output = proofmark(folder.path(), &["doctor", "--driver-cmd", "sh driver.sh"]);
    let text = told(&output, folder.path());
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("a made-up field") && text.contains("was answered with `ok`, wanted `unsupported`"), "{text}");
    assert!(text.contains("it still ran 1s later"), "{text}");
}

#[test]
fn the_doctor_finds_nothing_wrong_with_our_own_driver() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = proofmark(folder.path(), &["doctor", "--driver-cmd", &format!("{} drive", env!("CARGO_BIN_EXE_proofmark"))]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output, folder.path()));
}

#[test]
fn a_server_that_listens_elsewhere_than_it_says_is_told_so() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("server.sh"), "echo 'listening 127.0.0.1:1'\nread line\n").expect("a script");
    let output = proofmark(folder.path(), &["run", "--server-cmd", "sh server.sh"]);
    insta::assert_snapshot!(told(&output, folder.path()));
}

#[test]
fn cases_that_leave_a_server_as_they_found_it_share_one_and_a_failure_is_judged_on_a_fresh_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let serve = format!("{} serve --listen 127.0.0.1:0", env!("CARGO_BIN_EXE_proofmark"));
    let started_and_reused = |cases: &[&str], serve: &str| {
        let args = [&["run"], cases, &["--role", "server", "--jobs", "1", "--server-cmd", serve, "--out", "out"]].concat();
        let output = proofmark(folder.path(), &args);
        let record =
            fs::read_to_string(folder.path().join("out/record.jsonl")).unwrap_or_else(|_| panic!("{}", told(&output, folder.path())));
        fs::remove_dir_all(folder.path().join("out")).expect("a folder");
        let count = |act: &str| record.matches(&format!(r#""act":"{act}""#)).count();
        (count("started"), count("reused"))
    };
    let harmless = "user.proto.versioned-package";
    assert_eq!(started_and_reused(&[harmless], &serve), (3, 2));
    // deadlines race with answers, and a server that is warm is faster than one that is not
    assert_eq!(started_and_reused(&["deadline.server.terminates-call"], &serve).1, 0);
    // what was seen on a server that others had used is not what counts
    let both = ["deadline.server.unit-table.remaining.minutes", "deadline.server.unit-table.remaining.milliseconds"];
    assert_eq!(started_and_reused(&both, &serve), (2, 1));
    let shortened = format!("env PROOFMARK_DEADLINE_MAX=1ms {serve}");
    assert_eq!(started_and_reused(&both, &shortened), (2, 0));
}

#[test]
fn nothing_is_left_behind_by_a_harness_that_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let temporary = folder.path().join("tmp");
    fs::create_dir(&temporary).expect("a folder");
    let serve = format!("{} serve --listen 127.0.0.1:0", env!("CARGO_BIN_EXE_proofmark"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
    command.args(["run", "shutdown.data.no-lost-acknowledged-write", "--role", "server", "--server-cmd", &serve, "--out", "out"]);
    command.current_dir(folder.path()).env("TMPDIR", &temporary).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut harness = command.spawn().expect("the binary runs");
    let until = |condition: &str| {
        let script = format!("until {condition}; do sleep 0.05; done");
        let ended = Command::new("timeout").args(["20", "sh", "-c", &script]).current_dir(folder.path()).status().expect("a shell");
        assert!(ended.success(), "this never came true: {condition}");
    };
    until("ls tmp/*/*.db >/dev/null 2>&1");
    harness.kill().expect("it runs");
    harness.wait().expect("it ended");
    until(r#"[ -z "$(ls -A tmp)" ]"#);
    let name = temporary.display().to_string();
    let left = fs::read_dir("/proc").expect("processes").filter_map(Result::ok).filter(|process| {
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(&format!("TMPDIR={name}"))
    });
    assert_eq!(left.count(), 0, "processes were left behind");
}

#[test]
fn only_folders_of_runs_are_swept() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, others) = (folder.path().join("proofmark-x1"), folder.path().join("mine"));
    [&ours, &others].into_iter().for_each(|folder| fs::create_dir(folder).expect("a folder"));
    assert_eq!(proofmark(folder.path(), &["sweep", "mine"]).status.code(), Some(2));
    assert_eq!(proofmark(folder.path(), &["sweep", "proofmark-x1"]).status.code(), Some(0));
    assert_eq!((ours.exists(), others.exists()), (false, true));
}

#[test]
fn a_container_without_an_engine_is_skipped_and_demanded_where_it_is_required() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("server"), "").expect("a file");
    let run = |require: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
        command.args(["run", "--container", "mine=server"]).current_dir(folder.path()).env("NO_COLOR", "1");
        command.env("DOCKER_HOST", "unix:///nowhere/docker.sock").env("PROOFMARK_REQUIRE", require);
        command.output().expect("the binary runs")
    };
    let skipped = run("");
    assert!(told(&skipped, folder.path()).contains("skipped: --container"), "{}", told(&skipped, folder.path()));
    let required = run("docker");
    assert_eq!(required.status.code(), Some(3));
    assert!(told(&required, folder.path()).contains("PROOFMARK_REQUIRE asks for it"));
}
