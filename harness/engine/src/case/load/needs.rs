//! What a case demands of a system.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use super::facts::{Facts, reads_log};
use crate::{
    case::{
        CallStep, Case, Operation, Role, Step, Thing,
        given::{Compression, ServiceConfig},
        when::SystemAct,
    },
    check::{Block, Check},
};

/// What a case demands of a system by what it says; what its file lists comes on top.
#[must_use]
pub fn needs(case: &Case) -> BTreeSet<String> {
    let facts = Facts::of(case);
    let mut needs = BTreeSet::new();
    let mut add = |need: &str| {
        needs.insert(need.to_owned());
    };
    if case.role != Role::Server {
        add("driver");
        client(case, &facts, &mut add);
    }
    if case.role != Role::Client {
        server(case, &facts, &mut add);
    }
    time(case, &facts, &mut add);
    control(&facts, &mut add);
    facts.checks.iter().for_each(|check| judged(check, &mut add));
    needs
}

/// What a file may list as `needs`; besides, `setting:KEY` and `operation:NAME`.
pub(super) const KNOWN: &[&str] = &[
    "driver",
    "gateway",
    "process",
    "restart",
    "freeze",
    "container",
    "hooks",
    "log",
    "spans",
    "hostile",
    "virtual-time",
    "service-config",
    "service-config-text",
    "addresses",
    "resolver",
    "resolver-config",
    "dns-service-config",
    "wait-for-ready",
    "eager-connect",
    "channel-state",
    "tls",
    "authority",
    "user-agent",
    "keepalive",
    "message-limits",
    "retry-switch",
    "retry-buffer",
    "attempts-limit",
    "health-switch",
    "gzip",
    "deflate",
    "uncompressed-message",
    "on-demand-read",
    "read-after-end",
    "reconnect-backoff",
    "cancel-status",
    "proto-codec",
    "retry",
    "hedging",
    "round-robin",
    "pick-first-shuffle",
    "outlier-detection",
    "health-check",
];

fn client(case: &Case, facts: &Facts<'_>, add: &mut impl FnMut(&str)) {
    let mut configs: Vec<&ServiceConfig> = case.given.service_config.iter().collect();
    if !configs.is_empty() {
        add("service-config");
    }
    for (step, _) in &facts.steps {
        match step {
            Step::Resolver(resolver) => {
                add("resolver");
                if let Some(config) = &resolver.service_config {
                    add("resolver-config");
                    configs.push(config);
                }
            }
            Step::Connect(_) => add("eager-connect"),
            _ => {}
        }
    }
    configs.into_iter().for_each(|config| config_features(config, add));
    if facts.calls.iter().any(|call| call.wait_for_ready.is_some()) {
        add("wait-for-ready");
    }
    if case.given.backends.values().any(|backend| backend.manners.tls.is_some()) {
        add("tls");
    }
    channel(case, add);
}

fn channel(case: &Case, add: &mut impl FnMut(&str)) {
    let channel = &case.given.channel;
    let addresses = channel.backends.as_ref().map_or(case.given.backends.len(), Vec::len);
    if addresses > 1 {
        add("addresses");
    }
    for key in channel.given_keys() {
        match key {
            "retries" => add("retry-switch"),
            "max-send" | "max-receive" => add("message-limits"),
            "health-checks" => add("health-switch"),
            "keepalive" | "retry-buffer" | "authority" | "user-agent" => add(key),
            _ => {}
        }
    }
    match channel.compression {
        Some(Compression::Gzip) => add("gzip"),
        Some(Compression::Deflate) => add("deflate"),
        None => {}
    }
}

/// The features of a library that a service config asks for.
fn config_features(config: &ServiceConfig, add: &mut impl FnMut(&str)) {
    match config {
        ServiceConfig::Json(json) => json_features(json, add),
        ServiceConfig::Text(_) => add("service-config-text"),
        ServiceConfig::Fixture(_) => {}
    }
}

fn json_features(json: &Value, add: &mut impl FnMut(&str)) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "retryPolicy" | "retryThrottling" => add("retry"),
                    "hedgingPolicy" => add("hedging"),
                    "healthCheckConfig" => add("health-check"),
                    "round_robin" => add("round-robin"),
                    "outlier_detection_experimental" | "outlier_detection" => {
                        add("outlier-detection");
                    }
                    "shuffleAddressList" if value == &Value::Bool(true) => {
                        add("pick-first-shuffle");
                    }
                    _ => {}
                }
                json_features(value, add);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| json_features(item, add)),
        _ => {}
    }
}

fn server(case: &Case, facts: &Facts<'_>, add: &mut impl FnMut(&str)) {
    for key in case.given.server.given_keys() {
        add(&format!("setting:{key}"));
    }
    if let Some(store) = &case.given.store {
        if store.users.is_some() {
            add("setting:users");
        }
        if store.state != crate::case::given::StoreState::Up {
            add("setting:state");
        }
    }
    for call in &facts.calls {
        match &call.operation {
            Operation::Rpc(_) => add("operation:rpc"),
            operation => add(&format!("operation:{}", operation.name())),
        }
        let wire = call.wire.iter().flat_map(|wire| wire.fields.iter());
        if call.metadata.iter().chain(wire).any(|(name, _)| name.starts_with("rpc-behavior")) {
            add("hooks");
        }
    }
    if case.role == Role::Server && !case.given.backends.is_empty() {
        add("gateway");
    }
    if facts.call_steps.iter().any(|step| matches!(step, CallStep::Frame(_) | CallStep::Data(_))) {
        add("hostile");
    }
    if facts.loose_peer_steps.iter().any(|step| matches!(step.name(), "frame" | "data")) {
        add("hostile");
    }
}

fn time(case: &Case, facts: &Facts<'_>, add: &mut impl FnMut(&str)) {
    if case.limit > REAL_TIME || facts.times.iter().any(|time| *time > REAL_TIME) {
        add("virtual-time");
    }
}

/// What must be possible with the system besides calling it.
fn control(facts: &Facts<'_>, add: &mut impl FnMut(&str)) {
    if facts.acts(|act| matches!(act, SystemAct::Restart | SystemAct::Start)) {
        add("restart");
    }
    if facts.acts(|act| matches!(act, SystemAct::Freeze | SystemAct::Thaw)) {
        add("freeze");
    }
    let signalled = facts.count(|step| matches!(step, Step::Signal(_))) > 0;
    let spoken_of = facts.moments.iter().any(|moment| moment.thing == Thing::Process);
    if signalled || spoken_of || facts.acts(|act| act == SystemAct::Kill) {
        add("process");
    }
    let steered = facts.count(|step| matches!(step, Step::Health(_) | Step::Store(_) | Step::Auth(_))) > 0;
    let seen = facts.moments.iter().any(|moment| matches!(moment.thing, Thing::Handler | Thing::Store | Thing::Health | Thing::Auth));
    if steered || seen {
        add("hooks");
    }
}

fn judged(check: &Check, add: &mut impl FnMut(&str)) {
    match check {
        Check::Handlers(_) | Check::StoreCalls(_) => add("hooks"),
        Check::Header(header) if header.block == Block::Handler => add("hooks"),
        Check::Peak(peak) if peak.of == crate::check::PeakOf::Handlers => add("hooks"),
        Check::Log(_) => add("log"),
        Check::Nowhere(nowhere) if reads_log(nowhere) => add("log"),
        Check::Spans(_) => add("spans"),
        Check::Memory(_) | Check::Exit(_) => add("process"),
        _ => {}
    }
}

/// What is longer runs in virtual time only.
const REAL_TIME: Duration = Duration::from_secs(60);
