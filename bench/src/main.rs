//! `cargo run --release -p bench`: what Stoa as it is shipped costs, beside its peers, on this machine.
//!
//! One run measures everything in turn and prints ratios first: absolute figures differ by machine and by what
//! else runs on it. Instructions and system calls a request do not, so [`gate`] holds those to
//! `bench/limits.toml`. It starts `<target>/dist/stoa` (the gate: `<target>/release/stoa`) and builds nothing: what is
//! measured is what was built, and a missing binary is an error. All load goes to the loopback address, bounded in time
//! and count.
//!
//! stdout is data (the table), stderr is talk.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program talks on its standard streams"
)]

mod absence;
mod bare;
mod browsing;
mod call;
mod count;
mod database;
mod effort;
mod ending;
mod events;
mod folders;
mod gate;
mod load;
mod login;
mod machine;
mod objects;
mod peers;
mod pgbench;
mod program;
mod proxy;
mod redis;
mod refresh;
mod report;
mod samples;
mod scene;
mod selling;
mod start;
mod transactions;
mod verify;
mod writes;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Parser, ValueEnum};

use crate::effort::Effort;
use crate::folders::Folders;
use crate::report::Report;

/// Measures Stoa as it is shipped (profile `dist`) beside its peers.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Cli {
    /// What to measure.
    #[arg(value_enum, default_value = "all")]
    what: Vec<What>,
    /// Shorter and fewer runs, to see that everything works; the figures are worth little.
    #[arg(long)]
    quick: bool,
    /// Also writes the figures to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Everything below but the gate.
    All,
    /// From start to ready.
    Start,
    /// Idle memory, and the size of the binary.
    Memory,
    /// Sign-ins beside bare password hashes, and what they do to other requests.
    Login,
    /// Verifying access tokens.
    Verify,
    /// Sessions that go on, by algorithm of their tokens, on both databases.
    Refresh,
    /// A GET hosted in process and through the gateway, beside nginx and `HAProxy`.
    Proxy,
    /// Durable writes on both databases.
    Writes,
    /// Durable transactions of users on both databases.
    Transactions,
    /// Pages of products through the gateway, with what is kept in memory and without.
    Browsing,
    /// Orders until they can be paid, on both databases, and what is put into carts.
    Selling,
    /// Objects that clients of S3 put and get, beside MinIO.
    Objects,
    /// Events of one service that have an effect in another, on both databases.
    Events,
    /// How long an access token is accepted after its session was ended.
    Ending,
    /// What it costs that Redis is silent, or gone.
    Absence,
    /// Instructions and system calls a request against `bench/limits.toml`; fails when one is exceeded.
    Gate,
}

/// The profile of what is shipped.
const SHIPPED: &str = "dist";

/// The profile of what the gate counts: the binary that CI has.
const GATED: &str = "release";

type Part = fn(&Folders, &Effort, &mut Report) -> anyhow::Result<()>;

const PARTS: [(What, Part); 14] = [
    (What::Start, start::start),
    (What::Memory, start::memory),
    (What::Login, login::run),
    (What::Verify, verify::run),
    (What::Refresh, refresh::run),
    (What::Proxy, proxy::run),
    (What::Writes, writes::run),
    (What::Transactions, transactions::run),
    (What::Browsing, browsing::run),
    (What::Selling, selling::run),
    (What::Objects, objects::run),
    (What::Events, events::run),
    (What::Ending, ending::run),
    (What::Absence, absence::run),
];

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        bail!("a debug build measures nothing; use `cargo run --release -p bench`");
    }
    let is_gate = cli.what.contains(&What::Gate);
    let folders = Folders::find(if is_gate { GATED } else { SHIPPED })?;
    folders.stoa()?;
    let mut report = Report::new(machine::Machine::look()?);
    let outcome = measure(cli, &folders, &mut report);
    print!("{}", report.table());
    if let Some(file) = &cli.json {
        let json = serde_json::to_string_pretty(&report)?;
        std::fs::write(file, json + "\n").with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    outcome
}

fn measure(cli: &Cli, folders: &Folders, report: &mut Report) -> anyhow::Result<()> {
    let effort = if cli.quick { Effort::QUICK } else { Effort::FULL };
    if cli.what.contains(&What::Gate) {
        return gate::run(folders, report);
    }
    for (what, part) in PARTS {
        if cli.what.contains(&What::All) || cli.what.contains(&what) {
            eprintln!("=== {what:?}");
            part(folders, &effort, report).with_context(|| format!("`{what:?}` cannot be measured"))?;
        }
    }
    Ok(())
}
