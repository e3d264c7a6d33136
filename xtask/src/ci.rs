//! `cargo xtask ci`: everything CI does. CI itself runs this and nothing else, so whoever passes here passes
//! there.
//!
//! Cheap steps come first. The release build comes before the tests because end-to-end tests start
//! `<target>/release/stoa`. Servers that a run started are stopped when it ends, well or not; those it found
//! running are left.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::backends::{self, Backend, Up};
use crate::workspace::Workspace;
use crate::{contracts, cost, deny, generate, python, shell, testing, tidy, vectors};

/// What the tests need today.
const SERVERS: &[Backend] = &[
    Backend::Postgres,
    Backend::Redis,
    Backend::RabbitMq,
    Backend::Kafka,
    Backend::MinIo,
];

/// The README's first command, which builds the binary; here it only says its version.
const RUN: &[&str] = &["run", "--release", "--quiet", "--", "--version"];

/// Runs the steps, stopping at the first failure.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let mut run = Run {
        workspace,
        begin: Instant::now(),
        done: Vec::new(),
        started: Vec::new(),
    };
    let checked = run.steps();
    let stopped = run.stop_servers();
    run.print_timings();
    checked.and(stopped)
}

struct Run<'a> {
    workspace: &'a Workspace,
    begin: Instant,
    done: Vec<(&'static str, Duration)>,
    started: Vec<Backend>,
}

impl Run<'_> {
    fn steps(&mut self) -> anyhow::Result<()> {
        let workspace = self.workspace;
        self.cargo("format", &["fmt", "--all", "--check"])?;
        self.step("tidy", || tidy::run(workspace))?;
        self.cargo(
            "lints",
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ],
        )?;
        self.cargo(
            "without brokers",
            &["check", "-p", "stoa", "--no-default-features", "--quiet"],
        )?;
        self.step("dependencies", || deny::run(workspace))?;
        self.cargo("release build", RUN)?;
        self.step("generated files", || {
            generate::run(&generate::Args::check_with(workspace.release_binary()), workspace)
        })?;
        self.step("python", || python::run(workspace))?;
        self.start_servers()?;
        self.step("tests", || testing::run(workspace))?;
        self.step("test vectors", || {
            vectors::run(&vectors::Args::default(), workspace)
        })?;
        self.step("contracts", || {
            contracts::run(&contracts::Args::default(), workspace)
        })?;
        self.step("cost of a request", || cost::run(workspace))
    }

    fn cargo(&mut self, name: &'static str, args: &[&str]) -> anyhow::Result<()> {
        let workspace = self.workspace;
        self.step(name, || shell::run(&mut workspace.cargo(args)))
    }

    fn step<T>(&mut self, name: &'static str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        eprintln!("\n=== {name}");
        let begin = Instant::now();
        let result = work().with_context(|| format!("step `{name}` failed"));
        self.done.push((name, begin.elapsed()));
        result
    }

    fn start_servers(&mut self) -> anyhow::Result<()> {
        let workspace = self.workspace;
        let mut started = Vec::new();
        let all_up = self.step("servers for tests", || {
            let results = backends::up(SERVERS, workspace);
            let ours = results.iter().filter(|(_, up)| matches!(up, Ok(Up::Started)));
            started.extend(ours.map(|(backend, _)| *backend));
            backends::all_well(results)
        });
        self.started = started;
        all_up
    }

    fn stop_servers(&self) -> anyhow::Result<()> {
        backends::down(&self.started, self.workspace)
    }

    fn print_timings(&self) {
        eprintln!();
        for (name, took) in &self.done {
            eprintln!("{:>8.1} s  {name}", took.as_secs_f64());
        }
        eprintln!("{:>8.1} s  together", self.begin.elapsed().as_secs_f64());
    }
}
