//! `cargo xtask backends`: the servers that tests need, on private ports, so that a machine's own servers
//! stay untouched.
//!
//! A back end publishes how to reach it in `<target>/backends/<name>/url`, and tests read exactly that
//! file. `up` may be called at any time and any number of times: what answers is adopted, what is stale is
//! mended, what is missing is installed from Debian's packages and started. `down` stops only what `up`
//! started.
//!
//! One file a back end; this one only chooses among them.

pub(crate) mod account;
mod place;
mod ports;
mod postgres;

use clap::{Subcommand, ValueEnum};

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
        Action::Up(chosen) => {
            for backend in chosen.backends() {
                up(backend, workspace)?;
            }
        }
        Action::Down(chosen) => {
            for backend in chosen.backends() {
                down(backend, workspace)?;
            }
        }
        Action::Status(chosen) => {
            for backend in chosen.backends() {
                println!("{}\t{}", backend.name(), backend.status(workspace)?);
            }
        }
    }
    Ok(())
}

/// Makes the back end answer.
pub(crate) fn up(backend: Backend, workspace: &Workspace) -> anyhow::Result<Up> {
    let up = match backend {
        Backend::Postgres => postgres::up(workspace)?,
    };
    let how = match up {
        Up::Adopted => "is up already",
        Up::Started => "started",
    };
    eprintln!("{}: {how}: {}", backend.name(), backend.status(workspace)?);
    Ok(up)
}

/// Stops the back end if [`up`] started it, now or in an earlier run.
pub(crate) fn down(backend: Backend, workspace: &Workspace) -> anyhow::Result<()> {
    let down = match backend {
        Backend::Postgres => postgres::down(workspace)?,
    };
    let what = match down {
        Down::Stopped => "stopped",
        Down::NotRunning => "is not running",
        Down::LeftAlone => "was not started by `cargo xtask backends up`; left alone",
    };
    eprintln!("{}: {what}", backend.name());
    Ok(())
}

impl Backend {
    /// All there are.
    pub(crate) fn all() -> &'static [Self] {
        Self::value_variants()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Postgres => postgres::NAME,
        }
    }

    fn status(self, workspace: &Workspace) -> anyhow::Result<String> {
        match self {
            Self::Postgres => postgres::status(workspace),
        }
    }
}

impl Chosen {
    fn backends(&self) -> Vec<Backend> {
        if self.names.is_empty() {
            Backend::all().to_vec()
        } else {
            self.names.clone()
        }
    }
}
