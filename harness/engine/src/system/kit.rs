//! Takes a driver through its protocol alone, before any case: does it say `unsupported` where it should, does it keep the order, does it end?

use std::net::SocketAddr;
use std::time::Duration;

use proofmark_api::driver::{Event, ended, event};
use proofmark_system::{ClientEvent, StartError};
use proofmark_transport::clock::timeout;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::driver::{DriverProcess, Process};

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What was looked at.
    pub what: String,
    /// What is wrong, if something is: what was seen, and what was wanted.
    pub wrong: Option<String>,
}

/// What must be answered `unsupported`: only then is an `unsupported` believed, and no stimulus is left out in silence.
///
/// # Errors
/// Where the driver does not start.
pub async fn canaries(driver: &DriverProcess) -> Result<Vec<Look>, StartError> {
    let mut kit = Kit::start(driver).await?;
    kit.say(r#""openChannel":{"channel":1,"addresses":["127.0.0.1:1"]}"#).await;
    kit.say(&format!(r#""startCall":{{"call":1,"channel":1,"method":"{CHAT}","kind":"BIDI_STREAMING","timeoutSeconds":30}}"#)).await;
    let mut looks = Vec::new();
    for (what, command) in ALWAYS {
        looks.push(kit.wants_unsupported(what, command).await);
    }
    let declared = driver.described.features.clone();
    for (feature, command) in FEATURES.iter().filter(|(feature, _)| !declared.iter().any(|declared| declared == feature)) {
        looks.push(kit.wants_unsupported(&format!("undeclared feature {feature}"), command).await);
    }
    let missing = format!(r#""startCall":{{"call":7,"channel":999,"method":"{GET_USER}","kind":"UNARY"}}"#);
    let answer = kit.say(&missing).await;
    looks.push(Look {
        what: "a call on a channel that does not exist".into(),
        wrong: (!matches!(answer, Some(event::Kind::Error(_))))
            .then(|| format!("it was answered with {}, wanted `error`", shown(answer.as_ref()))),
    });
    Ok(looks)
}

/// Calls of every kind to a server that answers as the service contract says: order of events, lanes, a cancel, and the end of standard input.
///
/// # Errors
/// Where the driver does not start.
pub async fn calls(driver: &DriverProcess, server: SocketAddr) -> Result<Vec<Look>, StartError> {
    let mut kit = Kit::start(&driver.lingering()).await?;
    let mut looks = Vec::new();
    let opened = kit.say(&format!(r#""openChannel":{{"channel":1,"addresses":["{server}"]}}"#)).await;
    looks.push(Look {
        what: "a channel".into(),
        wrong: (!matches!(opened, Some(event::Kind::Ok(_))))
            .then(|| format!("it was answered with {}, wanted `ok`", shown(opened.as_ref()))),
    });
    looks.push(kit.unary().await);
    looks.push(kit.chat().await);
    looks.push(kit.cancel().await);
    looks.push(kit.end().await);
    Ok(looks)
}

struct Kit {
    process: Option<Process>,
    shown: UnboundedReceiver<ClientEvent>,
    id: u32,
    /// What came that answers nothing.
    seen: Vec<event::Kind>,
    failure: Option<String>,
}

impl Kit {
    async fn start(driver: &DriverProcess) -> Result<Self, StartError> {
        let (mut process, _) = driver.started().await?;
        let (events, shown) = unbounded_channel();
        process.begin(events);
        Ok(Self { process: Some(process), shown, id: 100, seen: Vec::new(), failure: None })
    }

    /// Says a command, written as it stands, and waits for its answer.
    async fn say(&mut self, command: &str) -> Option<event::Kind> {
        self.id += 1;
        let id = self.id;
        self.process.as_mut()?.say(id, format!("{{\"id\":{id},{command}}}"));
        loop {
            let event = self.next().await?;
            if event.re.is_some() {
                return event.kind;
            }
            self.seen.extend(event.kind);
        }
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            match timeout(LIMIT, self.shown.recv()).await {
                Ok(Some(ClientEvent::Shown(event))) => return Some(event),
                Ok(Some(ClientEvent::Stderr(_))) => {}
                Ok(Some(ClientEvent::Failed(text))) => self.failure = Some(text),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// Waits until a call has ended; gives everything that was shown of it, in order.
    async fn until_ended(&mut self, call: u32) -> Vec<event::Kind> {
        while !self.seen.iter().any(|kind| matches!(kind, event::Kind::Ended(ended) if ended.call == call)) {
            match self.next().await {
                Some(event) => self.seen.extend(event.kind.filter(|_| event.re.is_none())),
                None => break,
            }
        }
        std::mem::take(&mut self.seen)
    }

    async fn wants_unsupported(&mut self, what: &str, command: &str) -> Look {
        let answer = self.say(command).await;
        let wrong = (!matches!(answer, Some(event::Kind::Unsupported(_))))
            .then(|| format!("`{command}` was answered with {}, wanted `unsupported`{}", shown(answer.as_ref()), self.why()));
        Look { what: what.to_owned(), wrong }
    }

    async fn unary(&mut self) -> Look {
        let start = format!(
            r#""startCall":{{"call":11,"channel":1,"method":"{GET_USER}","kind":"UNARY","timeoutSeconds":10,"request":{{"data":"CgZ1c2VyLTE="}}}}"#
        );
        let answer = self.say(&start).await;
        let shown_events = self.until_ended(11).await;
        let words: Vec<&str> = shown_events.iter().map(word).collect();
        let is_ok = matches!(answer, Some(event::Kind::Ok(_)))
            && matches!(words[..], ["headers", "message", "ended"] | ["message", "ended"])
            && code(&shown_events) == Some(0);
        Look {
            what: "a unary call".into(),
            wrong: (!is_ok).then(|| {
                format!(
                    "it went {}, then {words:?} with code {:?}; wanted `ok`, then headers, message and ended with code 0{}",
                    shown(answer.as_ref()),
                    code(&shown_events),
                    self.why()
                )
            }),
        }
    }

    async fn chat(&mut self) -> Look {
        let start = format!(r#""startCall":{{"call":12,"channel":1,"method":"{CHAT}","kind":"BIDI_STREAMING","timeoutSeconds":10}}"#);
        self.say(&start).await;
        // three different messages; the answers have to come in this order
        for data in ["EgFh", "EgFi", "EgFj"] {
            self.say(&format!(r#""send":{{"call":12,"message":{{"data":"{data}"}}}}"#)).await;
        }
        self.say(r#""halfClose":{"call":12}"#).await;
        let shown_events = self.until_ended(12).await;
        let letters: String = shown_events
            .iter()
            .filter_map(|kind| {
                if let event::Kind::Message(message) = kind { Some(String::from_utf8_lossy(&message.data).into_owned()) } else { None }
            })
            .filter_map(|text| text.split("Echo: ").nth(1).and_then(|text| text.chars().next()))
            .collect();
        let is_ok = letters == "abc" && code(&shown_events) == Some(0);
        Look {
            what: "a stream in both directions".into(),
            wrong: (!is_ok).then(|| {
                format!(
                    "the answers were `{letters}` and the code {:?}; wanted `abc`, in the order of sending, and 0{}",
                    code(&shown_events),
                    self.why()
                )
            }),
        }
    }

    async fn cancel(&mut self) -> Look {
        let start = format!(
            r#""startCall":{{"call":13,"channel":1,"method":"{GET_USER}","kind":"UNARY","timeoutSeconds":60,"request":{{"data":""}},"metadata":[{{"key":"rpc-behavior","text":"keep-open"}}]}}"#
        );
        self.say(&start).await;
        let answer = self.say(r#""cancel":{"call":13}"#).await;
        let shown_events = self.until_ended(13).await;
        let how = shown_events.iter().find_map(|kind| if let event::Kind::Ended(ended) = kind { ended.outcome.clone() } else { None });
        let is_good = match &how {
            Some(ended::Outcome::Status(status)) => status.code == CANCELLED,
            Some(ended::Outcome::Dropped(_) | ended::Outcome::Exception(_)) => true,
            _ => false,
        };
        Look {
            what: "a cancel".into(),
            wrong: (!is_good || !matches!(answer, Some(event::Kind::Ok(_)))).then(|| {
                format!(
                    "it was answered with {}, and the call ended with {how:?}; wanted `ok`, and code 1{}",
                    shown(answer.as_ref()),
                    self.why()
                )
            }),
        }
    }

    /// Closes standard input.
    async fn end(&mut self) -> Look {
        self.process = None;
        let ended = timeout(END_LIMIT, async {
            while let Some(event) = self.shown.recv().await {
                if matches!(event, ClientEvent::Failed(_)) {
                    return;
                }
            }
        });
        Look {
            what: "the end of standard input".into(),
            wrong: ended
                .await
                .is_err()
                .then(|| format!("it still ran {END_LIMIT:?} later; wanted is its end within a second, whatever is running")),
        }
    }

    fn why(&self) -> String {
        self.failure.as_ref().map(|failure| format!("; {failure}")).unwrap_or_default()
    }
}

fn code(events: &[event::Kind]) -> Option<i32> {
    events.iter().find_map(|kind| match kind {
        event::Kind::Ended(ended) => match &ended.outcome {
            Some(ended::Outcome::Status(status)) => Some(status.code),
            _ => None,
        },
        _ => None,
    })
}

fn shown(kind: Option<&event::Kind>) -> String {
    kind.map_or("nothing".into(), |kind| match kind {
        event::Kind::Error(error) => format!("`error` ({})", error.text),
        event::Kind::Refused(refused) => format!("`refused` ({})", refused.text),
        event::Kind::Unsupported(unsupported) => format!("`unsupported` ({})", unsupported.reason),
        kind => format!("`{}`", word(kind)),
    })
}

fn word(kind: &event::Kind) -> &'static str {
    match kind {
        event::Kind::Described(_) => "described",
        event::Kind::Ok(_) => "ok",
        event::Kind::Refused(_) => "refused",
        event::Kind::Unsupported(_) => "unsupported",
        event::Kind::Error(_) => "error",
        event::Kind::Headers(_) => "headers",
        event::Kind::Message(_) => "message",
        event::Kind::ReadEnd(_) => "read_end",
        event::Kind::Ended(_) => "ended",
        event::Kind::ChannelState(_) => "channel_state",
        event::Kind::ResolveRequested(_) => "resolve_requested",
    }
}

const GET_USER: &str = "/user.v1.UserService/GetUser";
const CHAT: &str = "/user.v1.UserService/Chat";
const CANCELLED: i32 = 1;
const LIMIT: Duration = Duration::from_secs(10);
const END_LIMIT: Duration = Duration::from_secs(1);

/// What no driver knows.
const ALWAYS: [(&str, &str); 3] = [
    ("a made-up command", r#""flyToTheMoon":{}"#),
    ("a made-up field", r#""openChannel":{"channel":2,"addresses":["127.0.0.1:1"],"colour":"green"}"#),
    ("a made-up kind of call", r#""startCall":{"call":2,"channel":1,"method":"/a.B/C","kind":"ROUND_TRIP"}"#),
];

/// A use of each feature that has a field of its own (driver protocol, section 4).
const FEATURES: [(&str, &str); 22] = [
    ("service-config", r#""openChannel":{"channel":20,"addresses":["127.0.0.1:1"],"serviceConfig":"{}"}"#),
    ("addresses", r#""openChannel":{"channel":21,"addresses":["127.0.0.1:1","127.0.0.1:2"]}"#),
    ("resolver", r#""openChannel":{"channel":22,"scriptedResolver":true}"#),
    ("dns-service-config", r#""openChannel":{"channel":23,"target":"localhost:1","dnsServiceConfig":true}"#),
    ("eager-connect", r#""openChannel":{"channel":24,"addresses":["127.0.0.1:1"],"connect":true}"#),
    ("channel-state", r#""openChannel":{"channel":25,"addresses":["127.0.0.1:1"],"watchState":true}"#),
    ("tls", r#""openChannel":{"channel":26,"addresses":["127.0.0.1:1"],"tls":{"rootsPem":"x"}}"#),
    ("authority", r#""openChannel":{"channel":27,"addresses":["127.0.0.1:1"],"authority":"a.example"}"#),
    ("user-agent", r#""openChannel":{"channel":28,"addresses":["127.0.0.1:1"],"userAgent":"a"}"#),
    ("keepalive", r#""openChannel":{"channel":29,"addresses":["127.0.0.1:1"],"keepalive":{"timeSeconds":10,"timeoutSeconds":1}}"#),
    ("message-limits", r#""openChannel":{"channel":30,"addresses":["127.0.0.1:1"],"maxReceiveBytes":1}"#),
    ("gzip", r#""openChannel":{"channel":31,"addresses":["127.0.0.1:1"],"compression":"gzip"}"#),
    ("deflate", r#""openChannel":{"channel":32,"addresses":["127.0.0.1:1"],"compression":"deflate"}"#),
    ("retry-switch", r#""openChannel":{"channel":33,"addresses":["127.0.0.1:1"],"disableRetries":true}"#),
    ("retry-buffer", r#""openChannel":{"channel":34,"addresses":["127.0.0.1:1"],"retryBufferBytes":1024}"#),
    ("attempts-limit", r#""openChannel":{"channel":35,"addresses":["127.0.0.1:1"],"maxAttemptsLimit":3}"#),
    ("health-switch", r#""openChannel":{"channel":36,"addresses":["127.0.0.1:1"],"disableHealthCheck":true}"#),
    (
        "reconnect-backoff",
        r#""openChannel":{"channel":37,"addresses":["127.0.0.1:1"],"reconnectBackoff":{"initialSeconds":1,"maxSeconds":2}}"#,
    ),
    ("wait-for-ready", r#""startCall":{"call":40,"channel":1,"method":"/a.B/C","kind":"UNARY","waitForReady":true}"#),
    ("on-demand-read", r#""startCall":{"call":41,"channel":1,"method":"/a.B/C","kind":"BIDI_STREAMING","readPolicy":"ON_DEMAND"}"#),
    ("proto-codec", r#""startCall":{"call":42,"channel":1,"method":"/a.B/C","kind":"UNARY","codec":"PROTO"}"#),
    ("uncompressed-message", r#""send":{"call":1,"message":{},"uncompressed":true}"#),
];
