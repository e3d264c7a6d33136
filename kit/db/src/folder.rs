//! A data folder that belongs to one process.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

const LOCK_FILE: &str = "lock";

/// A file that its owner alone may read.
#[cfg(unix)]
const PRIVATE: u32 = 0o600;

/// Why a data folder cannot be had.
#[derive(Debug, Error)]
pub enum FolderError {
    /// Another process has it.
    #[error("the data folder `{path}` is in use by {holder}; stop it first, or choose another folder")]
    InUse {
        /// The folder.
        path: String,
        /// `process 4711`, as far as is known.
        holder: String,
    },
    /// It cannot be made or written.
    #[error("the data folder `{path}` cannot be used: {source}")]
    Unusable {
        /// The folder.
        path: String,
        /// What the system says.
        source: io::Error,
    },
}

/// Holds a data folder for this process until it is dropped. The lock is the operating system's, so it goes
/// with the process however that ends; the file stays.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder where there is none, readable by its owner alone, and takes it.
    pub fn lock(path: impl Into<PathBuf>) -> Result<Self, FolderError> {
        let path = path.into();
        let unusable = |source| FolderError::Unusable {
            path: path.display().to_string(),
            source,
        };
        make(&path).map_err(unusable)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE);
        let mut file = options.open(path.join(LOCK_FILE)).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(FolderError::InUse {
                    path: path.display().to_string(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        sign(&mut file).map_err(unusable)?;
        Ok(Self { path, _lock: file })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes a folder and those above it; what is made is the owner's alone.
pub(crate) fn make(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes a file that its owner alone may read, or takes from others what they may do with one that is there.
pub(crate) fn make_private(file: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE);
    let opened = options.open(file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mut permissions = opened.metadata()?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(PRIVATE);
            opened.set_permissions(permissions)?;
        }
    }
    Ok(())
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => format!("process {}", text.trim()),
        _ => "another process".to_owned(),
    }
}
