//! One small GET, `/users/{id}`, on every way to it: hosted in process, through the gateway over HTTP, through
//! bare nginx and `HAProxy`, and straight to users.
//!
//! Whatever stands before users has a core to itself; users and the load share the others. Then the rate is
//! bounded by whichever side is slower, so CPU time a request tells more than requests a second, and
//! instructions and system calls tell most, since neighbours do not change them. Those are counted on one
//! connection, where every request wakes the process: the dearest case, and the same every time.

mod rows;

use std::path::{Path, PathBuf};

use crate::count::{Instructions, instructions, system_calls};
use crate::effort::Effort;
use crate::folders::Folders;
use crate::load::Load;
use crate::machine::{Cores, pin};
use crate::peers::PEERS;
use crate::program::{Program, Running, Under};
use crate::report::Report;
use crate::samples::percentile;
use crate::scene::{Embedded, Hashing, Split, embedded, make_user};

/// Connections of the load that measures rates.
const CONNECTIONS: u64 = 16;

pub(crate) const GATEWAY: &str = "gateway";
pub(crate) const HOSTED: &str = "hosted";
pub(crate) const HOSTED_PLAIN: &str = "hosted-plain";
const DIRECT: &str = "direct";

/// A way to the answer.
struct Subject {
    name: &'static str,
    /// None where nothing stands before users.
    program: Option<Program>,
    load: Load,
}

/// What one way costs, over all repeats.
#[derive(Debug, Default)]
struct Timed {
    rates: Vec<f64>,
    /// Of whatever stands before users, and of users behind it, in microseconds a request.
    own: Vec<f64>,
    behind: Vec<f64>,
    /// On one connection, in microseconds.
    medians: Vec<f64>,
}

/// What does not depend on time.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) name: &'static str,
    pub(crate) instructions: Instructions,
    pub(crate) system_calls: f64,
    pub(crate) calls: String,
}

impl Counted {
    /// What a reader of the two figures has to know.
    pub(crate) fn detail(&self) -> String {
        let digest = self.instructions.digest;
        let hashing = if digest > 0.0 {
            format!(
                "; {digest:.0} of the instructions are SHA-256, for which the processor that callgrind plays has no instructions"
            )
        } else {
            String::new()
        };
        format!("{}: {}{hashing}", rows::title(self.name), self.calls)
    }
}

/// Everything that runs while one thing is measured.
struct Stage {
    split: Split,
    subjects: Vec<Subject>,
    folder: PathBuf,
}

/// Measures.
pub(crate) fn run(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    pin(Cores::Others)?;
    let measured = measure(folders, effort, report);
    pin(Cores::All)?;
    measured
}

/// Counts Stoa's own instructions and system calls only, for the gate.
pub(crate) fn count_own(folders: &Folders, effort: &Effort) -> anyhow::Result<Vec<Counted>> {
    pin(Cores::Others)?;
    let mut stage = Stage::set(folders)?;
    stage
        .subjects
        .retain(|subject| [GATEWAY, HOSTED, HOSTED_PLAIN].contains(&subject.name));
    stage.count(effort)
}

fn measure(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let mut stage = Stage::set(folders)?;
    for (name, package, peer) in PEERS {
        match peer(&stage.folder, stage.split.users.address)? {
            Some((program, address)) => {
                let load = Load {
                    address,
                    ..stage.load_of(DIRECT)
                };
                stage.subjects.push(Subject {
                    name,
                    program: Some(program),
                    load,
                });
            }
            None => report.note(format!(
                "`{name}` is not installed (Debian's `{package}`), so it is not compared with"
            )),
        }
    }
    let timed = stage.time(effort)?;
    rows::report_times(&timed, report);
    rows::report_counts(&stage.count(effort)?, report);
    report.note(
        "proxy: `direct` goes straight to users' own port; instructions are those of user space, on one \
         connection; Stoa and its peers write a line to a log file for each request",
    );
    Ok(())
}

impl Stage {
    /// Prepares the split and the embedded Stoa, each with a user, and stops what is measured again.
    fn set(folders: &Folders) -> anyhow::Result<Self> {
        let folder = folders.fresh("proxy")?;
        let split = Split::new(folders, &folder)?;
        let Embedded { mut program, gateway } = embedded(folders, &folder, Hashing::Cheap)?;
        program.cores = Cores::Measured;
        let process = program.start(Under::Nothing)?;
        let hosted_user = make_user(gateway, "ada")?;
        drop(process);
        let processes = split.start()?;
        let user = make_user(split.gateway.address, "ada")?;
        drop(processes);
        let subject = |name, program: Option<&Program>, load| Subject {
            name,
            program: program.cloned(),
            load,
        };
        let subjects = vec![
            subject(DIRECT, None, user.profile_load(split.users.address, "")),
            subject(
                GATEWAY,
                Some(&split.gateway.program),
                user.profile_load(split.gateway.address, "/api"),
            ),
            subject(HOSTED, Some(&program), hosted_user.profile_load(gateway, "/api")),
            subject(
                HOSTED_PLAIN,
                Some(&program),
                hosted_user.load(gateway, "/.well-known/jwks.json"),
            ),
        ];
        Ok(Self {
            split,
            subjects,
            folder,
        })
    }

    fn load_of(&self, name: &str) -> Load {
        let mut subjects = self.subjects.iter();
        let found = subjects.find(|subject| subject.name == name);
        found.map_or_else(|| self.subjects[0].load.clone(), |subject| subject.load.clone())
    }

    /// Rates, CPU time and latency, all subjects in turn in each round.
    fn time(&self, effort: &Effort) -> anyhow::Result<Vec<(&'static str, Timed)>> {
        let upstreams = self.split.start_upstreams()?;
        let mut timed: Vec<_> = self
            .subjects
            .iter()
            .map(|subject| (subject.name, Timed::default()))
            .collect();
        for _ in 0..effort.repeats {
            for (subject, (_, timed)) in self.subjects.iter().zip(&mut timed) {
                let process = subject.start()?;
                match &process {
                    Some(process) => process.settle()?,
                    None => upstreams.users.move_to(Cores::Measured)?,
                }
                timed.add(&subject.load, process.as_ref(), &upstreams.users, effort)?;
                upstreams.users.move_to(Cores::Others)?;
            }
        }
        Ok(timed)
    }

    /// Instructions and system calls.
    fn count(&self, effort: &Effort) -> anyhow::Result<Vec<Counted>> {
        let upstreams = self.split.start_upstreams()?;
        upstreams.users.settle()?;
        let measured = self.subjects.iter().filter_map(|subject| {
            let program = subject.program.as_ref()?;
            Some(subject.count(program, effort, &self.folder))
        });
        measured.collect()
    }
}

impl Subject {
    fn start(&self) -> anyhow::Result<Option<Running>> {
        let start = |program: &Program| program.start(Under::Nothing);
        self.program.as_ref().map(start).transpose()
    }

    fn count(&self, program: &Program, effort: &Effort, folder: &Path) -> anyhow::Result<Counted> {
        let process = program.start(Under::Nothing)?;
        process.settle()?;
        let calls = system_calls(&process, &self.load, effort.traced, folder)?;
        drop(process);
        let named = Program {
            name: self.name,
            ..program.clone()
        };
        Ok(Counted {
            name: self.name,
            instructions: instructions(&named, &self.load, effort.instructed, folder)?,
            system_calls: calls.total,
            calls: calls.shown(),
        })
    }
}

impl Timed {
    fn add(
        &mut self,
        load: &Load,
        own: Option<&Running>,
        users: &Running,
        effort: &Effort,
    ) -> anyhow::Result<()> {
        let cpu = || {
            let own = own.map_or(Ok(0.0), Running::cpu_seconds)?;
            anyhow::Ok((own, users.cpu_seconds()?))
        };
        load.on(CONNECTIONS).for_span(effort.warm_up)?;
        let before = cpu()?;
        let outcome = load.on(CONNECTIONS).for_span(effort.span)?;
        let after = cpu()?;
        let requests = outcome.rate() * outcome.seconds;
        self.rates.push(outcome.rate());
        self.own.push((after.0 - before.0) * 1e6 / requests);
        self.behind.push((after.1 - before.1) * 1e6 / requests);
        let alone = load.for_span(effort.span / 2)?;
        self.medians.push(percentile(&alone.latencies, 0.5));
        Ok(())
    }
}
