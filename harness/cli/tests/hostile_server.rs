//! A server under test that means harm: there is always a verdict or an error that says what was seen; no panic, no hang, no unbounded memory.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};

use bytes::{Bytes, BytesMut};
use proofmark_wire::{Field, Frame, FrameReader, PREFACE, RawFrame, flag, grpc, hpack, kind};
use rstest::rstest;

/// What the server sends on a stream once a request has arrived.
type Harm = fn(&mut TcpStream, u32) -> std::io::Result<()>;

fn send(stream: &mut TcpStream, raw: RawFrame) -> std::io::Result<()> {
    let mut bytes = BytesMut::new();
    raw.encode(&mut bytes);
    stream.write_all(&bytes)
}

fn block(stream: &mut TcpStream, id: u32, fields: &[(&str, &str)], flags: u8) -> std::io::Result<()> {
    let fields: Vec<Field> = fields.iter().map(|(name, value)| Field::new(name, value)).collect();
    send(stream, RawFrame::new(kind::HEADERS, flags | flag::END_HEADERS, id, hpack::encode(&fields)))
}

fn malformed_frames(stream: &mut TcpStream, id: u32) -> std::io::Result<()> {
    send(stream, RawFrame::new(kind::RST_STREAM, 0, id, vec![1, 2, 3]))?;
    send(stream, RawFrame::new(kind::DATA, flag::PADDED, id, vec![200, 0]))
}

fn a_frame_of_16_mib(stream: &mut TcpStream, id: u32) -> std::io::Result<()> {
    stream.write_all(&[0xff, 0xff, 0xff, kind::DATA, 0])?;
    stream.write_all(&id.to_be_bytes())?;
    stream.write_all(&vec![0; 1 << 20])
}

fn a_header_bomb(stream: &mut TcpStream, id: u32) -> std::io::Result<()> {
    let mut bomb = Vec::new();
    hpack::encode_indexed(&Field::new("x-bomb", vec![b'a'; 3000]), &mut bomb);
    bomb.extend(std::iter::repeat_n(0xbe, 12_000));
    send(stream, RawFrame::new(kind::HEADERS, flag::END_HEADERS, id, bomb))
}

fn endless_continuation(stream: &mut TcpStream, id: u32) -> std::io::Result<()> {
    send(stream, RawFrame::new(kind::HEADERS, 0, id, vec![]))?;
    for _ in 0..1_000_000 {
        send(stream, RawFrame::new(kind::CONTINUATION, 0, id, vec![0; 16_000]))?;
    }
    Ok(())
}

fn a_message_of_2_gib(stream: &mut TcpStream, id: u32) -> std::io::Result<()> {
    block(stream, id, &[(":status", "200"), ("content-type", "application/grpc")], 0)?;
    let raw = Frame::Data { data: grpc::frame(0, Some(0x8000_0000), b"x"), flow: 0, end_stream: false }.raw(id);
    send(stream, raw)?;
    block(stream, id, &[("grpc-status", "0")], flag::END_STREAM)
}

fn escape_sequences(stream: &mut TcpStream, id: u32) -> std::io::Result<()> {
    let message = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mred";
    block(
        stream,
        id,
        &[(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "13"), ("grpc-message", message)],
        flag::END_STREAM,
    )
}

#[rstest]
#[case::malformed_frames(malformed_frames)]
#[case::a_frame_of_16_mib(a_frame_of_16_mib)]
#[case::a_header_bomb(a_header_bomb)]
#[case::endless_continuation(endless_continuation)]
#[case::a_message_of_2_gib(a_message_of_2_gib)]
#[case::escape_sequences(escape_sequences)]
fn a_hostile_server_gets_a_verdict_or_an_error(#[case] harm: Harm) {
    let output = run_against(serve(harm));
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(matches!(output.status.code(), Some(1 | 3 | 4)), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    assert!(text.chars().all(|letter| !letter.is_control() || letter == '\n'), "raw control characters: {text:?}");
    assert!(peak_kib() < 256 * 1024, "{} KiB", peak_kib());
}

fn run_against(address: SocketAddr) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    Command::new(env!("CARGO_BIN_EXE_proofmark"))
        .args(["run", "health.check", "status.server", "--jobs", "2", "--address", &address.to_string()])
        .current_dir(folder.path())
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary runs")
}

/// The largest of all runs so far, in KiB.
fn peak_kib() -> i64 {
    nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN).expect("the figures of children").max_rss()
}

fn serve(harm: Harm) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                // the other end gives up sooner or later, which is what is tested
                let _ = answer(stream, harm);
            });
        }
    });
    address
}

fn answer(mut stream: TcpStream, harm: Harm) -> std::io::Result<()> {
    let mut preface = [0; PREFACE.len()];
    stream.read_exact(&mut preface)?;
    send(&mut stream, RawFrame::new(kind::SETTINGS, 0, 0, Bytes::new()))?;
    let mut reader = FrameReader::new(1 << 24);
    let mut bytes = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut bytes)?;
        if read == 0 {
            return Ok(());
        }
        reader.push(&bytes[..read]);
        while let Ok(Some(raw)) = reader.next_frame() {
            match raw.kind {
                kind::SETTINGS if !raw.has(flag::ACK) => send(&mut stream, RawFrame::new(kind::SETTINGS, flag::ACK, 0, Bytes::new()))?,
                kind::HEADERS => harm(&mut stream, raw.stream)?,
                _ => {}
            }
        }
    }
}
