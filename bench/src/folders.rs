//! Where things are: the binary that is measured, a folder for what it writes, programs to compare with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// The target folder, found from this program's own path: cargo put both there.
#[derive(Clone, Debug)]
pub(crate) struct Folders {
    target: PathBuf,
    profile: &'static str,
}

impl Folders {
    /// Looks where this program lies. What is measured is of this profile.
    pub(crate) fn find(profile: &'static str) -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("cannot tell where this program lies")?;
        let target = own
            .parent()
            .and_then(Path::parent)
            .context("this program lies in no target folder")?;
        Ok(Self {
            target: target.to_owned(),
            profile,
        })
    }

    /// The binary under test. It is never built from here: what is measured is what was built.
    pub(crate) fn stoa(&self) -> anyhow::Result<PathBuf> {
        let binary = self.target.join(self.profile).join("stoa");
        if !binary.is_file() {
            bail!(
                "no `{}`; build it first: `cargo build --profile {} -p stoa`",
                binary.display(),
                self.profile
            );
        }
        Ok(binary)
    }

    /// An empty folder on the disk of the target folder.
    pub(crate) fn fresh(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.target.join("bench").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot empty `{}`", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        Ok(folder)
    }

    /// The PostgreSQL that `cargo xtask backends up` started.
    pub(crate) fn postgres_url(&self) -> anyhow::Result<String> {
        self.server_url("postgres")
    }

    /// A server that `cargo xtask backends up` started.
    pub(crate) fn server_url(&self, name: &str) -> anyhow::Result<String> {
        let file = self.target.join("backends").join(name).join("url");
        let url = fs::read_to_string(&file)
            .with_context(|| format!("no {name} (`{}`): run `cargo xtask backends up`", file.display()))?;
        Ok(url.trim().to_owned())
    }
}

const FOLDERS: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// An installed program, wherever Debian puts it; `None` where it is not.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let usual = FOLDERS.iter().map(PathBuf::from);
    let postgres = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"));
    usual
        .chain(postgres)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// The MinIO that `cargo xtask backends up` has built on this machine; `None` where it has not.
pub(crate) fn find_minio() -> Option<PathBuf> {
    let tools = fs::read_dir(std::env::home_dir()?.join(".cache").join("stoa-tools")).ok()?;
    let folders = tools.flatten().filter(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().starts_with("minio-")
    });
    folders
        .map(|entry| entry.path().join("minio"))
        .find(|program| program.is_file())
}

/// An installed program without which a figure cannot be had.
pub(crate) fn need_program(name: &str, package: &str) -> anyhow::Result<PathBuf> {
    find_program(name)
        .with_context(|| format!("`{name}` is not installed; it is in Debian's package `{package}`"))
}
