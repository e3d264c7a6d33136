//! Secrets that are made on first start and kept in the data folder.
//!
//! A secret appears whole or not at all: it is written aside, synced, and linked to its name. The link fails
//! where another process was quicker, and then that one's secret is read; so processes that start at once
//! agree on one. The file is the owner's alone (0600). What is found is believed: nothing here judges the
//! content or the mode of a file that exists.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use kit_runtime::Secret;

/// The secret in the file, made and kept there if there is no file yet. Folders on the way are made too.
///
/// The error names the file. Safe when several processes call it at once for the same file.
pub fn read_or_create<B: Into<Vec<u8>>>(
    path: &Path,
    make: impl FnOnce() -> B,
) -> io::Result<Secret<Vec<u8>>> {
    if let Some(found) = read(path)? {
        return Ok(found);
    }
    create(path, &make().into()).map_err(|error| naming(path, &error))?;
    read(path)?.ok_or_else(|| naming(path, &io::Error::from(io::ErrorKind::NotFound)))
}

/// [`read_or_create`] for a secret that is text, without the newlines at its end.
pub fn read_or_create_text(path: &Path, make: impl FnOnce() -> String) -> io::Result<Secret<String>> {
    let bytes = read_or_create(path, make)?;
    let text = str::from_utf8(bytes.expose())
        .map_err(|_| naming(path, &io::Error::new(io::ErrorKind::InvalidData, "not UTF-8")))?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The secret in the file, if there is one.
pub fn read(path: &Path) -> io::Result<Option<Secret<Vec<u8>>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(Secret::new(bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(naming(path, &error)),
    }
}

/// Writes the file anew, whole or not at all, for its owner alone. Folders on the way are made too; the error names the
/// file.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let write = || {
        make_folder(folder_of(path))?;
        fs::rename(write_aside(path, bytes)?, path)?;
        sync_folder(folder_of(path))
    };
    write().map_err(|error| naming(path, &error))
}

/// Writes the file unless there is one by then.
fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    make_folder(folder)?;
    let aside = write_aside(path, bytes)?;
    let linked = fs::hard_link(&aside, path);
    let removed = fs::remove_file(&aside);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => removed?,
    }
    sync_folder(folder)
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Writes the bytes to a new file beside `path`, the owner's alone, and syncs it.
fn write_aside(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    loop {
        let mut name = OsString::from(path);
        name.push(format!(
            ".{}-{}.tmp",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        let aside = PathBuf::from(name);
        match owners_alone().write(true).create_new(true).open(&aside) {
            Ok(mut file) => {
                let written = file.write_all(bytes).and_then(|()| file.sync_all());
                return match written {
                    Ok(()) => Ok(aside),
                    Err(error) => fs::remove_file(&aside).and(Err(error)),
                };
            }
            // Left by a process that died with the same id.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(unix)]
fn owners_alone() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// A name is durable once its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn owners_alone() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}
