//! What is accepted, what is rejected, and with which words.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::policy::{ConfigRules, Standard};

fn parse(json: &str) -> Result<ServiceConfig, ConfigRejected> {
    Standard.parse(json)
}

fn with_retry(field: &str, value: &str) -> String {
    let mut fields = vec![
        ("maxAttempts", "3"),
        ("initialBackoff", "\"0.1s\""),
        ("maxBackoff", "\"1s\""),
        ("backoffMultiplier", "2"),
        ("retryableStatusCodes", "[\"UNAVAILABLE\"]"),
    ];
    fields.retain(|(name, _)| *name != field || !value.is_empty());
    let body: Vec<String> = fields.iter().map(|(name, own)| format!("\"{name}\": {}", if *name == field { value } else { own })).collect();
    format!(r#"{{"methodConfig": [{{"name": [{{"service": "t.S"}}], "retryPolicy": {{{}}}}}]}}"#, body.join(", "))
}

#[rstest]
#[case("{\"methodConfig\": [")]
#[case("[]")]
#[case("\"x\"")]
#[case(r#"{"methodConfig": {"name": []}}"#)]
#[case(r#"{"methodConfig": [{"name": [{"service": "a"}], "waitForReady": "true"}]}"#)]
#[case(r#"{"methodConfig": [{"timeout": 1}]}"#)]
#[case(r#"{"loadBalancingPolicy": 1}"#)]
#[case(r#"{"loadBalancingPolicy": "UnknownPolicy"}"#)]
#[case(r#"{"methodConfig": [{"name": [{"service": "a"}, {"service": "a"}]}]}"#)]
#[case(r#"{"methodConfig": [{"name": [{}]}, {"name": [{"service": ""}]}]}"#)]
#[case(r#"{"methodConfig": [{"name": [{"method": "M"}]}]}"#)]
#[case(r#"{"methodConfig": [{"maxRequestMessageBytes": -1}]}"#)]
#[case(r#"{"methodConfig": [{"hedgingPolicy": {"maxAttempts": 2}}]}"#)]
#[case(r#"{"healthCheckConfig": {"serviceName": "a"}}"#)]
#[case(r#"{"loadBalancingConfig": [{"nope1": {}}, {"nope2": {}}]}"#)]
#[case(r#"{"loadBalancingConfig": [{"pick_first": {"shuffleAddressList": "yes"}}, {"round_robin": {}}]}"#)]
#[case(r#"{"loadBalancingConfig": [{"round_robin": {}, "pick_first": {}}]}"#)]
#[case(r#"{"loadBalancingConfig": [{}]}"#)]
#[case(r#"{"retryThrottling": {"tokenRatio": 0.1}}"#)]
#[case(r#"{"retryThrottling": {"maxTokens": 0, "tokenRatio": 0.1}}"#)]
#[case(r#"{"retryThrottling": {"maxTokens": 1001, "tokenRatio": 0.1}}"#)]
#[case(r#"{"retryThrottling": {"maxTokens": 10, "tokenRatio": 0}}"#)]
#[case(r#"{"retryThrottling": {"maxTokens": 10}}"#)]
fn one_bad_field_rejects_the_whole_config(#[case] json: &str) {
    assert!(parse(json).is_err(), "{json}");
}

#[rstest]
fn bad_retry_policies_are_rejected(
    #[values(
        ("maxAttempts", ""), ("maxAttempts", "null"), ("maxAttempts", "1"), ("maxAttempts", "0"), ("maxAttempts", "-1"),
        ("maxAttempts", "2.5"), ("maxAttempts", "true"), ("initialBackoff", ""), ("initialBackoff", "\"0s\""),
        ("initialBackoff", "\"0.000s\""), ("maxBackoff", "\"-0.1s\""), ("maxBackoff", ""), ("backoffMultiplier", ""),
        ("backoffMultiplier", "0"), ("backoffMultiplier", "-1"), ("backoffMultiplier", "\"x\""), ("backoffMultiplier", "[]"),
        ("retryableStatusCodes", ""), ("retryableStatusCodes", "[]"), ("retryableStatusCodes", "\"UNAVAILABLE\""),
        ("retryableStatusCodes", "[\"UNAVAILABLE\", \"NOT_A_CODE\"]"), ("retryableStatusCodes", "[17]"), ("retryableStatusCodes", "[-1]"),
        ("retryableStatusCodes", "[14.5]"), ("retryableStatusCodes", "[\"14\"]"), ("retryableStatusCodes", "[null]"),
        ("retryableStatusCodes", "[\"CANCELED\"]"),
    )]
    case: (&str, &str),
) {
    assert!(parse(&with_retry(case.0, case.1)).is_err(), "{case:?}");
}

#[rstest]
#[case("maxAttempts", "2")]
#[case("maxAttempts", "9")]
#[case("backoffMultiplier", "0.5")]
#[case("retryableStatusCodes", "[14]")]
#[case("retryableStatusCodes", "[\"aborted\", 14]")]
fn good_retry_policies_are_accepted(#[case] field: &str, #[case] value: &str) {
    let config = parse(&with_retry(field, value)).expect("accepted");
    let policy = config.named("t.S", "").expect("named").retry.clone().expect("a policy");
    assert!(policy.max_attempts <= 5 && policy.codes.contains(&14));
}

#[rstest]
#[case("1", None)]
#[case("1m", None)]
#[case("100ms", None)]
#[case("1e-1s", None)]
#[case("0.1234567891s", None)]
#[case("s", None)]
#[case("", None)]
#[case(".5s", None)]
#[case("-1s", None)]
#[case("0.100s", Some(Duration::from_millis(100)))]
#[case("0.5s", Some(Duration::from_millis(500)))]
#[case("0.500000000s", Some(Duration::from_millis(500)))]
#[case("1.000000001s", Some(Duration::new(1, 1)))]
#[case("3s", Some(Duration::from_secs(3)))]
fn durations_are_decimal_seconds(#[case] text: &str, #[case] expected: Option<Duration>) {
    assert_eq!(parse_duration(text), expected);
}

#[test]
fn unknown_fields_are_ignored_at_any_depth() {
    let json = with_retry("maxAttempts", "2, \"futureField\": [1, {}]").replacen('{', "{\"futureField\": null, ", 1);
    assert!(parse(&json).is_ok());
}

#[test]
fn null_empty_and_absent_names_are_the_same() {
    for name in [r#"{"service": "t.S", "method": ""}"#, r#"{"service": "t.S", "method": null}"#, r#"{"service": "t.S"}"#] {
        let config = parse(&format!(r#"{{"methodConfig": [{{"name": [{name}], "timeout": "1s"}}]}}"#)).expect("accepted");
        assert!(Standard.find(&config, "t.S", "M").is_some(), "{name}");
    }
}

#[test]
fn the_first_supported_balancing_policy_wins_over_the_old_field() {
    let json =
        r#"{"loadBalancingConfig": [{"future": {"x": 1}}, {"round_robin": {}}, {"pick_first": {}}], "loadBalancingPolicy": "pick_first"}"#;
    assert_eq!(parse(json).expect("accepted").balancing, Balancing::RoundRobin);
}

#[test]
fn token_ratios_are_cut_off_after_three_decimals() {
    let ratio = |text| parse(&format!(r#"{{"retryThrottling": {{"maxTokens": 4, "tokenRatio": {text}}}}}"#)).expect("accepted").throttling;
    assert_eq!(ratio("0.3339").map(|throttling| throttling.token_ratio), Some(333));
    assert_eq!(ratio("0.29").map(|throttling| throttling.token_ratio), Some(290));
}

#[test]
fn a_rejection_says_where_and_what() {
    let error = parse(r#"{"methodConfig": [{"name": [{"service": "a"}], "timeout": "5"}]}"#).expect_err("rejected");
    assert_eq!(
        error.to_string(),
        r#"service config rejected: methodConfig[0].timeout: a duration in seconds such as "0.5s" is wanted, not "5""#
    );
}

proptest! {
    #[test]
    fn any_text_is_accepted_or_rejected_without_panic(text in ".{0,64}") {
        let _ = parse(&text);
    }

    #[test]
    fn the_most_specific_entry_applies_in_any_order(order in Just(vec![0_usize, 1, 2]).prop_shuffle(), keep in 1_usize..8) {
        let names = [r#"{}"#, r#"{"service": "t.S"}"#, r#"{"service": "t.S", "method": "M"}"#];
        let entries: Vec<String> = order
            .iter()
            .filter(|index| keep & (1 << **index) != 0)
            .map(|index| format!(r#"{{"name": [{}], "timeout": "{}s"}}"#, names[*index], index + 1))
            .collect();
        let config = parse(&format!(r#"{{"methodConfig": [{}]}}"#, entries.join(", "))).expect("accepted");
        let found = |service: &str, method: &str| Standard.find(&config, service, method).and_then(|entry| entry.timeout).map(|timeout| timeout.as_secs());
        let best = |allowed: &[u64]| allowed.iter().copied().find(|level| keep & (1 << (level - 1)) != 0);
        prop_assert_eq!(found("t.S", "M"), best(&[3, 2, 1]));
        prop_assert_eq!(found("t.S", "Other"), best(&[2, 1]));
        prop_assert_eq!(found("t.X", "M"), best(&[1]));
    }
}
