//! Where a back end keeps its files.
//!
//! What tests read (`url`) is always at `<target>/backends/<name>/`. The server's own state is there too,
//! unless the server runs under another account and a folder above cannot be entered by others (a checkout
//! or a cache below `/root`, say): then the state has a folder of its own in the system's temporary folder,
//! told apart by the target folder's path, and `url` stays where it is.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::backends::account::Account;

/// The folders of one back end.
#[derive(Clone, Debug)]
pub(super) struct BackendFolders {
    published: PathBuf,
    state: PathBuf,
}

impl BackendFolders {
    /// The folders of the back end of this name; they are made when they are not there.
    pub(super) fn of(name: &str, target: &Path, account: Account) -> anyhow::Result<Self> {
        let published = target.join("backends").join(name);
        fs::create_dir_all(&published).with_context(|| format!("cannot make `{}`", published.display()))?;
        let state = match account {
            Account::Named(_) if !can_be_entered_by_others(&published)? => apart(name, target)?,
            Account::Own | Account::Named(_) => published.clone(),
        };
        Ok(Self { published, state })
    }

    /// The file tests read.
    pub(super) fn url(&self) -> PathBuf {
        self.published.join("url")
    }

    /// A file of ours beside it.
    pub(super) fn published(&self, name: &str) -> PathBuf {
        self.published.join(name)
    }

    /// A file or folder of the server's own state.
    pub(super) fn state(&self, name: &str) -> PathBuf {
        self.state.join(name)
    }

    /// The folder of the server's own state.
    pub(super) fn state_folder(&self) -> &Path {
        &self.state
    }

    /// Waits until no other `cargo xtask backends` works on this back end; held until dropped.
    pub(super) fn lock(&self) -> anyhow::Result<File> {
        let path = self.published.join("lock");
        let lock = File::create(&path).with_context(|| format!("cannot make `{}`", path.display()))?;
        lock.lock()
            .with_context(|| format!("cannot lock `{}`", path.display()))?;
        Ok(lock)
    }
}

/// Writes a file that only its owner may read, whole or not at all.
pub(super) fn write_private(path: &Path, content: &str) -> anyhow::Result<()> {
    let half = path.with_extension("half");
    let written = (|| {
        if half.exists() {
            fs::remove_file(&half)?;
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&half)?;
        file.write_all(content.as_bytes())?;
        fs::rename(&half, path)
    })();
    written.with_context(|| format!("cannot write `{}`", path.display()))
}

/// Removes a file; one that is not there is fine.
pub(super) fn remove(file: &Path) -> anyhow::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", file.display()))
        }
        _ => Ok(()),
    }
}

/// A password of 192 random bits.
pub(super) fn random_password() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 24];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("the operating system gave no randomness")?;
    let mut password = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(password, "{byte:02x}")?;
    }
    Ok(password)
}

fn can_be_entered_by_others(folder: &Path) -> anyhow::Result<bool> {
    for folder in folder.ancestors() {
        let metadata =
            fs::metadata(folder).with_context(|| format!("cannot look at `{}`", folder.display()))?;
        if metadata.permissions().mode() & 0o001 == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A folder in the system's temporary folder, ours alone: one of that name that somebody else made is an
/// error, because they could read or change what is in it.
fn apart(name: &str, target: &Path) -> anyhow::Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    target.hash(&mut hasher);
    let top = std::env::temp_dir().join(format!("stoa-backends-{:016x}", hasher.finish()));
    match DirBuilder::new().mode(0o711).create(&top) {
        // Also made at this moment, by a thread that starts another back end.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| format!("cannot make `{}`", top.display()));
        }
        _ => {}
    }
    let metadata =
        fs::symlink_metadata(&top).with_context(|| format!("cannot look at `{}`", top.display()))?;
    if !metadata.is_dir() || metadata.uid() != fs::metadata(target)?.uid() {
        bail!("`{}` belongs to somebody else; remove it", top.display());
    }
    fs::set_permissions(&top, Permissions::from_mode(0o711))?;
    let state = top.join(name);
    fs::create_dir_all(&state).with_context(|| format!("cannot make `{}`", state.display()))?;
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with_mode(mode: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
        folder
    }

    #[test]
    fn state_is_beside_the_url_where_the_servers_account_can_enter() {
        let target = folder_with_mode(0o755);
        let folders = BackendFolders::of("sample", target.path(), Account::Named("nobody")).unwrap();
        assert_eq!(folders.state_folder(), target.path().join("backends/sample"));
    }

    #[test]
    fn state_is_apart_where_the_servers_account_cannot_enter() {
        let target = folder_with_mode(0o700);
        let folders = BackendFolders::of("sample", target.path(), Account::Named("nobody")).unwrap();
        assert_eq!(folders.url(), target.path().join("backends/sample/url"));
        assert!(!folders.state_folder().starts_with(target.path()));
        assert!(can_be_entered_by_others(folders.state_folder()).unwrap());
        fs::remove_dir_all(folders.state_folder().parent().unwrap()).unwrap();
    }

    #[test]
    fn a_private_file_is_private_and_replaces_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url");
        fs::write(&path, "old").unwrap();
        fs::write(path.with_extension("half"), "left by a killed run").unwrap();
        write_private(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn two_passwords_differ() {
        let password = random_password().unwrap();
        assert_eq!(password.len(), 48);
        assert_ne!(password, random_password().unwrap());
    }
}
