//! Files of bytes. A name is 32 hexadecimal digits of our own choice and lies in one of 256 folders, by its first
//! two digits.
//!
//! A file is there for others once a row names it, and only then: so it is written under its name at once, synced
//! with its folder, and then the row is committed. What no row names is swept at the start. A rename would add
//! nothing, since nobody can guess the name before.

mod leftovers;
mod pins;
mod reading;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use kit_runtime::Ids;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt as _;

pub(crate) use leftovers::Leftovers;
pub(crate) use pins::{Pin, Pins};
pub(crate) use reading::read;

const FOLDERS: u16 = 256;

/// The folder of all files. A cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    root: PathBuf,
}

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct NewFile {
    file: File,
    folder: PathBuf,
}

impl Files {
    /// Makes the folders that are missing, readable by their owner alone.
    pub(crate) async fn open(root: PathBuf) -> io::Result<Self> {
        for number in 0..FOLDERS {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            builder.mode(0o700);
            builder.create(root.join(folder_name(number))).await?;
        }
        sync_folder(&root).await?;
        if let Some(above) = root.parent() {
            sync_folder(above).await?;
        }
        Ok(Self { root })
    }

    /// A new name.
    pub(crate) fn name(ids: &Ids) -> String {
        hex::encode(ids.random::<16>())
    }

    pub(crate) async fn create(&self, name: &str) -> io::Result<NewFile> {
        let path = self.path(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        Ok(NewFile {
            file: options.open(&path).await?,
            folder: path.parent().unwrap_or(&self.root).to_owned(),
        })
    }

    pub(crate) async fn open_file(&self, name: &str) -> io::Result<File> {
        File::open(self.path(name)).await
    }

    /// Removes a file; one that is not there is removed already.
    pub(crate) async fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes what is in one of the folders and not known; how many files that were.
    pub(crate) async fn sweep(&self, number: u16, known: &HashSet<String>) -> io::Result<u64> {
        let mut entries = fs::read_dir(self.root.join(folder_name(number))).await?;
        let mut removed = 0;
        while let Some(entry) = entries.next_entry().await? {
            let is_known = entry
                .file_name()
                .to_str()
                .is_some_and(|name| known.contains(name));
            if !is_known {
                fs::remove_file(entry.path()).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name.get(..2).unwrap_or_default()).join(name)
    }
}

impl NewFile {
    pub(crate) async fn write(&mut self, bytes: &Bytes) -> io::Result<()> {
        self.file.write_all(bytes).await
    }

    /// Returns once the bytes and the name are on stable storage.
    pub(crate) async fn finish(mut self) -> io::Result<()> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        sync_folder(&self.folder).await
    }
}

/// The numbers of all folders.
pub(crate) fn folders() -> impl Iterator<Item = u16> {
    0..FOLDERS
}

/// The first name that may lie in a folder; that of the next number ends it.
pub(crate) fn folder_name(number: u16) -> String {
    match number {
        // Behind every name of hexadecimal digits.
        FOLDERS.. => "g".to_owned(),
        _ => format!("{number:02x}"),
    }
}

async fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path).await?.sync_all().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_lies_between_its_folder_and_the_next() {
        for name in ["00ffffff", "7f000000", "ff0000", "ffffffff"] {
            let number = u16::from_str_radix(&name[..2], 16).unwrap();
            assert!(folder_name(number).as_str() <= name && *name < *folder_name(number + 1));
        }
    }

    #[tokio::test]
    async fn a_sweep_removes_what_no_row_names() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path().to_owned()).await.unwrap();
        let (kept, lost) = (format!("00{:030}", 1), format!("00{:030}", 2));
        for name in [&kept, &lost] {
            files.create(name).await.unwrap().finish().await.unwrap();
        }
        assert_eq!(files.sweep(0, &HashSet::from([kept.clone()])).await.unwrap(), 1);
        assert!(files.open_file(&kept).await.is_ok());
        assert!(files.open_file(&lost).await.is_err());
    }
}
