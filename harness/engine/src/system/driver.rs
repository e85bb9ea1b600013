//! A client as a process: a driver, which makes calls when it is told to (`driver.proto`, one JSON message a line). A supervisor starts it, as it does servers.
//!
//! A case has a driver to itself; one that ended its case in good order is kept for the next, since a virtual machine may take a second to start. Numbers
//! go on where the last case left off, so none is used twice in one process.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use proofmark_api::driver::{self, Described, ended, event};
use proofmark_api::json;
use proofmark_system::{ClientEvent, ClientFactory, ClientInfo, ClientLaunch, ClientSystem, StartError};
use proofmark_transport::BoxFuture;
use proofmark_transport::clock::{Instant, sleep, timeout};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::lines::Tail;
use super::process::STARTING;
use super::supervisor::{Leash, Order, SIGNALLED, Started, Supervisor, Told};

/// A client that a command line starts.
#[derive(Clone, Debug)]
pub struct DriverProcess {
    /// Its name in reports.
    pub name: String,
    /// The words of the command line.
    pub command: Vec<String>,
    /// What starts it.
    pub supervisor: Supervisor,
    /// What it said of itself.
    pub described: Described,
    /// It is left a few seconds to end by itself.
    lingers: bool,
    idle: Idle,
}

type Idle = Arc<Mutex<Vec<Process>>>;

impl DriverProcess {
    /// A driver that has not been asked yet who it is.
    pub fn new(name: String, command: Vec<String>, supervisor: Supervisor) -> Self {
        Self { name, command, supervisor, described: Described::default(), lingers: false, idle: Idle::default() }
    }

    /// The same driver, which is left a few seconds to end by itself when its input ends.
    #[must_use]
    pub fn lingering(&self) -> Self {
        Self { lingers: true, idle: Idle::default(), ..self.clone() }
    }

    /// Starts it once and asks who it is. What is started here serves the first case.
    ///
    /// # Errors
    /// Where it does not start or does not answer as it should.
    pub async fn introduce(self) -> Result<Self, StartError> {
        let (process, described) = self.started().await?;
        lock(&self.idle).push(process);
        Ok(Self { described, ..self })
    }

    fn kept(&self) -> Option<Process> {
        lock(&self.idle).pop().filter(|process| process.talk.state().failure.is_none())
    }

    /// Waits for its turn to start one, and looks again then: another case may have ended.
    async fn kept_or_started(&self) -> Result<Process, StartError> {
        let _starting = STARTING.acquire().await.ok();
        match self.kept() {
            Some(process) => Ok(process),
            None => Ok(self.started().await?.0),
        }
    }

    /// A new process, and what it says of itself.
    pub(super) async fn started(&self) -> Result<(Process, Described), StartError> {
        let mut process = self.spawn()?;
        let (events, mut shown) = unbounded_channel();
        process.begin(events);
        process.send(driver::Command { id: 1, kind: Some(driver::command::Kind::Describe(driver::Describe {})) });
        let described = described(&self.command.join(" "), &mut shown).await?;
        process.end();
        Ok((process, described))
    }

    fn spawn(&self) -> Result<Process, StartError> {
        let order = Order { command: self.command.clone(), environment: Vec::new() };
        let Started { stdin, stdout, stderr, told, leash } = self.supervisor.start(&order)?;
        let talk = Talk::default();
        let (lines, to_write) = channel();
        let lingers = self.lingers;
        thread::spawn(move || write_lines(stdin, &to_write, leash, lingers));
        let errors = thread::spawn({
            let talk = talk.clone();
            move || read_stderr(stderr, &talk)
        });
        thread::spawn({
            let talk = talk.clone();
            move || {
                read_events(stdout, &talk);
                // its last words on stderr are part of the message
                let _ = errors.join();
                talk.state().fail(&ending(told));
            }
        });
        Ok(Process { lines, talk })
    }
}

impl ClientFactory for DriverProcess {
    fn info(&self) -> ClientInfo {
        let version = format!("{} {}", self.described.library, self.described.library_version);
        ClientInfo { name: self.name.clone(), version: version.trim().to_owned(), features: self.described.features.clone() }
    }

    fn start(&self, launch: ClientLaunch) -> BoxFuture<'_, Result<Box<dyn ClientSystem>, StartError>> {
        Box::pin(async move {
            let mut process = match self.kept() {
                Some(process) => process,
                None => self.kept_or_started().await?,
            };
            process.begin(launch.events);
            tokio::spawn(watch(process.talk.clone()));
            Ok(Box::new(Playing { process: Some(process), idle: self.idle.clone() }) as Box<dyn ClientSystem>)
        })
    }

    fn rest(&self) {
        lock(&self.idle).clear();
    }
}

/// Waits for the answer to the first command.
async fn described(shown_as: &str, shown: &mut UnboundedReceiver<ClientEvent>) -> Result<Described, StartError> {
    let answer = timeout(DESCRIBE_LIMIT, async {
        loop {
            match shown.recv().await {
                Some(ClientEvent::Shown(event)) => return Ok(event),
                Some(ClientEvent::Stderr(_)) => {}
                Some(ClientEvent::Failed(text)) => return Err(StartError::Failed(format!("the driver `{shown_as}` failed: {text}"))),
                None => return Err(StartError::Failed(format!("the driver `{shown_as}` is gone"))),
            }
        }
    });
    match answer.await {
        Ok(Ok(driver::Event { kind: Some(event::Kind::Described(described)), .. })) if described.protocol == PROTOCOL => Ok(described),
        Ok(Ok(event)) => Err(StartError::Failed(format!(
            "the driver `{shown_as}` answered `describe` with `{}`, wanted `described` with protocol {PROTOCOL}",
            json::write_event(&event)
        ))),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(StartError::Late(format!("the driver `{shown_as}` did not answer `describe` within {DESCRIBE_LIMIT:?}"))),
    }
}

/// A driver during a case.
#[derive(Debug)]
struct Playing {
    process: Option<Process>,
    idle: Idle,
}

impl ClientSystem for Playing {
    fn command(&mut self, command: driver::Command) {
        if let Some(process) = &mut self.process {
            process.send(command);
        }
    }
}

/// A driver that has nothing open any more is kept; any other one ends here.
impl Drop for Playing {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take()
            && process.end()
        {
            lock(&self.idle).push(process);
        }
    }
}

/// A running driver. Dropping it closes its input, at which it and its supervisor end.
#[derive(Debug)]
pub(super) struct Process {
    lines: Sender<String>,
    talk: Talk,
}

impl Process {
    /// Begins a case: what the driver shows goes to `events`.
    pub(super) fn begin(&mut self, events: UnboundedSender<ClientEvent>) {
        let mut state = self.talk.state();
        if let Some(failure) = &state.failure {
            // whoever listens learns it; nobody may listen any more
            let _ = events.send(ClientEvent::Failed(failure.clone()));
        }
        state.base = state.used;
        state.events = Some(events);
    }

    /// Sends a command with the numbers that it has in this process.
    fn send(&mut self, mut command: driver::Command) {
        let mut state = self.talk.state();
        state.shift(&mut command);
        self.note(&mut state, &command);
        drop(state);
        // a driver that is gone takes no commands; its reader says that it is gone
        let _ = self.lines.send(json::write_command(&command));
    }

    /// Sends a line as it stands, which may be no command. Its numbers are the driver's own; none of them is looked after.
    pub(super) fn say(&mut self, id: u32, line: String) {
        let mut state = self.talk.state();
        state.unanswered.insert(id, None);
        state.is_raw = true;
        drop(state);
        // a driver that is gone takes no commands; its reader says that it is gone
        let _ = self.lines.send(line);
    }

    fn note(&self, state: &mut State, command: &driver::Command) {
        use driver::command::Kind;
        let mut due = Some(Instant::now() + ANSWER_LIMIT);
        match &command.kind {
            Some(Kind::OpenChannel(open)) => {
                state.channels.insert(open.channel);
            }
            Some(Kind::CloseChannel(close)) => {
                state.channels.remove(&close.channel);
            }
            Some(Kind::StartCall(start)) => {
                state.calls.insert(start.call, false);
            }
            Some(Kind::Describe(_)) => due = Some(Instant::now() + DESCRIBE_LIMIT),
            Some(Kind::Send(_) | Kind::HalfClose(_) | Kind::Read(_)) => due = None,
            _ => {}
        }
        state.unanswered.insert(command.id, due);
    }

    /// Ends a case: closes what is open. `true` if the driver can serve another one.
    fn end(&mut self) -> bool {
        let (channels, is_good) = {
            let mut state = self.talk.state();
            let is_good = state.failure.is_none() && state.calls.values().all(|ended| *ended);
            state.events = None;
            state.base = 0;
            (std::mem::take(&mut state.channels), is_good)
        };
        for channel in channels {
            let id = self.talk.state().used + 1;
            self.send(driver::Command { id, kind: Some(driver::command::Kind::CloseChannel(driver::CloseChannel { channel })) });
        }
        let mut state = self.talk.state();
        state.calls.clear();
        is_good
    }
}

/// What the threads of a driver and the case share.
#[derive(Clone, Debug, Default)]
struct Talk(Arc<Mutex<State>>);

impl Talk {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

#[derive(Debug, Default)]
struct State {
    events: Option<UnboundedSender<ClientEvent>>,
    /// What the numbers of the case are shifted by.
    base: u32,
    /// The highest number so far.
    used: u32,
    unanswered: BTreeMap<u32, Option<Instant>>,
    channels: BTreeSet<u32>,
    /// The calls of this case, and whether they have ended.
    calls: BTreeMap<u32, bool>,
    tail: Tail,
    failure: Option<String>,
    /// It declares that it tells how a cancelled call ended.
    tells_cancels: bool,
    /// Numbers are not looked after.
    is_raw: bool,
}

impl State {
    fn shift(&mut self, command: &mut driver::Command) {
        use driver::command::Kind;
        let base = self.base;
        command.id += base;
        let mut used = command.id;
        let mut shift = |number: &mut u32| {
            *number += base;
            used = used.max(*number);
        };
        match &mut command.kind {
            Some(Kind::OpenChannel(open)) => shift(&mut open.channel),
            Some(Kind::Resolve(resolve)) => shift(&mut resolve.channel),
            Some(Kind::CloseChannel(close)) => shift(&mut close.channel),
            Some(Kind::StartCall(start)) => {
                shift(&mut start.call);
                shift(&mut start.channel);
            }
            Some(Kind::Send(send)) => shift(&mut send.call),
            Some(Kind::HalfClose(half_close)) => shift(&mut half_close.call),
            Some(Kind::Read(read)) => shift(&mut read.call),
            Some(Kind::Cancel(cancel)) => shift(&mut cancel.call),
            Some(Kind::Describe(_)) | None => {}
        }
        self.used = self.used.max(used);
    }

    /// Takes a line of the driver's output.
    fn take(&mut self, line: &[u8]) {
        let shown = String::from_utf8_lossy(line);
        let shown = || shown.chars().take(200).collect::<String>().escape_debug().to_string();
        if line.len() > LONGEST_LINE {
            return self.fail(&format!("it wrote a line above the limit of {LONGEST_LINE} bytes, which begins `{}`", shown()));
        }
        let event =
            std::str::from_utf8(line).map_err(|error| error.to_string()).and_then(|text| json::read_event(text).map_err(|e| e.to_string()));
        match event {
            Ok(event) => self.show(event),
            Err(error) => self.fail(&format!("it wrote `{}` to stdout, which is no event: {error}; logs belong to stderr", shown())),
        }
    }

    fn show(&mut self, mut event: driver::Event) {
        if let Some(re) = event.re
            && self.unanswered.remove(&re).is_none()
        {
            return self.fail(&format!("it answered command {re}, which waits for no answer"));
        }
        if self.is_raw {
            return self.say(ClientEvent::Shown(event));
        }
        match self.is_ours(&event) {
            Ok(true) => {}
            // of a case that is over
            Ok(false) => return,
            Err(number) => return self.fail(&format!("it wrote an event for {number}, which does not exist")),
        }
        let base = self.base;
        let own = |number: &mut u32| *number -= base;
        event.re.iter_mut().for_each(own);
        match &mut event.kind {
            Some(event::Kind::Headers(headers)) => own(&mut headers.call),
            Some(event::Kind::Message(message)) => own(&mut message.call),
            Some(event::Kind::ReadEnd(end)) => own(&mut end.call),
            Some(event::Kind::Ended(ended)) => {
                if self.tells_cancels && matches!(ended.outcome, Some(ended::Outcome::Dropped(_))) {
                    return self.fail(&format!("it wrote `dropped` for call {}, though it declares cancel-status", ended.call));
                }
                self.calls.insert(ended.call, true);
                own(&mut ended.call);
            }
            Some(event::Kind::ChannelState(state)) => own(&mut state.channel),
            Some(event::Kind::ResolveRequested(requested)) => own(&mut requested.channel),
            Some(event::Kind::Described(described)) => {
                self.tells_cancels = described.features.iter().any(|feature| feature == "cancel-status");
            }
            _ => {}
        }
        self.say(ClientEvent::Shown(event));
    }

    /// Whether an event is of the case that runs; an error for a number that was never given.
    fn is_ours(&self, event: &driver::Event) -> Result<bool, String> {
        let (what, number) = match &event.kind {
            Some(event::Kind::Headers(headers)) => ("call", headers.call),
            Some(event::Kind::Message(message)) => ("call", message.call),
            Some(event::Kind::ReadEnd(end)) => ("call", end.call),
            Some(event::Kind::Ended(ended)) => ("call", ended.call),
            Some(event::Kind::ChannelState(state)) => ("channel", state.channel),
            Some(event::Kind::ResolveRequested(requested)) => ("channel", requested.channel),
            None => return Err("nothing: it has no kind".into()),
            _ => return Ok(event.re.is_none_or(|re| re > self.base)),
        };
        let is_known = match what {
            "call" => self.calls.contains_key(&number),
            _ => number <= self.used,
        };
        if number > self.base && !is_known {
            return Err(format!("{what} {number}"));
        }
        Ok(number > self.base)
    }

    fn fail(&mut self, text: &str) {
        if self.failure.is_some() {
            return;
        }
        let text = format!("{text}; {}", self.tail.text());
        self.say(ClientEvent::Failed(text.clone()));
        self.failure = Some(text);
    }

    fn say(&self, event: ClientEvent) {
        if let Some(events) = &self.events {
            // nobody listens any more where the case is over
            let _ = events.send(event);
        }
    }
}

/// Looks for answers that are overdue, as long as the case runs.
async fn watch(talk: Talk) {
    loop {
        sleep(WATCH_STEP).await;
        let mut state = talk.state();
        if state.events.as_ref().is_none_or(UnboundedSender::is_closed) || state.failure.is_some() {
            return;
        }
        let now = Instant::now();
        let overdue = state.unanswered.iter().find(|(_, due)| due.is_some_and(|due| due < now)).map(|(id, _)| *id);
        if let Some(id) = overdue {
            let id = id - state.base.min(id);
            state.fail(&format!("it hangs: command {id} of the case was not answered within {ANSWER_LIMIT:?}"));
        }
    }
}

fn write_lines(mut stdin: PipeWriter, lines: &Receiver<String>, leash: Leash, lingers: bool) {
    let mut is_open = true;
    while let Ok(line) = lines.recv() {
        // a driver that has closed its input may still have something to say
        is_open = is_open && stdin.write_all(line.as_bytes()).and_then(|()| stdin.write_all(b"\n")).is_ok();
    }
    drop(stdin);
    if lingers {
        thread::park_timeout(LINGER);
    }
    drop(leash);
}

fn read_events(stdout: PipeReader, talk: &Talk) {
    let mut reader = BufReader::with_capacity(64 * 1024, stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.by_ref().take(LONGEST_LINE as u64 + 2).read_until(b'\n', &mut line) {
            Ok(1..) => {}
            _ => return,
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        let mut state = talk.state();
        if state.failure.is_none() {
            state.take(&line);
        }
    }
}

fn read_stderr(stderr: PipeReader, talk: &Talk) {
    let mut reader = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.by_ref().take(LONGEST_LINE as u64).read_until(b'\n', &mut line) {
            Ok(1..) => {}
            _ => return,
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        let text = String::from_utf8_lossy(&line);
        let state = talk.state();
        state.tail.push(&text);
        state.say(ClientEvent::Stderr(line.clone()));
    }
}

/// How the driver ended, or why it never began.
fn ending(told: UnixStream) -> String {
    let mut ending = ended_how(None);
    for line in BufReader::new(told).lines().map_while(Result::ok) {
        match serde_json::from_str(&line) {
            Ok(Told::Fails(why)) => ending = why,
            Ok(Told::Ended(status)) => ending = ended_how(Some(status)),
            _ => {}
        }
    }
    ending
}

/// How a process ended, in words.
fn ended_how(status: Option<i32>) -> String {
    match status {
        Some(status) if status < SIGNALLED => format!("it ended with status {status}"),
        Some(status) => format!("it was ended by signal {}", status - SIGNALLED),
        None => "it ended".into(),
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

const PROTOCOL: u32 = 1;
const DESCRIBE_LIMIT: Duration = Duration::from_secs(10);
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
const WATCH_STEP: Duration = Duration::from_millis(250);
const LONGEST_LINE: usize = 1024 * 1024;
/// Longer than anything may take to end by itself.
const LINGER: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use proofmark_api::driver::{CallKind, OpenChannel, StartCall, command};

    use super::*;

    fn state() -> (State, UnboundedReceiver<ClientEvent>) {
        let (events, shown) = unbounded_channel();
        (State { events: Some(events), base: 10, used: 10, ..State::default() }, shown)
    }

    fn failure(line: &str) -> String {
        let (mut state, _shown) = state();
        state.tail.push("Traceback");
        state.take(line.as_bytes());
        state.failure.unwrap_or_default()
    }

    #[test]
    fn numbers_are_those_of_the_process_outside_and_of_the_case_inside() {
        let (mut state, mut shown) = state();
        let start = StartCall { call: 2, channel: 1, kind: CallKind::Unary.into(), ..StartCall::default() };
        let mut command = driver::Command { id: 3, kind: Some(command::Kind::StartCall(start)) };
        state.shift(&mut command);
        assert_eq!(command.id, 13);
        state.unanswered.insert(13, None);
        state.calls.insert(12, false);
        state.take(br#"{"re":13,"atSeconds":1,"ok":{}}"#);
        state.take(br#"{"atSeconds":1,"ended":{"call":12,"status":{"code":0}}}"#);
        let Ok(ClientEvent::Shown(ok)) = shown.try_recv() else { panic!("the answer is missing: {:?}", state.failure) };
        assert_eq!(ok.re, Some(3));
        let Ok(ClientEvent::Shown(driver::Event { kind: Some(event::Kind::Ended(ended)), .. })) = shown.try_recv() else {
            panic!("the end is missing: {:?}", state.failure)
        };
        assert_eq!((ended.call, state.calls.get(&12)), (2, Some(&true)));
    }

    #[test]
    fn what_belongs_to_an_earlier_case_is_left_out() {
        let (mut state, mut shown) = state();
        state.take(br#"{"atSeconds":1,"ended":{"call":7,"status":{"code":0}}}"#);
        assert_eq!(state.failure, None);
        assert!(shown.try_recv().is_err());
    }

    #[test]
    fn a_number_that_was_never_given_breaks_the_protocol() {
        insta::assert_snapshot!(failure(r#"{"atSeconds":1,"ended":{"call":99,"status":{"code":0}}}"#), @"it wrote an event for call 99, which does not exist; its last lines on stderr: Traceback");
        insta::assert_snapshot!(failure(r#"{"re":77,"atSeconds":1,"ok":{}}"#), @"it answered command 77, which waits for no answer; its last lines on stderr: Traceback");
    }

    #[test]
    fn silence_after_a_cancel_is_for_libraries_that_tell_nothing() {
        let (mut state, _shown) = state();
        state.calls.insert(12, false);
        state.take(br#"{"atSeconds":1,"described":{"protocol":1,"features":["cancel-status"]}}"#);
        state.take(br#"{"atSeconds":1,"ended":{"call":12,"dropped":{}}}"#);
        insta::assert_snapshot!(state.failure.unwrap_or_default(), @"it wrote `dropped` for call 12, though it declares cancel-status; it wrote nothing to stderr");
    }

    #[test]
    fn garbage_breaks_the_protocol() {
        insta::assert_snapshot!(failure("debug: connected"), @"it wrote `debug: connected` to stdout, which is no event: expected value at line 1 column 1; logs belong to stderr; its last lines on stderr: Traceback");
    }

    #[test]
    fn a_line_above_the_limit_breaks_the_protocol() {
        assert!(failure(&"x".repeat(LONGEST_LINE + 1)).starts_with("it wrote a line above the limit of 1048576 bytes, which begins `xxx"));
    }

    #[test]
    fn open_channels_are_noted_with_their_own_numbers() {
        let (mut state, _shown) = state();
        let mut command =
            driver::Command { id: 1, kind: Some(command::Kind::OpenChannel(OpenChannel { channel: 1, ..Default::default() })) };
        state.shift(&mut command);
        let Some(command::Kind::OpenChannel(open)) = command.kind else { panic!("another command") };
        assert_eq!((open.channel, state.used), (11, 11));
    }
}
