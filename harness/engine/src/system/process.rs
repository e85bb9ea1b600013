//! A server as a process: any command line. It runs under a supervisor - our own binary, executed again - which holds a pipe from the harness and
//! kills what it started when the pipe closes, so that nothing outlives the harness, however it ends.
//!
//! A case has a server to itself while it runs. One that served a case which leaves it as it found it, and is well afterwards, is kept for the next such case:
//! starting takes longer than most of them (ADR 7). Pipes are read on a runtime of their own, since a server may outlive the runtime of a case.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use proofmark_system::{ServerEvent, ServerFactory, ServerInfo, ServerLaunch, ServerSystem, Signal, StartError, Tier, Token};
use proofmark_transport::BoxFuture;
use proofmark_transport::clock::{sleep, timeout};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, oneshot};

/// A server that a command line starts.
#[derive(Clone, Debug)]
pub struct ProcessServer {
    /// Its name in reports.
    pub name: String,
    /// The release of what it is made of.
    pub version: String,
    /// The words of the command line.
    pub command: Vec<String>,
    /// Our own binary, for the supervisor.
    pub supervisor: PathBuf,
    /// What it has.
    pub features: BTreeSet<String>,
    /// How long it may take to get ready.
    pub ready_limit: Duration,
    /// Where files for it are written.
    pub scratch: PathBuf,
    /// Servers that wait for another case.
    pub idle: Idle,
}

/// Servers that wait for another case. Clones are the same ones.
#[derive(Clone, Debug, Default)]
pub struct Idle(Arc<Mutex<Vec<Running>>>);

impl Idle {
    /// One that still runs and was started with these hooks.
    fn take(&self, hooks: &[String]) -> Option<Running> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(Running::is_alive);
        let place = waiting.iter().position(|server| server.hooks == hooks)?;
        Some(waiting.swap_remove(place))
    }
}

/// What the supervisor writes to standard error before lines that are its own.
pub const SUPERVISOR: &str = "proofmark-supervisor ";

impl ServerFactory for ProcessServer {
    fn info(&self) -> ServerInfo {
        ServerInfo { name: self.name.clone(), version: self.version.clone(), tier: Tier::Process, features: self.features.clone() }
    }

    fn start(&self, launch: ServerLaunch) -> BoxFuture<'_, Result<Box<dyn ServerSystem>, StartError>> {
        Box::pin(async move {
            if let Some(kept) = self.kept(&launch) {
                return Ok(kept);
            }
            // a restart is part of what a case times; a first start is not, and can wait for a core
            let is_first = launch.listen.port() == 0;
            let _starting = if is_first { STARTING.acquire().await.ok() } else { None };
            // while this one waited for its turn, another case may have ended
            if let Some(kept) = self.kept(&launch) {
                return Ok(kept);
            }
            Ok(Box::new(self.launch(launch).await?) as Box<dyn ServerSystem>)
        })
    }

    fn rest(&self) {
        self.idle.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Where the pipes of processes are read and written, and their ends are waited for.
static PIPES: LazyLock<std::io::Result<Runtime>> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).thread_name("pipes").enable_all().build());

/// As many systems start at a time as there are cores: starting is work, and cases that wait beside it are to be timed well.
pub(super) static STARTING: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)));

impl ProcessServer {
    /// One that served such cases before, where that will do.
    fn kept(&self, launch: &ServerLaunch) -> Option<Box<dyn ServerSystem>> {
        let kept = launch.shareable.then(|| self.idle.take(&launch.hooks)).flatten()?;
        Some(Box::new(kept.serve_again(launch.events.clone())))
    }

    async fn launch(&self, launch: ServerLaunch) -> Result<Running, StartError> {
        let pipes = PIPES.as_ref().map_err(|error| StartError(format!("no runtime for pipes: {error}")))?;
        let fixed_port = self.fixed_port(&launch).await?;
        let mut command = self.command(&launch, fixed_port)?;
        let mut child = {
            let _within = pipes.enter();
            command.spawn()
        }
        .map_err(|error| StartError(format!("the supervisor {} cannot be started: {error}", self.supervisor.display())))?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take()) else {
            return Err(StartError("the supervisor has no pipes".into()));
        };
        let tail = Tail::default();
        let (pid_sender, pid) = oneshot::channel();
        let (ended_sender, ended) = oneshot::channel();
        let listener = Listener(Arc::new(Mutex::new(Some(launch.events))));
        pipes.spawn(read_stderr(BufReader::new(stderr), listener.clone(), tail.clone(), pid_sender, ended_sender));
        let (line_sender, lines) = unbounded_channel();
        pipes.spawn(read_stdout(BufReader::new(stdout), line_sender));
        let (steering, commands) = unbounded_channel();
        pipes.spawn(write_stdin(stdin, commands));
        let pid = pid.await.map_err(|_| StartError(format!("`{}` cannot be started: {}", self.command.join(" "), tail.text())))?;
        let exit = ExitStatus::default();
        let (exited_sender, mut exited) = oneshot::channel();
        pipes.spawn(wait(child, exit.clone(), exited_sender, ended));
        let address = self.get_ready(lines, &mut exited, &exit, &tail, fixed_port).await?;
        let running = Running {
            address,
            pid,
            hooks: launch.hooks,
            steering,
            listener,
            exit: exit.clone(),
            idle: Arc::downgrade(&self.idle.0),
            served_before: false,
        };
        pipes.spawn(tell_the_exit(exited, exit, running.listener.clone()));
        Ok(running)
    }

    /// Waits until the server can be reached.
    async fn get_ready(
        &self,
        mut lines: UnboundedReceiver<String>,
        exited: &mut oneshot::Receiver<()>,
        exit: &ExitStatus,
        tail: &Tail,
        fixed_port: Option<u16>,
    ) -> Result<SocketAddr, StartError> {
        let shown = self.command.join(" ");
        let mut seen = String::new();
        let ready = async {
            loop {
                tokio::select! {
                    biased;
                    _ = &mut *exited => {
                        let status = exit.lock().unwrap_or_else(PoisonError::into_inner).flatten();
                        let how = status.map_or("by a signal".to_owned(), |status| format!("with status {status}"));
                        return Err(StartError(format!("`{shown}` ended {how} before it was ready; {}", tail.text())));
                    }
                    line = lines.recv() => match line.as_deref().map(|line| (line, listening(line))) {
                        Some((_, Some(address))) => return Ok(address),
                        Some((line, None)) => {
                            seen.push_str(&format!("`{}` ", line.escape_debug().take(80).collect::<String>()));
                            seen.truncate(400.min(seen.len()));
                        }
                        None => sleep(READY_STEP).await,
                    },
                    () = sleep(READY_STEP) => {
                        if let Some(port) = fixed_port {
                            let address = SocketAddr::from(([127, 0, 0, 1], port));
                            if tokio::net::TcpStream::connect(address).await.is_ok() {
                                return Ok(address);
                            }
                        }
                    }
                }
            }
        };
        match timeout(self.ready_limit, ready).await {
            Ok(Ok(address)) => {
                if let Err(error) = tokio::net::TcpStream::connect(address).await {
                    return Err(StartError(format!("`{shown}` says that it listens on {address}, and nobody answers there: {error}")));
                }
                Ok(address)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let printed = if seen.is_empty() { "it printed nothing".to_owned() } else { format!("it printed {seen}") };
                Err(StartError(format!(
                    "`{shown}` was not ready within {:?}: {printed}; wanted a line `listening 127.0.0.1:PORT` on stdout, or $PORT in the command and that port open; {}",
                    self.ready_limit,
                    tail.text()
                )))
            }
        }
    }

    /// The port where the command line names `$PORT`, or where the server was before.
    async fn fixed_port(&self, launch: &ServerLaunch) -> Result<Option<u16>, StartError> {
        if !self.command.iter().any(|word| word.contains("$PORT")) {
            return Ok(None);
        }
        if launch.listen.port() != 0 {
            return Ok(Some(launch.listen.port()));
        }
        let free = launch.network.listen(launch.listen).await.map_err(|error| StartError(format!("no free port: {error}")))?;
        Ok(Some(free.address().port()))
    }

    fn command(&self, launch: &ServerLaunch, fixed_port: Option<u16>) -> Result<Command, StartError> {
        let port = fixed_port.unwrap_or(launch.listen.port()).to_string();
        let words: Vec<String> = self.command.iter().map(|word| word.replace("$PORT", &port)).collect();
        let mut command = Command::new(&self.supervisor);
        command.arg("supervise").arg("--").args(&words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(false);
        command.env("PORT", &port);
        command.envs(environment(launch, &["stdin"]));
        if let Some(path) = &launch.store.path {
            command.env("PROOFMARK_STORE", path);
        }
        if !launch.upstream.is_empty() {
            let list: Vec<String> = launch.upstream.iter().map(ToString::to_string).collect();
            command.env("PROOFMARK_UPSTREAM", list.join(","));
        }
        if !launch.tokens.is_empty() {
            command.env("PROOFMARK_AUTH_TOKENS", token_file(launch, &self.scratch)?);
        }
        Ok(command)
    }
}

/// What a case's settings and hooks are in the environment of a server.
pub(super) fn environment(launch: &ServerLaunch, hooks: &[&str]) -> Vec<(String, String)> {
    let words: Vec<&str> = hooks.iter().copied().chain(launch.hooks.iter().map(String::as_str)).collect();
    let settings =
        launch.settings.iter().map(|(key, value)| (format!("PROOFMARK_{}", key.to_uppercase().replace('-', "_")), value.clone()));
    let own = [("PROOFMARK_LOG".to_owned(), "json".to_owned()), ("PROOFMARK_TEST_HOOKS".to_owned(), words.join(","))];
    own.into_iter().chain(settings).collect()
}

/// Writes the tokens of a case to a file in `folder`.
pub(super) fn token_file(launch: &ServerLaunch, folder: &Path) -> Result<PathBuf, StartError> {
    let path = folder.join(format!("tokens-{:016x}.txt", launch.seed.derive("tokens").0));
    let now = launch.clock.wall().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let line = |token: &Token| match token.good_for {
        Some(good_for) => format!("{}, {}, {}\n", token.token, token.subject, (now + good_for).as_secs().saturating_sub(1)),
        None => format!("{}, {}\n", token.token, token.subject),
    };
    let text: String = launch.tokens.iter().map(line).collect();
    write_file(&path, &text).map_err(|error| StartError(format!("{}: {error}", path.display())))?;
    Ok(path)
}

fn write_file(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

/// How a process ended, once it has; the status is absent where a signal ended it.
type ExitStatus = Arc<Mutex<Option<Option<i32>>>>;

/// Who is told what a process shows: the case that it serves.
#[derive(Clone, Debug)]
struct Listener(Arc<Mutex<Option<UnboundedSender<ServerEvent>>>>);

impl Listener {
    fn set(&self, events: Option<UnboundedSender<ServerEvent>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = events;
    }

    fn tell(&self, event: ServerEvent) {
        if let Some(events) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            // nobody listens any more where the case is over; the pipe is drained all the same
            let _ = events.send(event);
        }
    }
}

/// A process that runs. Dropping it closes its input, at which its supervisor ends it.
#[derive(Debug)]
struct Running {
    address: SocketAddr,
    pid: u32,
    hooks: Vec<String>,
    steering: UnboundedSender<String>,
    listener: Listener,
    exit: ExitStatus,
    /// Where it may wait, for as long as its factory is there.
    idle: Weak<Mutex<Vec<Self>>>,
    served_before: bool,
}

impl Running {
    fn is_alive(&self) -> bool {
        self.exit.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn serve_again(self, events: UnboundedSender<ServerEvent>) -> Self {
        self.listener.set(Some(events));
        Self { served_before: true, ..self }
    }
}

impl ServerSystem for Running {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn pid(&self) -> Option<u32> {
        Some(self.pid)
    }

    fn signal(&mut self, signal: Signal) {
        use nix::sys::signal::{Signal as Unix, kill};
        let signal = match signal {
            Signal::Term => Unix::SIGTERM,
            Signal::Int => Unix::SIGINT,
            Signal::Kill => Unix::SIGKILL,
            Signal::Stop => Unix::SIGSTOP,
            Signal::Continue => Unix::SIGCONT,
        };
        // a process that is gone needs no signal
        if let Ok(pid) = i32::try_from(self.pid) {
            let _ = kill(nix::unistd::Pid::from_raw(pid), signal);
        }
    }

    fn steer(&mut self, line: &str) {
        // a server that is gone cannot be steered; the missing answer says so
        let _ = self.steering.send(format!("{line}\n"));
    }

    fn served_before(&self) -> bool {
        self.served_before
    }

    fn give_back(self: Box<Self>) {
        self.listener.set(None);
        if let Some(idle) = self.idle.upgrade() {
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(*self);
        }
    }
}

async fn tell_the_exit(exited: oneshot::Receiver<()>, exit: ExitStatus, listener: Listener) {
    // a server that is gone at once says so here, too
    let _ = exited.await;
    let status = exit.lock().unwrap_or_else(PoisonError::into_inner).flatten();
    listener.tell(ServerEvent::Exited { status });
}

async fn write_stdin(mut stdin: ChildStdin, mut lines: UnboundedReceiver<String>) {
    // the end of this pipe is what tells the supervisor to end everything
    while let Some(line) = lines.recv().await {
        if stdin.write_all(line.as_bytes()).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

async fn wait(mut child: Child, exit: ExitStatus, exited: oneshot::Sender<()>, ended: oneshot::Receiver<()>) {
    let status = child.wait().await.ok().and_then(|status| status.code());
    // what was written before the end is read before the end is told
    let _ = timeout(LAST_LINES, ended).await;
    exit.lock().unwrap_or_else(PoisonError::into_inner).replace(status.filter(|status| *status < SIGNALLED));
    let _ = exited.send(());
}

async fn read_stdout(mut stdout: impl AsyncBufRead + Unpin, lines: UnboundedSender<String>) {
    let mut shown = 0;
    while let Some(line) = next_line(&mut stdout).await {
        if shown < KEPT_LINES && lines.send(String::from_utf8_lossy(&line).into_owned()).is_ok() {
            shown += 1;
        }
    }
}

async fn read_stderr(
    mut stderr: impl AsyncBufRead + Unpin,
    listener: Listener,
    tail: Tail,
    pid: oneshot::Sender<u32>,
    ended: oneshot::Sender<()>,
) {
    let mut pid = Some(pid);
    let mut plain = 0;
    while let Some(line) = next_line(&mut stderr).await {
        let text = String::from_utf8_lossy(&line);
        if let Some(own) = text.strip_prefix(SUPERVISOR) {
            match (own.strip_prefix("pid ").and_then(|number| number.parse().ok()), pid.take()) {
                (Some(number), Some(sender)) => {
                    let _ = sender.send(number);
                }
                _ => tail.push(own),
            }
            continue;
        }
        let event = match classify(&text) {
            Some(event) => event,
            None => {
                tail.push(&text);
                plain += 1;
                if plain > KEPT_LINES {
                    continue;
                }
                ServerEvent::Stderr(line)
            }
        };
        listener.tell(event);
    }
    let _ = ended.send(());
}

/// What a line of standard error says; one that says nothing to the harness is kept for messages.
#[cfg(feature = "containers")]
pub(super) fn event_of(line: Vec<u8>, tail: &Tail) -> ServerEvent {
    let text = String::from_utf8_lossy(&line);
    classify(&text).unwrap_or_else(|| {
        tail.push(&text);
        ServerEvent::Stderr(line.clone())
    })
}

/// Lines of an output that comes in pieces; a longer one than the bound is cut.
#[cfg(feature = "containers")]
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<u8>);

#[cfg(feature = "containers")]
impl Lines {
    /// The lines that a further piece completes.
    pub(super) fn take(&mut self, piece: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for byte in piece {
            match byte {
                b'\n' => lines.push(std::mem::take(&mut self.0)),
                _ if (self.0.len() as u64) < LONGEST_LINE => self.0.push(*byte),
                _ => {}
            }
        }
        lines
    }
}

fn classify(text: &str) -> Option<ServerEvent> {
    if let Some(json) = text.strip_prefix("proofmark-hook ") {
        return serde_json::from_str(json).ok().map(ServerEvent::Hook);
    }
    let value: serde_json::Value = text.starts_with('{').then(|| serde_json::from_str(text).ok())??;
    value.get("line").is_some().then_some(ServerEvent::Log(value))
}

/// The next line, cut at a bound; the rest of a longer one is thrown away.
async fn next_line(from: &mut (impl AsyncBufRead + Unpin)) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let read = from.take(LONGEST_LINE).read_until(b'\n', &mut line).await.ok()?;
    if read == 0 {
        return None;
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() as u64 >= LONGEST_LINE {
        skip_line(from).await;
    }
    Some(line)
}

async fn skip_line(from: &mut (impl AsyncBufRead + Unpin)) {
    loop {
        let Ok(buffer) = from.fill_buf().await else { return };
        if buffer.is_empty() {
            return;
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        from.consume(used);
        if end.is_some() {
            return;
        }
    }
}

/// The last lines of standard error, for messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    /// Keeps a line, and lets the oldest go.
    pub(super) fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == TAIL_LINES {
            lines.pop_front();
        }
        lines.push_back(line.chars().take(300).collect::<String>().escape_debug().to_string());
    }

    /// The last of them.
    pub(super) fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_empty() {
            "it wrote nothing to stderr".into()
        } else {
            format!("its last lines on stderr: {}", lines.iter().cloned().collect::<Vec<_>>().join(" | "))
        }
    }
}

fn listening(line: &str) -> Option<SocketAddr> {
    line.trim().strip_prefix("listening ")?.trim().parse().ok()
}

/// Exit statuses from here on say that the process ended by a signal.
pub const SIGNALLED: i32 = 128;
const READY_STEP: Duration = Duration::from_millis(10);
const LAST_LINES: Duration = Duration::from_secs(2);
const LONGEST_LINE: u64 = 64 * 1024;
const KEPT_LINES: usize = 2_000;
const TAIL_LINES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        assert!(matches!(classify(r#"proofmark-hook {"hook":"begin"}"#), Some(ServerEvent::Hook(_))));
        assert!(matches!(classify(r#"{"line":"access","code":"OK"}"#), Some(ServerEvent::Log(_))));
        assert_eq!(classify("panicked at src/main.rs"), None);
        assert_eq!(classify(r#"{"level":"info"}"#), None);
    }

    #[test]
    fn the_ready_line_says_where() {
        assert_eq!(listening("listening 127.0.0.1:41234\n"), Some("127.0.0.1:41234".parse().unwrap()));
        assert_eq!(listening("server started"), None);
    }

    #[tokio::test]
    async fn a_line_without_end_is_bounded() {
        let text = [vec![b'x'; 200_000], b"\nnext\n".to_vec()].concat();
        let mut reader = BufReader::new(&text[..]);
        assert_eq!(next_line(&mut reader).await.map(|line| line.len()), Some(64 * 1024));
        assert_eq!(next_line(&mut reader).await, Some(b"next".to_vec()));
        assert_eq!(next_line(&mut reader).await, None);
    }
}
