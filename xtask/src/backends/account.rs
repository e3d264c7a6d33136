//! The account a server runs under: several refuse root, so root hands them to their Debian account.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::shell;

/// Who runs a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// Whoever runs this program.
    Own,
    /// This account, because root runs this program.
    Named(&'static str),
}

impl Account {
    /// The account for a server that refuses root and has one of its own of this name.
    pub(super) fn for_server(name: &'static str) -> anyhow::Result<Self> {
        Ok(if is_root()? { Self::Named(name) } else { Self::Own })
    }

    /// A command that runs the program under this account, in a folder the account can enter: programs
    /// complain about a current folder that they cannot read.
    pub(super) fn command(self, program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut words = self.prefix().into_iter().map(OsString::from);
        let program = program.as_ref().to_owned();
        let mut command = match words.next() {
            None => Command::new(program),
            Some(first) => {
                let mut command = Command::new(first);
                command.args(words).arg(program);
                command
            }
        };
        command.current_dir(folder);
        command
    }

    /// The words that stand before a command line so that it runs under this account.
    pub(super) fn prefix(self) -> Vec<&'static str> {
        match self {
            Self::Own => Vec::new(),
            Self::Named(name) => vec!["setpriv", "--reuid", name, "--regid", name, "--clear-groups"],
        }
    }

    /// The command line that gives a file or folder, with all below it, to this account.
    pub(super) fn hand_over(self, path: &str) -> Option<Vec<String>> {
        match self {
            Self::Own => None,
            Self::Named(name) => Some(vec![
                "chown".to_owned(),
                "-R".to_owned(),
                format!("{name}:"),
                path.to_owned(),
            ]),
        }
    }

    /// Gives a file or folder, with all below it, to this account.
    pub(super) fn own(self, path: &Path) -> anyhow::Result<()> {
        match self.hand_over(&path.to_string_lossy()) {
            None => Ok(()),
            Some(words) => shell::run(Command::new(&words[0]).args(&words[1..])),
        }
    }
}

/// Whether this program runs as root.
pub(crate) fn is_root() -> anyhow::Result<bool> {
    let id = shell::output(Command::new("id").arg("-u")).context("cannot tell whether this is root")?;
    Ok(id.trim() == "0")
}
