//! Units, bounds, moments, templates and names, one by one.

use std::time::Duration;

use proofmark_engine::case::{
    Bound, ByteCount, ErrorCode, FrameType, Moment, StatusCode, Template, Thing, Verb,
    hex::Hex,
    load_suites,
    names::{Flags, NamedErrorCode, NamedFrameType},
    parse_one,
    template::Context,
    text::{Expected, FieldText, Pattern},
    units::{parse_bytes, parse_duration, show_duration},
};
use proptest::prelude::*;
use rstest::rstest;

#[rstest]
#[case("0ms", 0)]
#[case("1ns", 1)]
#[case("300us", 300_000)]
#[case("80ms", 80_000_000)]
#[case("99.999999ms", 99_999_999)]
#[case("1.5s", 1_500_000_000)]
#[case("2min", 120_000_000_000)]
#[case("1h", 3_600_000_000_000)]
fn a_time_has_a_unit(#[case] text: &str, #[case] nanos: u64) {
    assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanos)));
}

#[rstest]
#[case("300", "`300` has no unit: write 300ms, 300s or another of ns, us, ms, s, min, h")]
#[case("1.5", "`1.5` has no unit: write 1.5ms, 1.5s or another of ns, us, ms, s, min, h")]
#[case("3sec", "`3sec` has the unknown unit `sec`; units are ns, us, ms, s, min, h")]
#[case("3 s", "`3 s` has the unknown unit ` s`; units are ns, us, ms, s, min, h")]
#[case("", "`` is no time; one is written 300ms or 2s")]
#[case("ms", "`ms` is no time; one is written 300ms or 2s")]
#[case("-1ms", "`-1ms` is no time; one is written 300ms or 2s")]
#[case(".5s", "`.5s` is no time; one is written 300ms or 2s")]
#[case("5.s", "`5.s` is no time; one is written 300ms or 2s")]
#[case("1.2.3s", "`1.2.3s` is no time; one is written 300ms or 2s")]
#[case("0.5ns", "`0.5ns` cannot be held exactly in whole nanoseconds")]
#[case("99999999999h", "`99999999999h` cannot be held exactly in whole nanoseconds")]
fn what_is_no_time_is_told(#[case] text: &str, #[case] told: &str) {
    assert_eq!(parse_duration(text).expect_err("no time").to_string(), told);
}

#[rstest]
#[case("0B", 0)]
#[case("65535B", 65_535)]
#[case("16KiB", 16_384)]
#[case("1.5KiB", 1_536)]
#[case("1MiB", 1_048_576)]
#[case("2GiB", 2_147_483_648)]
fn a_size_has_a_unit(#[case] text: &str, #[case] bytes: u64) {
    assert_eq!(parse_bytes(text), Ok(ByteCount(bytes)));
}

#[rstest]
#[case("5", "`5` has no unit: write 5B, 5KiB or another of B, KiB, MiB, GiB")]
#[case("5KB", "`5KB` has the unknown unit `KB`; units are B, KiB, MiB, GiB")]
#[case("0.5B", "`0.5B` cannot be held exactly in whole bytes")]
#[case("x", "`x` is no size; one is written 100B or 16KiB")]
fn what_is_no_size_is_told(#[case] text: &str, #[case] told: &str) {
    assert_eq!(parse_bytes(text).expect_err("no size").to_string(), told);
}

#[rstest]
#[case("{exactly: 2}", Bound::Exactly(2), &[2], &[1, 3])]
#[case("{exactly: 0}", Bound::Exactly(0), &[0], &[1])]
#[case("{at-least: 2}", Bound::AtLeast(2), &[2, 9], &[1])]
#[case("{at-most: 2}", Bound::AtMost(2), &[0, 2], &[3])]
#[case("{between: [1, 3]}", Bound::Between(1, 3), &[1, 2, 3], &[0, 4])]
fn a_bound_holds(#[case] text: &str, #[case] bound: Bound<u64>, #[case] inside: &[u64], #[case] outside: &[u64]) {
    assert_eq!(parse_one::<Bound<u64>>("bound", text).expect("a bound"), bound);
    assert!(inside.iter().all(|value| bound.holds(*value)));
    assert!(!outside.iter().any(|value| bound.holds(*value)));
}

#[rstest]
#[case("exactly: 300ms", "exactly 300ms")]
#[case("at-least: 1s", "at least 1s")]
#[case("at-most: 1500ms", "at most 1500ms")]
#[case("between: [80ms, 2min]", "between 80ms and 2min")]
fn a_bound_of_times_is_shown(#[case] text: &str, #[case] shown: &str) {
    assert_eq!(parse_one::<Bound<Duration>>("bound", text).expect("a bound").to_string(), shown);
}

#[rstest]
#[case("case started", Thing::Case, None, None, None, Verb::Started)]
#[case("attempt 2 began", Thing::Attempt, Some(2), None, None, Verb::Began)]
#[case("attempt of two began", Thing::Attempt, None, None, Some("two"), Verb::Began)]
#[case("goaway 1 of x received", Thing::Goaway, Some(1), None, Some("x"), Verb::Received)]
#[case("call long ended", Thing::Call, None, Some("long"), None, Verb::Ended)]
#[case("call 3 ended", Thing::Call, Some(3), None, None, Verb::Ended)]
#[case("call w/3 ended", Thing::Call, None, Some("w/3"), None, Verb::Ended)]
#[case("mark dying reached", Thing::Mark, None, Some("dying"), None, Verb::Reached)]
#[case("fault dead lifted", Thing::Fault, None, Some("dead"), None, Verb::Lifted)]
#[case("connection 1 of a ready", Thing::Connection, Some(1), None, Some("a"), Verb::Ready)]
#[case("half-close received", Thing::HalfClose, None, None, None, Verb::Received)]
#[case("ping-ack of x sent", Thing::PingAck, None, None, Some("x"), Verb::Sent)]
#[case("signal 2 sent", Thing::Signal, Some(2), None, None, Verb::Sent)]
#[case("process exited", Thing::Process, None, None, None, Verb::Exited)]
fn a_moment_is_read(
    #[case] text: &str,
    #[case] thing: Thing,
    #[case] number: Option<u32>,
    #[case] name: Option<&str>,
    #[case] of: Option<&str>,
    #[case] verb: Verb,
) {
    let moment: Moment = text.parse().expect("a moment");
    let wanted = Moment { thing, number, name: name.map(str::to_owned), of: of.map(str::to_owned), verb };
    assert_eq!(moment, wanted);
    assert_eq!(moment.to_string(), text);
}

#[rstest]
#[case("attempt 1 finished", "`attempt 1 finished` is no moment; what one can say of `attempt` is: began, reset, ended")]
#[case("mark ended", "`mark ended` is no moment; what one can say of `mark` is: reached")]
#[case("atempt began", "`atempt began` is no moment: nothing is called `atempt`; did you mean `attempt`?")]
#[case("began", "`began` is no moment; one is written `<thing> [<number> | <name>] [of <call or peer>] <verb>`")]
#[case("attempt 1 2 began", "`attempt 1 2 began` is no moment; one is written `<thing> [<number> | <name>] [of <call or peer>] <verb>`")]
#[case("attempt of began", "`attempt of began` is no moment; one is written `<thing> [<number> | <name>] [of <call or peer>] <verb>`")]
#[case("attempt  began", "`attempt  began` is no moment: `attempt` is told by its number, counted from 1, not by ``")]
#[case("attempt x began", "`attempt x began` is no moment: `attempt` is told by its number, counted from 1, not by `x`")]
#[case("attempt 0 began", "`attempt 0 began` is no moment: `attempt` is told by its number, counted from 1, not by `0`")]
#[case(
    "call 0 ended",
    "`call 0 ended` is no moment: `call` is told by its name, or by how many of them that makes, counted from 1, not by `0`"
)]
#[case("case 1 started", "`case 1 started` is no moment: there is only one `case`, told by nothing, not by `1`")]
#[case("signal of x sent", "`signal of x sent` is no moment: `signal` belongs to no call or peer, so leave out `of`")]
fn what_is_no_moment_is_told(#[case] text: &str, #[case] told: &str) {
    assert_eq!(text.parse::<Moment>().expect_err("no moment").to_string(), told);
}

#[test]
fn every_thing_says_each_of_its_verbs() {
    for thing in Thing::ALL {
        for verb in Verb::ALL {
            let text = format!("{thing} {verb}");
            assert_eq!(text.parse::<Moment>().is_ok(), thing.verbs().contains(verb), "{text}");
        }
    }
}

#[rstest]
#[case("plain", b"plain")]
#[case("id-{n}", b"id-7")]
#[case("{n}{n}", b"77")]
#[case("lane-{lane}", b"lane-2")]
#[case("{fill 28B}", b"abcdefghijklmnopqrstuvwxyzab")]
#[case("a{hex ff00}b", b"a\xff\x00b")]
#[case("{text hi there}", b"6869207468657265")]
#[case("Bearer {token}", b"Bearer good")]
#[case("Bearer {token expired}", b"Bearer old")]
fn a_template_is_filled_in(#[case] text: &str, #[case] filled: &[u8]) {
    let context = Context { n: 7, lane: 2, token: "good", expired_token: "old" };
    let template = Template::parse(text).expect("a template");
    assert_eq!(template.expand(&context), filled);
    assert_eq!(template.is_plain(), text == "plain");
    assert_eq!(template.has_token(), text.contains("token"));
}

#[rstest]
#[case("{n", "`{n` has a `{` without a `}`")]
#[case("{}", "`{}` is no template; there are {n}, {lane}, {fill 6KiB}, {hex ff}, {text ...}, {token}, {token expired}")]
#[case("{n 1}", "`{n 1}` is no template; there are {n}, {lane}, {fill 6KiB}, {hex ff}, {text ...}, {token}, {token expired}")]
#[case("{fill 6}", "`6` has no unit: write 6B, 6KiB or another of B, KiB, MiB, GiB")]
#[case("{hex f}", "`f` is no hex: write pairs of the digits 0-9 and a-f, without spaces")]
fn what_is_no_template_is_told(#[case] text: &str, #[case] told: &str) {
    assert_eq!(Template::parse(text).expect_err("no template").to_string(), told);
}

#[test]
fn every_code_is_read_by_its_name() {
    for code in StatusCode::ALL {
        assert_eq!(&parse_one::<StatusCode>("code", code.name()).expect("a code"), code);
        assert_eq!(StatusCode::from_number(code.number()), Some(*code));
    }
    for code in NamedErrorCode::ALL {
        assert_eq!(parse_one::<ErrorCode>("code", code.name()).expect("a code"), (*code).into());
    }
    for kind in NamedFrameType::ALL {
        assert_eq!(parse_one::<FrameType>("type", kind.name()).expect("a type"), (*kind).into());
    }
}

#[rstest]
#[case("0xff", 0xff, "0xff")]
#[case("0x8", 0x8, "CANCEL")]
fn a_code_without_a_name_is_hex(#[case] text: &str, #[case] number: u32, #[case] shown: &str) {
    let code = parse_one::<ErrorCode>("code", text).expect("a code");
    assert_eq!((code, code.to_string().as_str()), (ErrorCode(number), shown));
}

#[test]
fn small_numbers_of_frames_are_hex() {
    assert_eq!(parse_one::<Flags>("flags", "0x4").expect("flags"), Flags(4));
    assert_eq!(parse_one::<FrameType>("type", "0xfa").expect("type").to_string(), "0xfa");
    assert!(parse_one::<Flags>("flags", "4").is_err());
    assert!(parse_one::<FrameType>("type", "0x1ff").is_err());
    assert!(parse_one::<ErrorCode>("code", "0x+1").is_err());
}

#[test]
fn a_pattern_stands_between_slashes_in_a_log() {
    let method = parse_one::<FieldText>("field", "/user.v1.UserService/GetUser").expect("a text");
    assert!(method.0.holds("/user.v1.UserService/GetUser"));
    let pattern = parse_one::<FieldText>("field", "/^r-[0-9]+$/").expect("a pattern");
    assert!(pattern.0.holds("r-12") && !pattern.0.holds("r-"));
    let expected = parse_one::<Expected>("message", "{matches: broken}").expect("expected");
    assert_eq!(expected, Expected::Matches(Pattern::parse("broken").expect("a pattern")));
}

#[test]
fn hex_comes_in_pairs() {
    assert_eq!(Hex::parse("00fF").map(|hex| hex.0), Ok(vec![0x00, 0xff]));
    assert!(Hex::parse("0").is_err() && Hex::parse("0 ").is_err() && Hex::parse("+1").is_err());
}

proptest! {
    #[test]
    fn a_shown_time_is_read_again(nanos in any::<u64>()) {
        let duration = Duration::from_nanos(nanos);
        prop_assert_eq!(parse_duration(&show_duration(duration)), Ok(duration));
    }

    #[test]
    fn a_shown_size_is_read_again(bytes in any::<u64>()) {
        prop_assert_eq!(parse_bytes(&ByteCount(bytes).to_string()), Ok(ByteCount(bytes)));
    }

    #[test]
    fn no_text_breaks_the_small_parsers(text in "\\PC*") {
        let _ = (parse_duration(&text), parse_bytes(&text), text.parse::<Moment>(), Template::parse(&text), Hex::parse(&text));
    }

    #[test]
    fn no_damage_to_a_suite_breaks_the_loader(at in 0_usize..2_000, byte in any::<u8>(), gone in 0_usize..40) {
        let mut text = include_bytes!("fixtures/words-client.yaml").to_vec();
        text.splice(at..at + gone, [byte]);
        if let Err(errors) = load_suites(&[("words.yaml", text)], &Default::default()) {
            prop_assert!(errors.to_string().starts_with("error: "));
        }
    }
}
