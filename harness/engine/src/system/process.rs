//! A server as a process: any command line.
//!
//! A case has a server to itself while it runs. One that served a case which leaves it as it found it, and is well afterwards, is kept for the next such case:
//! starting takes longer than most of them (ADR 7). Pipes are read on a runtime of their own, since a server may outlive the runtime of a case.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{PipeReader, PipeWriter};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use proofmark_system::{ServerEvent, ServerFactory, ServerInfo, ServerLaunch, ServerSystem, Signal, StartError, Tier, Token};
use proofmark_transport::BoxFuture;
use proofmark_transport::clock::{sleep, timeout};
use tokio::io::{AsyncBufRead, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, Semaphore, oneshot};

use super::lines::{Tail, classify, next_line};
use super::supervisor::{Leash, Order, SIGNALLED, Supervisor, Told};

/// A server that a command line starts.
#[derive(Clone, Debug)]
pub struct ProcessServer {
    /// Its name in reports.
    pub name: String,
    /// The release of what it is made of.
    pub version: String,
    /// The words of the command line.
    pub command: Vec<String>,
    /// What starts it.
    pub supervisor: Supervisor,
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
pub struct Idle(Arc<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    servers: Mutex<Vec<Running>>,
    /// One more has come.
    came: Notify,
    /// Of every server that other cases may use, for as long as it is there.
    made: Counts,
    /// Of every case that wants such a server and has none yet.
    wanted: Counts,
}

impl Waiting {
    fn servers(&self) -> MutexGuard<'_, Vec<Running>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that still runs and was started like this.
    fn take(&self, made: &Made) -> Option<Running> {
        let mut servers = self.servers();
        servers.retain(Running::is_alive);
        let place = servers.iter().position(|server| *server.made == *made)?;
        Some(servers.swap_remove(place))
    }

    /// Whether there are enough servers that were started like this: one for a few cases that want it, and never more than cores, which is as many as
    /// can be at work.
    fn is_enough(&self, made: &Made) -> bool {
        let servers = self.made.of(made);
        servers >= cores() || self.wanted.of(made) <= servers * QUEUE
    }

    fn put(&self, server: Running) {
        self.servers().push(server);
        self.came.notify_waiters();
    }
}

/// How many there are of each kind of server, for as long as what is counted is held.
#[derive(Debug, Default)]
struct Counts(Mutex<Vec<Weak<Made>>>);

impl Counts {
    /// Counts one more.
    fn count(&self, made: Made) -> Arc<Made> {
        let made = Arc::new(made);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&made));
        made
    }

    /// How many are like this.
    fn of(&self, made: &Made) -> usize {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| one.strong_count() > 0);
        all.iter().filter(|one| one.upgrade().is_some_and(|one| *one == *made)).count()
    }
}

/// What tells servers of one command line apart.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Made {
    settings: BTreeMap<String, String>,
    hooks: Vec<String>,
    tokens: Vec<Token>,
}

impl Made {
    fn by(launch: &ServerLaunch) -> Self {
        Self { settings: launch.settings.clone(), hooks: launch.hooks.clone(), tokens: launch.tokens.clone() }
    }
}

impl ServerFactory for ProcessServer {
    fn info(&self) -> ServerInfo {
        ServerInfo { name: self.name.clone(), version: self.version.clone(), tier: Tier::Process, features: self.features.clone() }
    }

    fn start(&self, launch: ServerLaunch) -> BoxFuture<'_, Result<Box<dyn ServerSystem>, StartError>> {
        Box::pin(async move {
            if launch.shareable {
                return self.kept_or_launched(launch).await;
            }
            // a restart is part of what a case times; a first start is not, and can wait for a core
            let is_first = launch.listen.port() == 0;
            let _starting = if is_first { STARTING.acquire().await.ok() } else { None };
            let made = Arc::new(Made::by(&launch));
            Ok(Box::new(self.launch(launch, made).await?) as Box<dyn ServerSystem>)
        })
    }

    fn rest(&self) {
        self.idle.0.servers().clear();
    }
}

/// Where the pipes of processes are read and written, and their ends are waited for.
static PIPES: LazyLock<std::io::Result<Runtime>> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).thread_name("pipes").enable_all().build());

/// As many systems start at a time as there are cores: starting is work, and cases that wait beside it are to be timed well.
pub(super) static STARTING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(cores()));

fn cores() -> usize {
    // asking reads files of the kernel
    static CORES: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));
    *CORES
}

impl ProcessServer {
    /// One that served such cases before, or else a new one once it is its turn to start. Whichever comes first: other cases end meanwhile, and most
    /// of them sooner than a server starts.
    async fn kept_or_launched(&self, launch: ServerLaunch) -> Result<Box<dyn ServerSystem>, StartError> {
        let made = self.idle.0.wanted.count(Made::by(&launch));
        let mut patience = pin!(sleep(PATIENCE));
        let mut is_patient = true;
        let mut turn = pin!(STARTING.acquire());
        loop {
            let came = self.idle.0.came.notified();
            if let Some(kept) = self.idle.0.take(&made) {
                return Ok(Box::new(kept.serve_again(launch.events)));
            }
            if is_patient && self.idle.0.is_enough(&made) {
                tokio::select! {
                    biased;
                    () = came => {}
                    () = &mut patience => is_patient = false,
                }
                continue;
            }
            let _starting = tokio::select! {
                biased;
                () = came => continue,
                permit = &mut turn => permit.ok(),
            };
            if is_patient && self.idle.0.is_enough(&made) {
                // others have started them meanwhile
                turn.set(STARTING.acquire());
                continue;
            }
            let made = self.idle.0.made.count(Made::by(&launch));
            return Ok(Box::new(self.launch(launch, made).await?));
        }
    }

    async fn launch(&self, launch: ServerLaunch, made: Arc<Made>) -> Result<Running, StartError> {
        let pipes = PIPES.as_ref().map_err(|error| StartError::Failed(format!("no runtime for pipes: {error}")))?;
        let fixed_port = self.fixed_port(&launch).await?;
        let started = self.supervisor.start(&self.order(&launch, fixed_port)?)?;
        let (stdin, stdout, stderr, told) = {
            let _within = pipes.enter();
            ends(started.stdin, started.stdout, started.stderr, started.told)
        }
        .map_err(|error| StartError::Failed(format!("no pipes: {error}")))?;
        let tail = Tail::default();
        let (ended_sender, ended) = oneshot::channel();
        let listener = Listener(Arc::new(Mutex::new(Some(launch.events))));
        pipes.spawn(read_stderr(BufReader::new(stderr), listener.clone(), tail.clone(), ended_sender));
        let (line_sender, lines) = unbounded_channel();
        pipes.spawn(read_stdout(BufReader::new(stdout), line_sender));
        let (steering, commands) = unbounded_channel();
        pipes.spawn(write_stdin(stdin, commands));
        let (runs_sender, runs) = oneshot::channel();
        let exit = ExitStatus::default();
        let (exited_sender, mut exited) = oneshot::channel();
        pipes.spawn(hear(BufReader::new(told), runs_sender, exit.clone(), exited_sender, ended));
        let pid = match runs.await {
            Ok(Ok(pid)) => pid,
            Ok(Err(why)) => return Err(StartError::Failed(why)),
            Err(_) => return Err(StartError::Failed(format!("`{}` cannot be started: the supervisor is gone", self.command.join(" ")))),
        };
        let address = self.get_ready(lines, &mut exited, &exit, &tail, fixed_port).await?;
        let running = Running {
            address,
            pid,
            _leash: started.leash,
            made,
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
                        return Err(StartError::Failed(format!("`{shown}` ended {how} before it was ready; {}", tail.text())));
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
                    return Err(StartError::Failed(format!(
                        "`{shown}` says that it listens on {address}, and nobody answers there: {error}"
                    )));
                }
                Ok(address)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let printed = if seen.is_empty() { "it printed nothing".to_owned() } else { format!("it printed {seen}") };
                Err(StartError::Late(format!(
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
        let free = launch.network.listen(launch.listen).await.map_err(|error| StartError::Failed(format!("no free port: {error}")))?;
        Ok(Some(free.address().port()))
    }

    fn order(&self, launch: &ServerLaunch, fixed_port: Option<u16>) -> Result<Order, StartError> {
        let port = fixed_port.unwrap_or(launch.listen.port()).to_string();
        let command = self.command.iter().map(|word| word.replace("$PORT", &port)).collect();
        let mut environment = environment(launch, &["stdin"]);
        let mut set = |key: &str, value: String| environment.push((key.to_owned(), value));
        set("PORT", port);
        if let Some(path) = &launch.store.path {
            set("PROOFMARK_STORE", path.display().to_string());
        }
        if !launch.upstream.is_empty() {
            let list: Vec<String> = launch.upstream.iter().map(ToString::to_string).collect();
            set("PROOFMARK_UPSTREAM", list.join(","));
        }
        if !launch.tokens.is_empty() {
            set("PROOFMARK_AUTH_TOKENS", token_file(launch, &self.scratch)?.display().to_string());
        }
        Ok(Order { command, environment })
    }
}

/// Our ends of a process, for the runtime that reads and writes them.
fn ends(
    stdin: PipeWriter,
    stdout: PipeReader,
    stderr: PipeReader,
    told: StdUnixStream,
) -> std::io::Result<(pipe::Sender, pipe::Receiver, pipe::Receiver, UnixStream)> {
    told.set_nonblocking(true)?;
    Ok((
        pipe::Sender::from_owned_fd(stdin.into())?,
        pipe::Receiver::from_owned_fd(stdout.into())?,
        pipe::Receiver::from_owned_fd(stderr.into())?,
        UnixStream::from_std(told)?,
    ))
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
    write_file(&path, &text).map_err(|error| StartError::Failed(format!("{}: {error}", path.display())))?;
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

/// A process that runs. Dropping it ends it.
#[derive(Debug)]
struct Running {
    address: SocketAddr,
    pid: u32,
    _leash: Leash,
    made: Arc<Made>,
    steering: UnboundedSender<String>,
    listener: Listener,
    exit: ExitStatus,
    /// Where it may wait, for as long as its factory is there.
    idle: Weak<Waiting>,
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
            idle.put(*self);
        }
    }
}

async fn tell_the_exit(exited: oneshot::Receiver<()>, exit: ExitStatus, listener: Listener) {
    // a server that is gone at once says so here, too
    let _ = exited.await;
    let status = exit.lock().unwrap_or_else(PoisonError::into_inner).flatten();
    listener.tell(ServerEvent::Exited { status });
}

async fn write_stdin(mut stdin: pipe::Sender, mut lines: UnboundedReceiver<String>) {
    while let Some(line) = lines.recv().await {
        if stdin.write_all(line.as_bytes()).await.is_err() {
            // a server that has closed its input goes on without
            return;
        }
    }
}

/// Hears what the supervisor tells of a process.
async fn hear(
    mut told: impl AsyncBufRead + Unpin,
    runs: oneshot::Sender<Result<u32, String>>,
    exit: ExitStatus,
    exited: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
) {
    let mut runs = Some(runs);
    let mut pid = None;
    let mut status = None;
    while let Some(line) = next_line(&mut told).await {
        match serde_json::from_slice(&line) {
            Ok(Told::Runs(number)) => {
                pid = Some(number);
                answer(&mut runs, Ok(number));
            }
            Ok(Told::Fails(why)) => {
                answer(&mut runs, Err(why));
                return;
            }
            Ok(Told::Ended(code)) => status = Some(code),
            Err(_) => break,
        }
    }
    drop(runs);
    if let (None, Some(pid)) = (status, pid) {
        // the supervisor has been ended by somebody; there is nobody else to see to this process
        kill_group(pid);
    }
    // what was written before the end is read before the end is told
    let _ = timeout(LAST_LINES, ended).await;
    exit.lock().unwrap_or_else(PoisonError::into_inner).replace(status.filter(|status| *status < SIGNALLED));
    let _ = exited.send(());
}

/// Answers who waits for it; nobody may.
fn answer(waiting: &mut Option<oneshot::Sender<Result<u32, String>>>, answer: Result<u32, String>) {
    if let Some(waiting) = waiting.take() {
        let _ = waiting.send(answer);
    }
}

fn kill_group(pid: u32) {
    use nix::sys::signal::{Signal as Unix, killpg};
    if let Ok(group) = i32::try_from(pid) {
        // a group that is gone is what is wanted
        let _ = killpg(nix::unistd::Pid::from_raw(group), Unix::SIGKILL);
    }
}

async fn read_stdout(mut stdout: impl AsyncBufRead + Unpin, lines: UnboundedSender<String>) {
    let mut shown = 0;
    while let Some(line) = next_line(&mut stdout).await {
        if shown < KEPT_LINES && lines.send(String::from_utf8_lossy(&line).into_owned()).is_ok() {
            shown += 1;
        }
    }
}

async fn read_stderr(mut stderr: impl AsyncBufRead + Unpin, listener: Listener, tail: Tail, ended: oneshot::Sender<()>) {
    let mut plain = 0;
    while let Some(line) = next_line(&mut stderr).await {
        let text = String::from_utf8_lossy(&line);
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

fn listening(line: &str) -> Option<SocketAddr> {
    line.trim().strip_prefix("listening ")?.trim().parse().ok()
}

const READY_STEP: Duration = Duration::from_millis(10);
/// How long a case waits for a server that others use before it has one more started.
const PATIENCE: Duration = Duration::from_millis(100);
/// How many cases wait for one server before another is started beside it.
const QUEUE: usize = 4;
const LAST_LINES: Duration = Duration::from_secs(2);
const KEPT_LINES: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_says_where() {
        assert_eq!(listening("listening 127.0.0.1:41234\n"), Some("127.0.0.1:41234".parse().unwrap()));
        assert_eq!(listening("server started"), None);
    }

    #[test]
    fn one_server_is_enough_for_a_few_cases() {
        let waiting = Waiting::default();
        let made = Made { settings: BTreeMap::new(), hooks: vec!["users=3".into()], tokens: Vec::new() };
        let _wants_it = waiting.wanted.count(made.clone());
        assert!(!waiting.is_enough(&made));
        let server = waiting.made.count(made.clone());
        assert!(waiting.is_enough(&made));
        let others: Vec<_> = (0..QUEUE).map(|_| waiting.wanted.count(made.clone())).collect();
        assert_eq!(waiting.is_enough(&made), cores() == 1);
        drop(others);
        assert!(waiting.is_enough(&made));
        drop(server);
        assert!(!waiting.is_enough(&made));
    }
}
