//! The account a server runs under: several refuse root, so root hands them to their Debian account.

use std::ffi::OsStr;
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
        let mut command = match self {
            Self::Own => Command::new(program),
            Self::Named(name) => {
                let mut command = Command::new("setpriv");
                command
                    .args(["--reuid", name, "--regid", name, "--clear-groups"])
                    .arg(program);
                command
            }
        };
        command.current_dir(folder);
        command
    }

    /// Gives a file or folder, with all below it, to this account.
    pub(super) fn own(self, path: &Path) -> anyhow::Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Named(name) => {
                shell::run(Command::new("chown").args(["-R", &format!("{name}:")]).arg(path))
            }
        }
    }
}

/// Whether this program runs as root.
pub(crate) fn is_root() -> anyhow::Result<bool> {
    let id = shell::output(Command::new("id").arg("-u")).context("cannot tell whether this is root")?;
    Ok(id.trim() == "0")
}
