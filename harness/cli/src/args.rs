//! What can be said on the command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, Subcommand, ValueEnum};
use proofmark_transport::Seed;

use crate::systems::SystemName;

/// Judges whether gRPC servers and clients keep their operational promises - deadlines, retries, status mapping, metadata, health, draining - when
/// the transport misbehaves.
#[derive(Debug, Parser)]
#[command(name = "proofmark", version, propagate_version = true, max_term_width = 120)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run cases against a system; without further words against the reference, in process
    Run(Box<RunArgs>),
    /// List cases, with what they prove and need
    List(ListArgs),
    /// Explain a requirement, case, check, step, fault or killer
    Explain(ExplainArgs),
    /// Judge a stored run again
    Judge(JudgeArgs),
    /// Render a stored run in another format
    Report(ReportArgs),
    /// Write the matrix of a stored run over many systems: a page, the same for machines, and a ladder for each deviation
    Matrix(MatrixArgs),
    /// Run every broken variant of the reference over all cases
    Killers(KillersArgs),
    /// List the systems that are known by name
    Systems(SystemsArgs),
    /// Build systems that are known by name
    Build(BuildArgs),
    /// Look whether systems can be tested: tools, build, start, calls, shutdown, and the driver protocol
    Doctor(DoctorArgs),
    /// Run the reference user service
    Serve(Box<ServeArgs>),
    /// Run the reference client as a driver: commands on standard input, events on standard output
    Drive,
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Start what is ordered over standard input, and end it with that (used by `run` itself)
    #[command(hide = true)]
    Supervise,
    /// Remove a folder when standard input ends
    #[command(hide = true)]
    Sweep(SweepArgs),
}

/// Which cases.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Selection {
    /// Ids of cases or requirements, beginnings of them (`retry.pushback`), or patterns with `*`; all cases if absent
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,
    /// Only cases of this area (deadlines, retry, status, metadata, health, shutdown, user, connections); may be repeated
    #[arg(long, value_name = "AREA")]
    pub area: Vec<String>,
    /// Only cases that test this end
    #[arg(long)]
    pub role: Option<RoleArg>,
}

/// An end of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    /// Clients under test.
    Client,
    /// Servers under test.
    Server,
    /// A client and a server under test.
    Pair,
}

/// What to make of what cannot be judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Inconclusive {
    /// Exit code 1.
    Fail,
    /// Exit code 4.
    #[default]
    Warn,
    /// No influence on the exit code.
    Ignore,
}

/// A container: NAME=BINARY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerArg {
    /// The folder of its Dockerfile.
    pub name: String,
    /// What is put into it.
    pub binary: PathBuf,
}

impl FromStr for ContainerArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, binary) = text.split_once('=').ok_or("wanted is NAME=BINARY, such as go=target/peers/go/server")?;
        if !std::path::Path::new(binary).is_file() {
            return Err(format!("there is no file {binary}"));
        }
        Ok(Self { name: name.to_owned(), binary: binary.into() })
    }
}

/// `proofmark run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Which cases.
    #[command(flatten)]
    pub selection: Selection,
    /// Test a server that this command line starts; split into words, run without a shell, `$PORT` is replaced; may be repeated
    #[arg(long, value_name = "CMD")]
    pub server_cmd: Vec<String>,
    /// Test a client through the driver that this command line starts; may be repeated
    #[arg(long, value_name = "CMD")]
    pub driver_cmd: Vec<String>,
    /// Test a system by name, as it was built; NAME@VERSION for another release of its library; may be repeated
    #[arg(long, value_name = "NAME")]
    pub system: Vec<SystemName>,
    /// Where systems known by name are
    #[arg(long, value_name = "DIR", env = "PROOFMARK_SYSTEMS", default_value = SYSTEMS)]
    pub systems: PathBuf,
    /// Test a server in a container, with the reference as its client; the image is built from fixtures/containers/NAME/Dockerfile and this binary; may be repeated
    #[arg(long, value_name = "NAME=BINARY")]
    pub container: Vec<ContainerArg>,
    /// Test a server that runs already; may be repeated
    #[arg(long, value_name = "HOST:PORT")]
    pub address: Vec<String>,
    /// Test the reference in process, too, where other systems are named
    #[arg(long)]
    pub reference: bool,
    /// Put this broken variant in the reference's place (see `proofmark killers --list`)
    #[arg(long, value_name = "NAME")]
    pub killer: Option<String>,
    /// Allow cases that send malformed frames to an address that is not loopback
    #[arg(long)]
    pub hostile: bool,
    /// The seed of all chance; drawn and printed if absent
    #[arg(long)]
    pub seed: Option<Seed>,
    /// How many cases at a time; the number of cores in process, six a core elsewhere
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// By how much time windows are widened on the real clock, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 100)]
    pub tolerance_ms: u64,
    /// How long a server may take to get ready, in seconds
    #[arg(long, value_name = "S", default_value_t = 30)]
    pub ready_limit: u64,
    /// What to write to standard output in the end: terminal, json, junit, markdown
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Where to write record and reports; reports/out/<run> if absent, with `latest` leading there
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Warnings fail, too
    #[arg(long)]
    pub strict: bool,
    /// What to make of what cannot be judged
    #[arg(long, default_value = "warn")]
    pub inconclusive: Inconclusive,
}

/// `proofmark list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Which cases.
    #[command(flatten)]
    pub selection: Selection,
    /// Ids alone
    #[arg(long)]
    pub ids: bool,
}

/// `proofmark explain`.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// The id of a requirement or case, or the name of a check, step, fault or killer
    pub name: String,
}

/// `proofmark judge`.
#[derive(Debug, clap::Args)]
pub struct JudgeArgs {
    /// The record.jsonl of a run
    pub record: PathBuf,
    /// The tolerance with which the run was judged, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 100)]
    pub tolerance_ms: u64,
}

/// `proofmark report`.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// The record.jsonl of a run
    pub record: PathBuf,
    /// terminal, json, junit or markdown
    #[arg(long, default_value = "terminal")]
    pub format: String,
}

/// `proofmark matrix`.
#[derive(Debug, clap::Args)]
pub struct MatrixArgs {
    /// The record.jsonl of a run
    pub record: PathBuf,
    /// Where to write it
    #[arg(long, value_name = "DIR", default_value = "reports/results")]
    pub out: PathBuf,
    /// A Markdown file whose part between `<!-- matrix -->` and `<!-- /matrix -->` becomes the summary table
    #[arg(long, value_name = "FILE")]
    pub readme: Option<PathBuf>,
}

/// `proofmark killers`.
#[derive(Debug, clap::Args)]
pub struct KillersArgs {
    /// Names of killers, or beginnings of them; all if absent
    pub names: Vec<String>,
    /// List them without running anything
    #[arg(long)]
    pub list: bool,
    /// How many cases at a time
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
}

/// `proofmark systems`.
#[derive(Debug, clap::Args)]
pub struct SystemsArgs {
    /// Names alone
    #[arg(long)]
    pub ids: bool,
    /// Where systems known by name are
    #[arg(long, value_name = "DIR", env = "PROOFMARK_SYSTEMS", default_value = SYSTEMS)]
    pub systems: PathBuf,
}

/// `proofmark build`.
#[derive(Debug, clap::Args)]
pub struct BuildArgs {
    /// Which; NAME@VERSION for another release of its library; all if absent
    #[arg(value_name = "NAME")]
    pub names: Vec<SystemName>,
    /// Where systems known by name are
    #[arg(long, value_name = "DIR", env = "PROOFMARK_SYSTEMS", default_value = SYSTEMS)]
    pub systems: PathBuf,
}

/// `proofmark doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Which; all if absent
    #[arg(value_name = "NAME")]
    pub names: Vec<SystemName>,
    /// Look at a driver that this command line starts, instead of systems
    #[arg(long, value_name = "CMD")]
    pub driver_cmd: Option<String>,
    /// Where systems known by name are
    #[arg(long, value_name = "DIR", env = "PROOFMARK_SYSTEMS", default_value = SYSTEMS)]
    pub systems: PathBuf,
}

/// Where systems known by name are, in our own repository.
pub(crate) const SYSTEMS: &str = "fixtures/peers";

/// `proofmark completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `proofmark sweep`.
#[derive(Debug, clap::Args)]
pub struct SweepArgs {
    /// The folder
    pub folder: PathBuf,
}

/// `proofmark serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Where to listen; port 0 is a free one. Without it 127.0.0.1 and the port of PORT
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// The port, where --listen is absent
    #[arg(long, env = "PORT", value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// The file that users are kept in; in memory if absent
    #[arg(long, env = "PROOFMARK_STORE", value_name = "FILE")]
    pub store: Option<PathBuf>,
    /// Whom to ask for users that are not here: addresses with commas between
    #[arg(long, env = "PROOFMARK_UPSTREAM", value_name = "HOST:PORT,...")]
    pub upstream: Option<String>,
    /// Tokens that let calls in, one a line: TOKEN, SUBJECT[, UNIX-SECONDS]; auth is off if absent
    #[arg(long, env = "PROOFMARK_AUTH_TOKENS", value_name = "FILE")]
    pub auth_tokens: Option<PathBuf>,
    /// Listen on an address that others can reach although auth is off
    #[arg(long)]
    pub no_auth: bool,
    /// How log lines look on standard error
    #[arg(long, env = "PROOFMARK_LOG", default_value = "text")]
    pub log: LogFormat,
    /// Test hooks: stdin, exposed, store=down, users=N, with commas between
    #[arg(long, env = "PROOFMARK_TEST_HOOKS", value_name = "WORDS", num_args = 0..=1, default_missing_value = "")]
    pub test_hooks: Option<String>,
    /// How long calls in flight may go on after a signal (30s)
    #[arg(long, env = "PROOFMARK_GRACE", value_name = "DURATION")]
    pub grace: Option<String>,
    /// How long new calls are still served after a signal (0s)
    #[arg(long, env = "PROOFMARK_LAME_DUCK", value_name = "DURATION")]
    pub lame_duck: Option<String>,
    /// The longest deadline that is honoured
    #[arg(long, env = "PROOFMARK_DEADLINE_MAX", value_name = "DURATION")]
    pub deadline_max: Option<String>,
    /// Streams open at one time on a connection
    #[arg(long, env = "PROOFMARK_MAX_CONCURRENT_STREAMS", value_name = "N")]
    pub max_concurrent_streams: Option<String>,
    /// The largest message that is taken (4MiB)
    #[arg(long, env = "PROOFMARK_MAX_RECEIVE", value_name = "SIZE")]
    pub max_receive: Option<String>,
    /// The largest message that is sent
    #[arg(long, env = "PROOFMARK_MAX_SEND", value_name = "SIZE")]
    pub max_send: Option<String>,
    /// The largest header list that is taken
    #[arg(long, env = "PROOFMARK_MAX_HEADER_LIST", value_name = "SIZE")]
    pub max_header_list: Option<String>,
    /// Time between probes of the store (5s)
    #[arg(long, env = "PROOFMARK_PROBE_INTERVAL", value_name = "DURATION")]
    pub probe_interval: Option<String>,
    /// How long one probe may take (1s)
    #[arg(long, env = "PROOFMARK_PROBE_LIMIT", value_name = "DURATION")]
    pub probe_limit: Option<String>,
    /// How old a connection may get
    #[arg(long, env = "PROOFMARK_MAX_AGE", value_name = "DURATION")]
    pub max_age: Option<String>,
    /// How long calls on an old connection may go on
    #[arg(long, env = "PROOFMARK_MAX_AGE_GRACE", value_name = "DURATION")]
    pub max_age_grace: Option<String>,
    /// How long a connection may be without calls
    #[arg(long, env = "PROOFMARK_MAX_IDLE", value_name = "DURATION")]
    pub max_idle: Option<String>,
    /// How long a gateway waits where the caller gave no deadline
    #[arg(long, env = "PROOFMARK_DOWNSTREAM_TIMEOUT", value_name = "DURATION")]
    pub downstream_timeout: Option<String>,
    /// Metadata keys that a gateway passes on, with commas between
    #[arg(long, env = "PROOFMARK_FORWARDS", value_name = "KEYS")]
    pub forwards: Option<String>,
    /// Whether reflection is served: enabled or disabled
    #[arg(long, env = "PROOFMARK_REFLECTION", value_name = "SWITCH")]
    pub reflection: Option<String>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
