//! A server that is started from its [`Launch`]: what is the same for all of them.
//!
//! Every start has a fresh folder, a fresh password and fresh data, so a half-made or damaged state needs no
//! repair. Whose server it is: `<target>/backends/<name>/started` has a line for each process that `up`
//! started, and `down` stops those only. `url` is written last: whoever finds it finds a server that
//! answers, or one that died since. A server somebody else started is adopted when `url` reaches it.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::backends::account::Account;
use crate::backends::folders::{self, BackendFolders};
use crate::backends::launch::{Instance, Launch, Program};
use crate::backends::process::Process;
use crate::backends::url::Url;
use crate::backends::{Down, Up, wire};
use crate::shell;

/// Long enough for a machine that is busy compiling.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long a server that runs and did not answer at once is given before it is replaced.
const SECOND_CHANCE: Duration = Duration::from_secs(15);

/// What tells one server from another.
pub(super) trait Server: Sync {
    /// Its name on the command line, and of its folder.
    fn name(&self) -> &'static str;
    /// Who runs it.
    fn account(&self) -> anyhow::Result<Account>;
    /// How to start it, where its parts are installed.
    fn find(&self) -> anyhow::Result<Option<Launch>>;
    /// Installs its parts.
    fn install(&self) -> anyhow::Result<()>;
    /// Asks it something that only a server that works answers, with the password.
    fn ask(&self, published: &Published) -> anyhow::Result<()>;
}

/// What tests read: contents by file name.
pub(super) struct Published(BTreeMap<&'static str, String>);

impl Published {
    /// The address that the file holds.
    pub(super) fn url(&self, file: &str) -> anyhow::Result<Url> {
        let content = self.0.get(file).with_context(|| format!("no `{file}`"))?;
        content.parse().with_context(|| format!("`{file}`"))
    }
}

/// Makes a server answer at the published address.
pub(super) fn up(server: &dyn Server, target: &Path) -> anyhow::Result<Up> {
    let launch = if let Some(launch) = server.find()? {
        launch
    } else {
        server.install()?;
        server
            .find()?
            .with_context(|| format!("`{}` was installed, but is not found", server.name()))?
    };
    let site = Site::new(server, target)?;
    let _lock = site.folders.lock()?;
    let description = format!("{:#}\n", launch.to_json());
    folders::write_private(&site.folders.published("launch"), &description)?;
    let published = site.published(&launch);
    if published.as_ref().is_some_and(|known| server.ask(known).is_ok()) {
        return Ok(Up::Adopted);
    }
    let alive = site.alive();
    if alive.len() == launch.programs.len()
        && let Some(known) = published
        && site.wait_until_it_answers(&known, &alive, SECOND_CHANCE).is_ok()
    {
        return Ok(Up::Adopted);
    }
    stop(&alive)?;
    site.forget(&launch)?;
    site.start(&launch)?;
    Ok(Up::Started)
}

/// Stops the server that [`up`] started.
pub(super) fn down(server: &dyn Server, target: &Path) -> anyhow::Result<Down> {
    let launch = server.find()?.unwrap_or_default();
    let site = Site::new(server, target)?;
    let _lock = site.folders.lock()?;
    let alive = site.alive();
    if alive.is_empty()
        && let Some(known) = site.published(&launch)
        && server.ask(&known).is_ok()
    {
        return Ok(Down::LeftAlone);
    }
    stop(&alive)?;
    site.forget(&launch)?;
    site.remove_folder()?;
    Ok(if alive.is_empty() {
        Down::NotRunning
    } else {
        Down::Stopped
    })
}

/// Where it answers, in one line without the password.
pub(super) fn status(server: &dyn Server, target: &Path) -> anyhow::Result<String> {
    let Some(launch) = server.find()? else {
        return Ok("not installed".to_owned());
    };
    let site = Site::new(server, target)?;
    let Some(published) = site.published(&launch) else {
        return Ok("down".to_owned());
    };
    let url = published.url("url")?;
    let file = site.folders.url();
    Ok(match server.ask(&published) {
        Ok(()) => format!("up on {}:{}, url in `{}`", url.host, url.port, file.display()),
        Err(error) => format!(
            "down, though `{}` names {}:{} ({error:#})",
            file.display(),
            url.host,
            url.port
        ),
    })
}

/// The last started goes first.
fn stop(processes: &[Process]) -> anyhow::Result<()> {
    processes.iter().rev().try_for_each(Process::stop)
}

/// A server's place of this workspace.
struct Site<'a> {
    server: &'a dyn Server,
    folders: BackendFolders,
}

impl<'a> Site<'a> {
    fn new(server: &'a dyn Server, target: &Path) -> anyhow::Result<Self> {
        let folders = BackendFolders::of(server.name(), target, server.account()?)?;
        Ok(Self { server, folders })
    }

    /// The server's own folder, beside what is ours: it may belong to another account.
    fn folder(&self) -> PathBuf {
        self.folders.state("server")
    }

    fn log(&self) -> PathBuf {
        self.folders.published("log")
    }

    fn started_file(&self) -> PathBuf {
        self.folders.published("started")
    }

    /// What the files say, when all are there.
    fn published(&self, launch: &Launch) -> Option<Published> {
        let read = |name| fs::read_to_string(self.folders.published(name)).ok();
        let files = launch.published.iter();
        let files: Option<BTreeMap<_, _>> = files.map(|(name, _)| Some((*name, read(name)?))).collect();
        files.filter(|files| !files.is_empty()).map(Published)
    }

    /// Those of the processes that an earlier `up` started which still run.
    fn alive(&self) -> Vec<Process> {
        let started = fs::read_to_string(self.started_file()).unwrap_or_default();
        let processes = started.lines().filter_map(|line| line.parse::<Process>().ok());
        processes.filter(Process::is_alive).collect()
    }

    fn start(&self, launch: &Launch) -> anyhow::Result<()> {
        let folder = self.folder();
        self.remove_folder()?;
        folders::remove(&self.log())?;
        DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
        let instance = Instance::new(launch, &folder)?;
        for (name, content) in &launch.files {
            folders::write_private(&folder.join(name), &instance.fill(content))?;
        }
        for command in &launch.setup {
            let command = instance.fill_all(command);
            shell::output(Command::new(&command[0]).args(&command[1..]).current_dir(&folder))?;
        }
        let mut processes = Vec::new();
        let published = self
            .start_programs(launch, &instance, &mut processes)
            .with_context(|| format!("the server does not start; it said:\n{}", self.last_words()))
            .inspect_err(|_| {
                // The first error is the one to tell; `down` stops what this leaves.
                let _ = stop(&processes);
            })?;
        for (name, content) in published.0.iter().filter(|(name, _)| **name != "url") {
            folders::write_private(&self.folders.published(name), content)?;
        }
        folders::write_private(&self.folders.url(), &published.0["url"])
    }

    fn start_programs(
        &self,
        launch: &Launch,
        instance: &Instance,
        processes: &mut Vec<Process>,
    ) -> anyhow::Result<Published> {
        for program in &launch.programs {
            let Program { command, env, port } = program;
            let env: Vec<_> = env
                .iter()
                .map(|(name, value)| (*name, instance.fill(value)))
                .collect();
            let command = instance.fill_all(command);
            processes.push(Process::start(&command, &env, &self.folder(), &self.log())?);
            let lines: Vec<_> = processes.iter().map(Process::to_string).collect();
            folders::write_private(&self.started_file(), &format!("{}\n", lines.join("\n")))?;
            let port = instance.port(port).context("a program has no port")?;
            wait_for(processes, PATIENCE, || wire::connect("127.0.0.1", port).map(drop))?;
        }
        let files = launch.published.iter();
        let published = Published(
            files
                .map(|(name, content)| (*name, instance.fill(content)))
                .collect(),
        );
        self.wait_until_it_answers(&published, processes, PATIENCE)?;
        Ok(published)
    }

    fn wait_until_it_answers(
        &self,
        published: &Published,
        processes: &[Process],
        patience: Duration,
    ) -> anyhow::Result<()> {
        wait_for(processes, patience, || self.server.ask(published))
    }

    /// Removes what says that a server is there.
    fn forget(&self, launch: &Launch) -> anyhow::Result<()> {
        folders::remove(&self.folders.url())?;
        for (name, _) in &launch.published {
            folders::remove(&self.folders.published(name))?;
        }
        folders::remove(&self.started_file())
    }

    fn remove_folder(&self) -> anyhow::Result<()> {
        let folder = self.folder();
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove `{}`", folder.display()))?;
        }
        Ok(())
    }

    fn last_words(&self) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

/// Tries until it goes well; gives up when one of the processes has ended.
fn wait_for(
    processes: &[Process],
    patience: Duration,
    attempt: impl Fn() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let begin = Instant::now();
    while let Err(error) = attempt() {
        if !processes.iter().all(Process::is_alive) {
            bail!("it ended");
        }
        if begin.elapsed() > patience {
            return Err(error.context(format!("no good answer within {} s", patience.as_secs())));
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
