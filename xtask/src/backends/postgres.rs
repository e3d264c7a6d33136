//! PostgreSQL for tests.
//!
//! Every start has a fresh data folder and a fresh password: making one takes a second, leaves nothing of
//! killed test runs behind, and means that a half-made or damaged folder needs no repair. `fsync` and
//! `synchronous_commit` stay on, since durability is what is tested.
//!
//! Whose server it is: `<target>/backends/postgres/started` holds the process id of the server that `up`
//! started; `down` stops that one only. A server somebody else started is adopted when the `url` file
//! reaches it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::backends::account::Account;
use crate::backends::folders::{self, BackendFolders, remove};
use crate::backends::url::{USER, Url};
use crate::backends::{Down, Up, ports};
use crate::debian;
use crate::shell;
use crate::workspace::Workspace;

pub(super) const NAME: &str = "postgres";

/// Far from 5432, where a machine's own server listens.
const PORT: u16 = 15432;

/// Long enough for a machine that is busy compiling.
const PATIENCE: Duration = Duration::from_mins(1);

/// Makes a server answer at the published address.
pub(super) fn up(workspace: &Workspace) -> anyhow::Result<Up> {
    let programs = if let Some(programs) = find_programs() {
        programs
    } else {
        debian::install("postgresql")?;
        find_programs().context("`postgresql` was installed, but there is no `initdb`")?
    };
    let server = Server::new(workspace, programs)?;
    let _lock = server.folders.lock()?;
    if server.published().is_some_and(|url| server.answers(&url)) {
        return Ok(Up::Adopted);
    }
    if let Some(pid) = server.running() {
        // It may be starting, or recovering from a crash.
        if let Some(url) = server.published()
            && server.wait_for(&url).is_ok()
        {
            return Ok(Up::Adopted);
        }
        if server.started() != Some(pid) {
            bail!(
                "a server of process {pid} runs in `{}`, was not started by this command, and `{}` does not \
                 reach it; stop it",
                server.data().display(),
                server.folders.url().display()
            );
        }
        server.stop()?;
    }
    server.start()?;
    Ok(Up::Started)
}

/// Stops the server that [`up`] started.
pub(super) fn down(workspace: &Workspace) -> anyhow::Result<Down> {
    let Some(programs) = find_programs() else {
        return Ok(Down::NotRunning);
    };
    let server = Server::new(workspace, programs)?;
    let _lock = server.folders.lock()?;
    let running = server.running();
    if running.is_some() && running == server.started() {
        server.stop()?;
        return Ok(Down::Stopped);
    }
    if running.is_some() || server.published().is_some_and(|url| server.answers(&url)) {
        return Ok(Down::LeftAlone);
    }
    server.forget()?;
    Ok(Down::NotRunning)
}

/// Where it answers, in one line without the password.
pub(super) fn status(workspace: &Workspace) -> anyhow::Result<String> {
    let Some(programs) = find_programs() else {
        return Ok("not installed".to_owned());
    };
    let server = Server::new(workspace, programs)?;
    let Some(url) = server.published() else {
        return Ok("down".to_owned());
    };
    let file = server.folders.url();
    Ok(if server.answers(&url) {
        format!("up on {}:{}, url in `{}`", url.host, url.port, file.display())
    } else {
        format!(
            "down, though `{}` names {}:{}",
            file.display(),
            url.host,
            url.port
        )
    })
}

/// The folder of the server's programs: Debian's newest, or what `pg_config` names elsewhere.
fn find_programs() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = debian
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse::<u32>().ok()?,
                entry.path().join("bin"),
            ))
        })
        .filter(|(_, programs)| programs.join("initdb").exists())
        .max_by_key(|(version, _)| *version)
        .map(|(_, programs)| programs);
    newest.or_else(|| {
        let said = shell::output(Command::new("pg_config").arg("--bindir")).ok()?;
        let programs = PathBuf::from(said.trim());
        programs.join("initdb").exists().then_some(programs)
    })
}

/// The server of this workspace, running or not.
#[derive(Debug)]
struct Server {
    account: Account,
    folders: BackendFolders,
    programs: PathBuf,
}

impl Server {
    fn new(workspace: &Workspace, programs: PathBuf) -> anyhow::Result<Self> {
        let account = Account::for_server("postgres")?;
        let folders = BackendFolders::of(NAME, workspace.target(), account)?;
        Ok(Self {
            account,
            folders,
            programs,
        })
    }

    fn data(&self) -> PathBuf {
        self.folders.state("data")
    }

    fn log(&self) -> PathBuf {
        self.data().join("server.log")
    }

    fn started_file(&self) -> PathBuf {
        self.folders.published("started")
    }

    fn command(&self, program: &str) -> Command {
        self.account
            .command(self.programs.join(program), self.folders.state_folder())
    }

    /// What the `url` file says, when it is there and can be read.
    fn published(&self) -> Option<Url> {
        fs::read_to_string(self.folders.url()).ok()?.trim().parse().ok()
    }

    /// Whether a query over TCP with the password is answered.
    fn answers(&self, url: &Url) -> bool {
        Command::new(self.programs.join("psql"))
            .args([
                "--no-psqlrc",
                "--no-password",
                "-tA",
                "-h",
                &url.host,
                "-U",
                &url.user,
            ])
            .args(["-p", &url.port.to_string(), "-d", &url.path, "-c", "select 1"])
            .env("PGPASSWORD", &url.password)
            .env("PGCONNECT_TIMEOUT", "5")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .is_ok_and(|answer| answer.status.success() && answer.stdout == b"1\n")
    }

    fn wait_for(&self, url: &Url) -> anyhow::Result<()> {
        let begin = Instant::now();
        while !self.answers(url) {
            if begin.elapsed() > PATIENCE {
                bail!(
                    "no answer within {} s; it said:\n{}",
                    PATIENCE.as_secs(),
                    self.last_words()
                );
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// The process that runs in our data folder. The server's current folder is its data folder, so a
    /// process id that meanwhile belongs to another program is not mistaken for it.
    fn running(&self) -> Option<u32> {
        let pid = first_number(&self.data().join("postmaster.pid"))?;
        let folder = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
        (Some(folder) == fs::canonicalize(self.data()).ok()).then_some(pid)
    }

    /// The process that an earlier `up` started.
    fn started(&self) -> Option<u32> {
        first_number(&self.started_file())
    }

    fn start(&self) -> anyhow::Result<()> {
        self.forget()?;
        let password = folders::random_password()?;
        self.make_data(&password)?;
        let port = ports::free_from(PORT)?;
        let settings = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=600 \
             -c fsync=on -c synchronous_commit=on"
        );
        let patience = PATIENCE.as_secs().to_string();
        shell::output(
            self.command("pg_ctl")
                .args(["start", "-s", "-w", "-t", &patience, "-o", &settings, "-D"])
                .arg(self.data())
                .arg("-l")
                .arg(self.log()),
        )
        .with_context(|| format!("the server does not start; it said:\n{}", self.last_words()))?;
        let pid = self.running().context("the server started and is gone again")?;
        folders::write_private(&self.started_file(), &pid.to_string())?;
        let url = Url {
            scheme: "postgres".to_owned(),
            user: USER.to_owned(),
            password,
            host: "127.0.0.1".to_owned(),
            port,
            path: "postgres".to_owned(),
        };
        self.wait_for(&url)?;
        // Last: whoever finds the file finds a server that answers.
        folders::write_private(&self.folders.url(), &url.to_string())
    }

    /// A fresh data folder of the server's account.
    fn make_data(&self, password: &str) -> anyhow::Result<()> {
        let data = self.data();
        self.remove_data()?;
        fs::create_dir(&data).with_context(|| format!("cannot make `{}`", data.display()))?;
        self.account.own(&data)?;
        let password_file = self.folders.state("password");
        folders::write_private(&password_file, password)?;
        self.account.own(&password_file)?;
        let made = shell::output(
            self.command("initdb")
                .args([
                    "-U",
                    USER,
                    "--auth=scram-sha-256",
                    "-E",
                    "UTF8",
                    "--locale=C.UTF-8",
                ])
                // Power loss while it is made costs one more `up`; what tests write later is synced.
                .args(["--no-instructions", "--no-sync", "--pwfile"])
                .arg(&password_file)
                .arg("-D")
                .arg(&data),
        );
        remove(&password_file)?;
        made.map(drop)
    }

    fn stop(&self) -> anyhow::Result<()> {
        let patience = PATIENCE.as_secs().to_string();
        shell::output(
            self.command("pg_ctl")
                .args(["stop", "-s", "-w", "-m", "fast", "-t", &patience, "-D"])
                .arg(self.data()),
        )?;
        self.remove_data()?;
        self.forget()
    }

    fn remove_data(&self) -> anyhow::Result<()> {
        let data = self.data();
        if data.exists() {
            fs::remove_dir_all(&data).with_context(|| format!("cannot remove `{}`", data.display()))?;
        }
        Ok(())
    }

    /// Removes what says that a server is there.
    fn forget(&self) -> anyhow::Result<()> {
        remove(&self.folders.url())?;
        remove(&self.started_file())
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

fn first_number(file: &Path) -> Option<u32> {
    fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()
}
