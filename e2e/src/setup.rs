//! How the binary is started: its arguments, its environment, its folder.
//!
//! The environment is empty but for what a story sets, and the current folder is the story's own, so that
//! nothing of the machine's (a `.env`, a variable) has a say.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use crate::node::Node;
use crate::paths;
use crate::person::{ADMIN, PASSWORD, email};
use crate::ports::free_address;

/// Everything about a start of the binary; may be started any number of times, also after changes.
#[derive(Clone)]
pub struct Setup {
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    folder: Arc<TempDir>,
    addresses: BTreeMap<&'static str, SocketAddr>,
    /// Whose address answers for the process.
    face: &'static str,
}

/// A run that came to its end by itself.
#[derive(Debug)]
pub struct Finished {
    /// Its status; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What it answered.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Setup {
    /// Any command line, in a fresh folder.
    ///
    /// # Panics
    /// When no folder can be made.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a story without a folder cannot go on")]
    pub fn command(arguments: &[&str]) -> Self {
        let folder = TempDir::with_prefix("stoa-e2e-").expect("a temporary folder");
        Self {
            arguments: arguments.iter().map(ToString::to_string).collect(),
            environment: BTreeMap::new(),
            folder: Arc::new(folder),
            addresses: BTreeMap::new(),
            face: "gateway",
        }
        // Objects are asked for at the address that is told: any port will do.
        .set("storage.s3_listen", "127.0.0.1:0")
    }

    /// `stoa up`, with the services' own ports open too.
    #[must_use]
    pub fn up() -> Self {
        let gateway = free_address();
        let mut setup = Self::command(&["up", "--data", "data", "--expose", "all"]);
        setup.arguments.push(format!("--listen={gateway}"));
        setup.addresses.insert("gateway", gateway);
        for name in [
            "auth",
            "users",
            "catalog",
            "cart",
            "orders",
            "payments",
            "subscriptions",
            "storage",
            "queues",
            "notifications",
            "analytics",
            "admin",
        ] {
            setup = setup.listen(name);
        }
        setup.quick()
    }

    /// `stoa run` with some services, the last of which says for all whether they are ready.
    #[must_use]
    pub fn run(services: &[&'static str]) -> Self {
        let mut setup = Self::command(&["run", "--services", &services.join(",")]);
        for service in services {
            setup.face = service;
            setup = setup.listen(service);
        }
        setup.listen("admin").set("runtime.lame_duck", "0s").quick()
    }

    /// Weak hashes, since many people sign up here, and no counting of their requests.
    fn quick(self) -> Self {
        self.set("auth.password.bcrypt_cost", "4")
            .set("gateway.rate_limit.enabled", "false")
    }

    fn listen(mut self, name: &'static str) -> Self {
        let address = free_address();
        self.addresses.insert(name, address);
        self.set(&format!("{name}.listen"), &address.to_string())
    }

    /// With a configuration key set, as its variable.
    #[must_use]
    pub fn set(self, key: &str, value: &str) -> Self {
        let name = format!("STOA__{}", key.replace('.', "__").to_uppercase());
        self.env(&name, value)
    }

    /// With a variable set.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// What a variable is set to.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str)
    }

    /// With a first admin.
    #[must_use]
    pub fn with_admin(self) -> Self {
        self.env("STOA_ADMIN_USERNAME", ADMIN)
            .env("STOA_ADMIN_EMAIL", &email(ADMIN))
            .env("STOA_ADMIN_PASSWORD", PASSWORD)
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// With a file in its folder.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a story without its file cannot go on")]
    pub fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder().join(name), text).expect("a file in the story's folder");
        self
    }

    /// Another command line for the same instance: in its folder and its environment.
    #[must_use]
    pub fn operate(&self, arguments: &[&str]) -> Self {
        let mut setup = self.clone();
        setup.arguments = arguments.iter().map(ToString::to_string).collect();
        setup
    }

    /// In the folder of another, as if started beside it.
    #[must_use]
    pub fn beside(mut self, other: &Self) -> Self {
        self.folder = other.folder.clone();
        self
    }

    /// The current folder of its runs; `data` in it is the data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// Where a listener was told to listen.
    ///
    /// # Panics
    /// When it was not told.
    pub fn address(&self, name: &str) -> SocketAddr {
        match self.addresses.get(name) {
            Some(address) => *address,
            None => panic!("`{name}` does not listen here"),
        }
    }

    /// Whether it listens here.
    pub fn hosts(&self, name: &str) -> bool {
        self.addresses.contains_key(name)
    }

    /// The services that listen here.
    pub fn services(&self) -> impl Iterator<Item = &'static str> {
        self.addresses.keys().copied().filter(|name| *name != "admin")
    }

    /// Whose readiness is the process's.
    pub const fn face(&self) -> &'static str {
        self.face
    }

    /// Starts it, and waits until it is ready.
    pub fn start(&self) -> Node {
        let node = self.launch();
        node.wait_ready();
        node
    }

    /// Starts it, and does not wait.
    pub fn launch(&self) -> Node {
        Node::spawn(self.clone())
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it does not end.
    pub fn finish(&self) -> Finished {
        let mut node = self.launch();
        let status = node.wait();
        Finished {
            code: status.code(),
            stdout: node.stdout(),
            stderr: node.log(),
        }
    }

    /// The command as it is to be run, its answers and its talk in these files.
    pub(crate) fn process(&self, stdout: File, stderr: File) -> Command {
        let mut command = Command::new(paths::stoa());
        command
            .args(&self.arguments)
            .current_dir(self.folder())
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr);
        command
    }
}
