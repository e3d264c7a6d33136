//! `cargo xtask backends`: the servers that tests need, on private ports, so that a machine's own servers
//! stay untouched.
//!
//! A back end publishes how to reach it in `<target>/backends/<name>/url`, and tests read exactly that
//! file. `up` may be called at any time and any number of times: what answers is adopted, what is stale is
//! mended, what is missing is installed (from Debian's packages; Kafka from Maven Central, MinIO from the Go module
//! proxy) and started.
//! `down` stops only what `up` started. Those that are named together go up and down side by side.
//!
//! One file a back end. PostgreSQL has programs of its own that start and stop it; the others are described
//! by a `launch::Launch`, which tests find beside `url`, and started by `server`.

pub(crate) mod account;
mod folders;
mod kafka;
mod launch;
mod minio;
mod ports;
mod postgres;
mod process;
mod rabbitmq;
mod redis;
mod server;
mod url;
mod wire;

use std::thread;
use std::time::Instant;

use anyhow::{Context as _, anyhow, bail};
use clap::{Subcommand, ValueEnum};

use self::kafka::Kafka;
use self::minio::MinIo;
use self::rabbitmq::RabbitMq;
use self::redis::Redis;
use self::server::Server;
use crate::workspace::Workspace;

/// The command line of `cargo xtask backends`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start them, installing what is missing, and wait until they answer.
    Up(Chosen),
    /// Stop those that `up` started.
    Down(Chosen),
    /// Say which of them answer.
    Status(Chosen),
}

#[derive(Debug, clap::Args)]
struct Chosen {
    /// Which ones; all of them when none is named.
    names: Vec<Backend>,
}

/// A server that tests need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// PostgreSQL.
    Postgres,
    /// Redis.
    Redis,
    /// RabbitMQ, with its management API.
    #[value(name = "rabbitmq")]
    RabbitMq,
    /// Apache Kafka.
    Kafka,
    /// MinIO, an object store.
    #[value(name = "minio")]
    MinIo,
}

/// What `up` found or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Up {
    /// It answered already; whoever started it stops it.
    Adopted,
    /// It was started now.
    Started,
}

/// What `down` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Down {
    Stopped,
    NotRunning,
    /// It answers, but was not started by `up`.
    LeftAlone,
}

/// Runs the command.
pub(crate) fn run(args: &Args, workspace: &Workspace) -> anyhow::Result<()> {
    match &args.action {
        Action::Up(chosen) => all_well(up(&chosen.backends(), workspace)),
        Action::Down(chosen) => down(&chosen.backends(), workspace),
        Action::Status(chosen) => {
            for backend in chosen.backends() {
                println!("{}\t{}", backend.name(), backend.status(workspace)?);
            }
            Ok(())
        }
    }
}

/// Makes the back ends answer. Each has its own answer, because one that fails leaves the others up.
pub(crate) fn up(backends: &[Backend], workspace: &Workspace) -> Vec<(Backend, anyhow::Result<Up>)> {
    side_by_side(backends, |backend| {
        let begin = Instant::now();
        let up = backend
            .up(workspace)
            .with_context(|| format!("`{}` is not up", backend.name()))?;
        let how = match up {
            Up::Adopted => "is up already".to_owned(),
            Up::Started => format!("started in {:.1} s", begin.elapsed().as_secs_f64()),
        };
        eprintln!("{}: {how}: {}", backend.name(), backend.status(workspace)?);
        Ok(up)
    })
}

/// Stops those of the back ends that [`up`] started, now or in an earlier run.
pub(crate) fn down(backends: &[Backend], workspace: &Workspace) -> anyhow::Result<()> {
    all_well(side_by_side(backends, |backend| {
        let down = backend
            .down(workspace)
            .with_context(|| format!("`{}` is not down", backend.name()))?;
        let what = match down {
            Down::Stopped => "stopped",
            Down::NotRunning => "is not running",
            Down::LeftAlone => "was not started by `cargo xtask backends up`; left alone",
        };
        eprintln!("{}: {what}", backend.name());
        Ok(())
    }))
}

/// Does the work for each at the same time.
fn side_by_side<T: Send>(
    backends: &[Backend],
    work: impl Fn(Backend) -> anyhow::Result<T> + Sync,
) -> Vec<(Backend, anyhow::Result<T>)> {
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = backends
            .iter()
            .map(|backend| (*backend, scope.spawn(move || work(*backend))))
            .collect();
        let ended = threads.into_iter().map(|(backend, thread)| {
            let result = thread
                .join()
                .unwrap_or_else(|_| Err(anyhow!("a thread panicked")));
            (backend, result)
        });
        ended.collect()
    })
}

/// Tells all that went wrong, not only the first of it.
pub(crate) fn all_well<T>(results: Vec<(Backend, anyhow::Result<T>)>) -> anyhow::Result<()> {
    let errors = results.into_iter().filter_map(|(_, result)| result.err());
    let errors: Vec<_> = errors.map(|error| format!("{error:#}")).collect();
    if !errors.is_empty() {
        bail!("{}", errors.join("\nerror: "));
    }
    Ok(())
}

impl Backend {
    fn name(self) -> &'static str {
        self.server().map_or(postgres::NAME, Server::name)
    }

    /// Those that are started from a description.
    fn server(self) -> Option<&'static dyn Server> {
        match self {
            Self::Postgres => None,
            Self::Redis => Some(&Redis),
            Self::RabbitMq => Some(&RabbitMq),
            Self::Kafka => Some(&Kafka),
            Self::MinIo => Some(&MinIo),
        }
    }

    fn up(self, workspace: &Workspace) -> anyhow::Result<Up> {
        match self.server() {
            None => postgres::up(workspace),
            Some(server) => server::up(server, workspace.target()),
        }
    }

    fn down(self, workspace: &Workspace) -> anyhow::Result<Down> {
        match self.server() {
            None => postgres::down(workspace),
            Some(server) => server::down(server, workspace.target()),
        }
    }

    fn status(self, workspace: &Workspace) -> anyhow::Result<String> {
        match self.server() {
            None => postgres::status(workspace),
            Some(server) => server::status(server, workspace.target()),
        }
    }
}

impl Chosen {
    fn backends(&self) -> Vec<Backend> {
        let all = || Backend::value_variants().to_vec();
        let mut chosen = Vec::new();
        for backend in if self.names.is_empty() {
            all()
        } else {
            self.names.clone()
        } {
            if !chosen.contains(&backend) {
                chosen.push(backend);
            }
        }
        chosen
    }
}
