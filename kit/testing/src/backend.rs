//! What `cargo xtask backends up` left, in `<target>/backends/<server>/`: where the servers are that everybody
//! shares, and how to start one of a test's own.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A file that was left of a server, such as its `url`.
///
/// # Panics
/// When there is none.
#[expect(clippy::panic, reason = "a test without a server fails, and says what to do")]
#[must_use]
pub fn backend(server: &str, file: &str) -> String {
    let file = target_folder().join("backends").join(server).join(file);
    match std::fs::read_to_string(&file) {
        Ok(text) => text.trim().to_owned(),
        Err(error) => panic!(
            "no {server} for tests: run `cargo xtask backends up` (`{}`: {error})",
            file.display()
        ),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells where its folder is by the environment alone"
)]
fn target_folder() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    // An absolute folder replaces what it is joined to.
    workspace.join(folder)
}

/// How a server is described that was left.
#[expect(clippy::expect_used, reason = "a test without its server cannot go on")]
fn description(server: &str) -> Value {
    serde_json::from_str(&backend(server, "launch")).expect("JSON")
}

/// A server of a test's own that does not run yet: its files in a folder, and its programs in the order of their
/// start.
#[derive(Debug)]
pub struct Launch {
    description: Value,
    filling: BTreeMap<String, String>,
    folder: TempDir,
}

#[expect(clippy::expect_used, reason = "a test without its server cannot go on")]
impl Launch {
    /// Makes its files, and runs what comes before the first start. Ports are the caller's choice, and so is what
    /// becomes of the text of a file, before its places are filled.
    ///
    /// # Panics
    /// When `cargo xtask backends up` has not left how to.
    pub fn prepare(server: &str, mut port: impl FnMut() -> u16, adjust: impl Fn(&str) -> String) -> Self {
        let folder = TempDir::with_prefix(format!("stoa-{server}-")).expect("a temporary folder");
        let mut filling = BTreeMap::from([
            ("{folder}".to_owned(), folder.path().display().to_string()),
            ("{password}".to_owned(), "00ff".repeat(8)),
        ]);
        let description = description(server);
        for name in description["ports"].as_object().expect("ports").keys() {
            filling.insert(placeholder_of(name), port().to_string());
        }
        let launch = Self {
            description,
            filling,
            folder,
        };
        for (name, content) in launch.description["files"].as_object().expect("files") {
            let content = launch.fill(&adjust(content.as_str().expect("a text")));
            let file = launch.folder.path().join(name);
            std::fs::write(&file, content).expect("a file");
            // There are passwords in it, and some refuse what others may read.
            std::fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("a file of one's own");
        }
        for words in launch.description["setup"].as_array().expect("commands") {
            let done = launch.run(words).output().expect("it runs");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
        launch
    }

    /// Where it will be.
    ///
    /// # Panics
    /// When nobody has said where such a server is.
    #[must_use]
    pub fn url(&self) -> String {
        let url = self.description["published"]["url"].as_str();
        self.fill(url.expect("a URL"))
    }

    /// How many programs it is made of; the last is the server itself.
    #[must_use]
    pub fn programs(&self) -> usize {
        self.description["programs"].as_array().map_or(0, Vec::len)
    }

    /// How to start a program of it.
    ///
    /// # Panics
    /// When there is no such program.
    #[must_use]
    pub fn command(&self, program: usize) -> Command {
        let program = &self.description["programs"][program];
        let mut command = self.run(&program["command"]);
        for (name, value) in program["env"].as_object().expect("variables") {
            command.env(name, self.fill(value.as_str().expect("a text")));
        }
        command.stderr(Stdio::null());
        command
    }

    /// The port at which a program of it takes connections.
    ///
    /// # Panics
    /// When there is no such program.
    #[must_use]
    pub fn port(&self, program: usize) -> u16 {
        let name = self.description["programs"][program]["port"].as_str();
        let port = self.filling.get(&placeholder_of(name.expect("a port")));
        port.and_then(|port| port.parse().ok()).expect("a number")
    }

    fn run(&self, words: &Value) -> Command {
        let words = texts(words);
        let (program, arguments) = words.split_first().expect("a program");
        let mut command = Command::new(self.fill(program));
        command
            .args(arguments.iter().map(|word| self.fill(word)))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    fn fill(&self, template: &str) -> String {
        let filling = self.filling.iter();
        filling.fold(template.to_owned(), |text, (placeholder, value)| {
            text.replace(placeholder, value)
        })
    }
}

fn placeholder_of(port: &str) -> String {
    format!("{{port:{port}}}")
}

fn texts(words: &Value) -> Vec<String> {
    let words = words.as_array().into_iter().flatten();
    words.filter_map(Value::as_str).map(str::to_owned).collect()
}
