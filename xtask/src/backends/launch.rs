//! What it takes to start a server, as data: `up` starts its own from it, and it is written to
//! `<target>/backends/<name>/launch` (JSON), so that a test which kills, pauses or restarts a server starts
//! a private one from the very same parts and leaves the shared one alone.
//!
//! Texts have places to fill: `{folder}` (absolute, empty, the instance's own), `{password}` (hexadecimal
//! digits), and `{port:<name>}` for each name under `ports`. Whoever starts an instance
//! 1. chooses a free port for each of `ports`, whose numbers are only where `up` begins to look,
//! 2. writes `files` into the folder, readable by the owner alone,
//! 3. runs the `setup` commands, one after the other, in the folder,
//! 4. starts the `programs` in order, in the folder, each once the one before accepts connections on its
//!    port; each is one process that stays in the foreground, ends on SIGTERM and has no children that
//!    outlive it.
//!
//! The server then answers at what `published` says. Step 4 alone, in the same folder and with the same
//! ports, starts it again with its data. `tools` are command lines of the server's own clients.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::backends::{folders, ports};

/// A text with places to fill.
type Template = String;

/// The description; texts are templates.
#[derive(Clone, Debug, Default)]
pub(super) struct Launch {
    /// Name, and the first number tried.
    pub(super) ports: Vec<(&'static str, u16)>,
    /// Name and content.
    pub(super) files: Vec<(&'static str, Template)>,
    pub(super) setup: Vec<Vec<Template>>,
    pub(super) programs: Vec<Program>,
    /// Name and content of what tests read; always with `url`.
    pub(super) published: Vec<(&'static str, Template)>,
    pub(super) tools: Vec<(&'static str, Vec<Template>)>,
}

/// One process of a server.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) command: Vec<Template>,
    /// Added to the environment of whoever starts it.
    pub(super) env: Vec<(&'static str, Template)>,
    /// The name of the port it listens on.
    pub(super) port: &'static str,
}

/// What fills the templates.
#[derive(Clone)]
pub(super) struct Instance {
    folder: PathBuf,
    password: String,
    ports: Vec<(&'static str, u16)>,
}

impl Launch {
    /// What the `launch` file holds.
    pub(super) fn to_json(&self) -> Value {
        let programs = self.programs.iter().map(|program| {
            json!({ "command": program.command, "env": object(&program.env), "port": program.port })
        });
        json!({
            "ports": object(&self.ports),
            "files": object(&self.files),
            "setup": self.setup,
            "programs": programs.collect::<Vec<_>>(),
            "published": object(&self.published),
            "tools": object(&self.tools),
        })
    }
}

impl Instance {
    /// An instance in this folder with free ports and a fresh password.
    pub(super) fn new(launch: &Launch, folder: &Path) -> anyhow::Result<Self> {
        let ports = launch.ports.iter();
        Ok(Self {
            folder: folder.to_owned(),
            password: folders::random_password()?,
            ports: ports
                .map(|(name, first)| Ok((*name, ports::free_from(*first)?)))
                .collect::<anyhow::Result<_>>()?,
        })
    }

    pub(super) fn fill(&self, template: &str) -> String {
        let mut text = template
            .replace("{folder}", &self.folder.to_string_lossy())
            .replace("{password}", &self.password);
        for (name, number) in &self.ports {
            text = text.replace(&format!("{{port:{name}}}"), &number.to_string());
        }
        text
    }

    pub(super) fn fill_all(&self, templates: &[Template]) -> Vec<String> {
        templates.iter().map(|template| self.fill(template)).collect()
    }

    /// The port of this name.
    pub(super) fn port(&self, name: &str) -> Option<u16> {
        self.ports
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, number)| *number)
    }
}

/// A command line from words.
pub(super) fn words(words: &[&str]) -> Vec<Template> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn object<T: Clone + Into<Value>>(pairs: &[(&'static str, T)]) -> Value {
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone().into()));
    Value::Object(pairs.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled_and_other_braces_stay() {
        let instance = Instance {
            folder: "/somewhere".into(),
            password: "secret".to_owned(),
            ports: vec![("one", 1), ("two", 2)],
        };
        assert_eq!(
            instance.fill("{folder}/{password} {port:two}{port:one} {other} {}"),
            "/somewhere/secret 21 {other} {}"
        );
    }

    #[test]
    fn the_description_tells_all_that_it_takes() {
        let launch = Launch {
            ports: vec![("main", 17000)],
            files: vec![("config", "port {port:main}".to_owned())],
            setup: vec![words(&["prepare", "{folder}"])],
            programs: vec![Program {
                command: words(&["serve", "{folder}/config"]),
                env: vec![("HOME", "{folder}".to_owned())],
                port: "main",
            }],
            published: vec![("url", "sample://:{password}@127.0.0.1:{port:main}".to_owned())],
            tools: vec![("client", words(&["ask"]))],
        };
        assert_eq!(
            launch.to_json(),
            json!({
                "ports": { "main": 17000 },
                "files": { "config": "port {port:main}" },
                "setup": [["prepare", "{folder}"]],
                "programs": [{
                    "command": ["serve", "{folder}/config"],
                    "env": { "HOME": "{folder}" },
                    "port": "main",
                }],
                "published": { "url": "sample://:{password}@127.0.0.1:{port:main}" },
                "tools": { "client": ["ask"] },
            })
        );
    }
}
