//! What a person is told whose container engine refuses, or dies half-way: a fake one answers on a socket.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// An engine that answers each request with what `answer` makes of its path; without an answer it hangs up.
fn engine(folder: &Path, answer: fn(&str) -> Option<String>) {
    let listener = UnixListener::bind(folder.join("docker.sock")).expect("a socket");
    std::thread::spawn(move || {
        for link in listener.incoming() {
            serve(link.expect("a connection"), answer);
        }
    });
}

fn serve(mut link: UnixStream, answer: fn(&str) -> Option<String>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && link.read(&mut byte).is_ok_and(|read| read == 1) {
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or_default();
    if let Some(answer) = answer(path) {
        // the reader may have gone
        let _ = link.write_all(answer.as_bytes());
    }
}

fn response(status: &str, json: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{json}", json.len())
}

fn refuses(_: &str) -> Option<String> {
    Some(response("500 Internal Server Error", r#"{"message":"this engine is being updated"}"#))
}

fn dies_after_its_version(path: &str) -> Option<String> {
    path.ends_with("/version").then(|| response("200 OK", r#"{"Version":"28.0.0","ApiVersion":"1.48","MinAPIVersion":"1.24"}"#))
}

fn run(folder: &Path, require: &str) -> Output {
    std::fs::write(folder.join("server"), "").expect("a file");
    let home = folder.join("fixtures/containers/mine");
    std::fs::create_dir_all(&home).expect("a folder");
    std::fs::write(home.join("Dockerfile"), "FROM scratch\nCOPY server /server\n").expect("a Dockerfile");
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
    command.args(["run", "user.get", "--container", "mine=server"]).current_dir(folder).stdin(Stdio::null()).env("NO_COLOR", "1");
    command.env("DOCKER_HOST", format!("unix://{}/docker.sock", folder.display())).env("PROOFMARK_REQUIRE", require);
    command.output().expect("the binary runs")
}

fn told(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("seed ") && !line.starts_with("exit ")).collect();
    format!("exit {}\n{}", output.status.code().unwrap_or(-1), kept.join("\n"))
}

#[test]
fn an_engine_that_refuses_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    engine(folder.path(), refuses);
    insta::assert_snapshot!("engine-refuses", told(&run(folder.path(), "")));
    insta::assert_snapshot!("engine-refuses-required", told(&run(folder.path(), "docker")));
}

#[test]
fn an_engine_that_dies_half_way_ends_the_run_with_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    engine(folder.path(), dies_after_its_version);
    insta::assert_snapshot!("engine-dies", told(&run(folder.path(), "")));
}
