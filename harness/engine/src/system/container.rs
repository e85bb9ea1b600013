//! A server in a container, from an image. The engine's own client runs on a runtime of its own, since every case has one that ends with it.
//!
//! Ports are bound to 127.0.0.1. A container carries who started it as labels; the next run removes those whose owner is gone.

use std::collections::{BTreeSet, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use proofmark_system::{ServerEvent, ServerFactory, ServerInfo, ServerLaunch, ServerSystem, Signal, StartError, Tier};
use proofmark_transport::BoxFuture;
use proofmark_transport::clock::timeout;
use testcontainers::bollard::Docker;
use testcontainers::bollard::container::LogOutput;
use testcontainers::bollard::models::{HostConfig, PortBinding};
use testcontainers::bollard::query_parameters::{
    AttachContainerOptionsBuilder, KillContainerOptionsBuilder, ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
    WaitContainerOptionsBuilder,
};
use testcontainers::core::{IntoContainerPort, Mount, WaitFor};
use testcontainers::runners::{AsyncBuilder, AsyncRunner};
use testcontainers::{ContainerAsync, ContainerRequest, GenericBuildableImage, GenericImage, ImageExt};
use tokio::io::AsyncWriteExt;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::lines::{Lines, Tail, event_of};
use super::process::{environment, token_file};

/// A server that an image holds. It listens on [`PORT`] on every address.
#[derive(Clone, Debug)]
pub struct ContainerServer {
    /// Its name in reports.
    pub name: String,
    /// The image's name.
    pub image: String,
    /// The image's tag.
    pub tag: String,
    /// What it has.
    pub features: BTreeSet<String>,
    /// How long it may take to get ready.
    pub ready_limit: Duration,
    /// Where files for it are written.
    pub scratch: PathBuf,
    /// The engine.
    pub engine: Engine,
}

/// A container engine that answers.
#[derive(Clone, Debug)]
pub struct Engine {
    room: Arc<Room>,
    docker: Docker,
    /// What it says of itself.
    pub version: String,
}

/// Where the engine's client lives.
#[derive(Debug)]
struct Room {
    /// Only gone while this is dropped.
    runtime: Option<Runtime>,
    /// Every container holds one of these until it is removed.
    running: Option<UnboundedSender<()>>,
    removed: UnboundedReceiver<()>,
}

impl Room {
    fn new(runtime: Runtime) -> Self {
        let (running, removed) = unbounded_channel();
        Self { runtime: Some(runtime), running: Some(running), removed }
    }

    #[expect(clippy::expect_used, reason = "the runtime is taken out in drop alone")]
    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("a runtime until the drop")
    }
}

/// Waits for the removal of what still runs: a container that is dropped while its runtime ends would wait for that runtime for ever.
impl Drop for Room {
    fn drop(&mut self) {
        self.running = None;
        if let Some(runtime) = self.runtime.take() {
            // what the engine does not remove in time, the next run sweeps away
            // a start that outlives its run drops this inside the runtime, where nothing may wait
            if tokio::runtime::Handle::try_current().is_err() {
                let _ = runtime.block_on(async { timeout(REMOVAL_LIMIT, self.removed.recv()).await });
            }
            runtime.shutdown_background();
        }
    }
}

impl Engine {
    /// Looks for the engine: `DOCKER_HOST`, else its usual socket.
    ///
    /// # Errors
    /// Where there is none, or it does not answer; says how to get one.
    pub fn find() -> Result<Self, StartError> {
        let missing = |error: &dyn std::fmt::Display| {
            StartError::Failed(format!(
                "no container engine: {error}; `apt-get install docker.io` and `dockerd` give one, DOCKER_HOST names another"
            ))
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(|error| missing(&error))?;
        let (docker, version) = runtime.block_on(async {
            let docker = Docker::connect_with_defaults().map_err(|error| missing(&error))?;
            match timeout(ENGINE_LIMIT, docker.version()).await {
                Ok(Ok(version)) => Ok((docker, version.version.unwrap_or_default())),
                Ok(Err(error)) => Err(missing(&error)),
                Err(_) => Err(missing(&format!("it did not answer within {ENGINE_LIMIT:?}"))),
            }
        })?;
        Ok(Self { room: Arc::new(Room::new(runtime)), docker, version })
    }

    /// Removes the containers whose owner is gone. Gives how many.
    pub fn sweep(&self) -> usize {
        let docker = self.docker.clone();
        self.room.runtime().block_on(async move {
            let filters = HashMap::from([("label", vec![OWNER])]);
            let all = docker.list_containers(Some(ListContainersOptionsBuilder::new().all(true).filters(&filters).build())).await;
            let mut removed = 0;
            for container in all.unwrap_or_default() {
                let owner = container.labels.as_ref().and_then(|labels| labels.get(OWNER)).cloned().unwrap_or_default();
                if !Path::new("/proc").join(&owner).exists()
                    && let Some(id) = &container.id
                    && remove(&docker, id).await
                {
                    removed += 1;
                }
            }
            removed
        })
    }

    /// Builds an image from a Dockerfile and the one file it takes.
    ///
    /// # Errors
    /// In the engine's words.
    pub fn build(&self, name: &str, tag: &str, dockerfile: &Path, file: &Path, as_name: &str) -> Result<(), StartError> {
        let image = GenericBuildableImage::new(name, tag).with_dockerfile(dockerfile).with_file(file, as_name);
        self.room
            .runtime()
            .block_on(async { image.build_image().await })
            .map(|_| ())
            .map_err(|error| StartError::Failed(format!("the image {name}:{tag} cannot be built: {error}")))
    }
}

impl ServerFactory for ContainerServer {
    fn info(&self) -> ServerInfo {
        ServerInfo {
            name: self.name.clone(),
            version: format!("image {}:{}", self.image, self.tag),
            tier: Tier::Process,
            features: self.features.clone(),
        }
    }

    fn start(&self, launch: ServerLaunch) -> BoxFuture<'_, Result<Box<dyn ServerSystem>, StartError>> {
        let server = self.clone();
        Box::pin(async move {
            let (sender, receiver) = oneshot::channel();
            let room = server.engine.room.clone();
            room.runtime().spawn(async move {
                // where the case has ended meanwhile, what was started ends with the answer that nobody takes
                let _ = sender.send(server.launch(launch).await);
            });
            match receiver.await {
                Ok(started) => started.map(|running| Box::new(running) as Box<dyn ServerSystem>),
                Err(_) => Err(StartError::Failed("the container engine's client has gone".into())),
            }
        })
    }
}

impl ContainerServer {
    async fn launch(&self, launch: ServerLaunch) -> Result<Running, StartError> {
        let container = self.request(&launch)?.start().await;
        let container = container.map_err(|error| StartError::Failed(format!("{}:{} cannot be started: {error}", self.image, self.tag)))?;
        let docker = self.engine.docker.clone();
        let id = container.id().to_owned();
        let port = container.get_host_port_ipv4(PORT.tcp()).await.map_err(|error| StartError::Failed(format!("no port: {error}")))?;
        let attached = docker
            .attach_container(
                &id,
                Some(AttachContainerOptionsBuilder::new().stdin(true).stdout(true).stderr(true).stream(true).logs(true).build()),
            )
            .await
            .map_err(|error| StartError::Failed(format!("the container's output cannot be read: {error}")))?;
        let (steering, lines) = unbounded_channel();
        tokio::spawn(write_stdin(attached.input, lines));
        let (ready_sender, ready) = oneshot::channel();
        let tail = Tail::default();
        tokio::spawn(read_output(attached.output, launch.events, ready_sender, tail.clone(), docker.clone(), id.clone()));
        let (signals, asked) = unbounded_channel();
        tokio::spawn(send_signals(docker.clone(), id, asked, container, self.engine.room.running.clone()));
        match timeout(self.ready_limit, ready).await {
            Ok(Ok(())) => Ok(Running { address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), steering, signals }),
            Ok(Err(_)) => {
                Err(StartError::Failed(format!("the container of {}:{} ended before it was ready; {}", self.image, self.tag, tail.text())))
            }
            Err(_) => Err(StartError::Late(format!(
                "the container of {}:{} was not ready within {:?}: wanted a line `listening ...` on stdout; {}",
                self.image,
                self.tag,
                self.ready_limit,
                tail.text()
            ))),
        }
    }

    fn request(&self, launch: &ServerLaunch) -> Result<ContainerRequest<GenericImage>, StartError> {
        let image = GenericImage::new(&self.image, &self.tag).with_exposed_port(PORT.tcp()).with_wait_for(WaitFor::Nothing);
        // a restart keeps its port: clients know no other
        let host_port = if launch.listen.port() == 0 { String::new() } else { launch.listen.port().to_string() };
        let mut request = image
            .with_open_stdin(true)
            .with_startup_timeout(self.ready_limit)
            .with_label(OWNER, std::process::id().to_string())
            .with_label("proofmark.seed", launch.seed.to_string())
            .with_env_var("PORT", PORT.to_string())
            .with_host_config_modifier(move |config| bind_to_loopback(config, &host_port));
        for (key, value) in environment(launch, &["stdin", "exposed"]) {
            request = request.with_env_var(key, value);
        }
        // the folder of stores, and the store that the case has on every start
        let inside = |path: &Path| format!("/data/{}", path.file_name().unwrap_or_default().to_string_lossy());
        request = request.with_mount(Mount::bind_mount(self.scratch.display().to_string(), "/data"));
        if let Some(store) = &launch.store.path {
            request = request.with_env_var("PROOFMARK_STORE", inside(store));
        }
        if !launch.tokens.is_empty() {
            request = request.with_env_var("PROOFMARK_AUTH_TOKENS", inside(&token_file(launch, &self.scratch)?));
        }
        Ok(request)
    }
}

/// testcontainers alone would publish on every address of the machine.
fn bind_to_loopback(config: &mut HostConfig, host_port: &str) {
    let binding = PortBinding { host_ip: Some(Ipv4Addr::LOCALHOST.to_string()), host_port: Some(host_port.to_owned()) };
    config.port_bindings = Some(HashMap::from([(format!("{PORT}/tcp"), Some(vec![binding]))]));
    config.publish_all_ports = Some(false);
}

#[derive(Debug)]
struct Running {
    address: SocketAddr,
    steering: UnboundedSender<String>,
    signals: UnboundedSender<Ask>,
}

/// What is asked of a running container, in this order.
#[derive(Debug)]
enum Ask {
    Signal(Signal),
    /// Says when everything before it is done.
    Tell(oneshot::Sender<()>),
}

impl ServerSystem for Running {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn pid(&self) -> Option<u32> {
        None
    }

    fn signal(&mut self, signal: Signal) {
        // a container that is gone needs no signal
        let _ = self.signals.send(Ask::Signal(signal));
    }

    fn delivered(&mut self) -> BoxFuture<'static, ()> {
        let (sender, receiver) = oneshot::channel();
        // where the container is gone, there is nothing to wait for
        let _ = self.signals.send(Ask::Tell(sender));
        Box::pin(async move {
            let _ = receiver.await;
        })
    }

    fn steer(&mut self, line: &str) {
        // a server that is gone cannot be steered; the missing answer says so
        let _ = self.steering.send(format!("{line}\n"));
    }
}

async fn write_stdin(mut stdin: impl tokio::io::AsyncWrite + Unpin, mut lines: UnboundedReceiver<String>) {
    while let Some(line) = lines.recv().await {
        if stdin.write_all(line.as_bytes()).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

/// Sends signals as they are asked for; the container is removed when nobody can ask any more.
async fn send_signals(
    docker: Docker,
    id: String,
    mut asked: UnboundedReceiver<Ask>,
    container: ContainerAsync<GenericImage>,
    running: Option<UnboundedSender<()>>,
) {
    while let Some(ask) = asked.recv().await {
        let signal = match ask {
            Ask::Signal(signal) => signal,
            Ask::Tell(sender) => {
                // who asked may have gone meanwhile
                let _ = sender.send(());
                continue;
            }
        };
        let kill = |name: &str| docker.kill_container(&id, Some(KillContainerOptionsBuilder::new().signal(name).build()));
        // a container that has ended meanwhile refuses them, and needs none
        let _ = match signal {
            Signal::Term => kill("SIGTERM").await,
            Signal::Int => kill("SIGINT").await,
            Signal::Kill => kill("SIGKILL").await,
            Signal::Stop => docker.pause_container(&id).await,
            Signal::Continue => docker.unpause_container(&id).await,
        };
    }
    if container.rm().await.is_err() {
        remove(&docker, &id).await;
    }
    drop(running);
}

async fn remove(docker: &Docker, id: &str) -> bool {
    docker.remove_container(id, Some(RemoveContainerOptionsBuilder::new().force(true).v(true).build())).await.is_ok()
}

async fn read_output(
    mut output: impl futures_util::Stream<Item = Result<LogOutput, testcontainers::bollard::errors::Error>> + Unpin,
    events: UnboundedSender<ServerEvent>,
    ready: oneshot::Sender<()>,
    tail: Tail,
    docker: Docker,
    id: String,
) {
    let mut ready = Some(ready);
    let (mut out, mut err) = (Lines::default(), Lines::default());
    while let Some(Ok(chunk)) = output.next().await {
        match chunk {
            LogOutput::StdOut { message } => {
                let is_ready = out.take(&message).iter().any(|line| line.starts_with(b"listening "));
                if let Some(ready) = ready.take_if(|_| is_ready) {
                    let _ = ready.send(());
                }
            }
            LogOutput::StdErr { message } => {
                for line in err.take(&message) {
                    // nobody listens any more where the case is over
                    let _ = events.send(event_of(line, &tail));
                }
            }
            LogOutput::StdIn { .. } | LogOutput::Console { .. } => {}
        }
    }
    let ended = docker.wait_container(&id, Some(WaitContainerOptionsBuilder::new().build())).next().await;
    let status = match ended {
        Some(Ok(ended)) => Some(ended.status_code),
        Some(Err(testcontainers::bollard::errors::Error::DockerContainerWaitError { code, .. })) => Some(code),
        _ => None,
    };
    let status = status.and_then(|code| i32::try_from(code).ok()).filter(|code| *code < super::supervisor::SIGNALLED);
    let _ = events.send(ServerEvent::Exited { status });
}

/// Where a server listens inside its container.
pub const PORT: u16 = 50051;
const OWNER: &str = "proofmark.owner";
/// How long the removal of containers may take in the end.
const REMOVAL_LIMIT: Duration = Duration::from_secs(20);
const ENGINE_LIMIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_published_on_loopback_alone() {
        let mut config = HostConfig { publish_all_ports: Some(true), ..HostConfig::default() };
        bind_to_loopback(&mut config, "4711");
        let bindings = config.port_bindings.expect("bindings");
        let published = bindings["50051/tcp"].clone().expect("a published port");
        assert_eq!((bindings.len(), published.len()), (1, 1));
        assert_eq!((published[0].host_ip.as_deref(), published[0].host_port.as_deref()), (Some("127.0.0.1"), Some("4711")));
        assert_eq!(config.publish_all_ports, Some(false));
    }
}
