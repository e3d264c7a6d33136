//! What a caller says to open an object store. Plain values: this crate reads no configuration.

use std::path::PathBuf;

use kit_db::{DbMetrics, FolderError, OpenError as DbOpenError};
use kit_runtime::{Clock, Ids, Secret, Tasks};
use thiserror::Error;

/// An object store and its limits.
#[derive(Clone, Debug)]
pub struct ObjectSettings {
    /// Where everything is: the database and the files. Made where there is none, and held against other processes.
    pub folder: PathBuf,
    /// Of what the key is made with which the secrets of access keys are encrypted. Those of another one are dead until
    /// they are put anew.
    pub secret: Secret<String>,
    /// What the store says its region is; clients that sign for another are served as well.
    pub region: String,
    /// Up to so many bytes an object is kept in its row, so that small writes share one commit.
    pub inline_limit: u64,
    /// The largest file that an HTML form may send, in bytes; it is held in memory while it is received.
    pub form_limit: u64,
}

impl ObjectSettings {
    /// The defaults: region `us-east-1`, rows of up to 16 KiB, forms of up to 16 MiB.
    pub fn new(folder: impl Into<PathBuf>, secret: Secret<String>) -> Self {
        Self {
            folder: folder.into(),
            secret,
            region: "us-east-1".to_owned(),
            inline_limit: 16 * 1024,
            form_limit: 16 * 1024 * 1024,
        }
    }
}

/// What an object store needs from its process.
#[derive(Clone, Debug)]
pub struct ObjectDeps {
    /// Where commits run, which a client that goes away does not interrupt.
    pub tasks: Tasks,
    /// When objects were made. Signatures are held against the system's clock, which `s3s` reads itself.
    pub clock: Clock,
    /// Names of files and uploads.
    pub ids: Ids,
    /// Where units of work are counted, if anywhere.
    pub metrics: Option<DbMetrics>,
}

/// Why an object store cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The folder is another process's, or cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbOpenError),
    /// What the last process left cannot be cleared away.
    #[error("the object store cannot be cleared up: {0}")]
    Store(#[from] kit_db::StoreError),
    /// The files.
    #[error("the files of the object store cannot be used: {0}")]
    Files(#[from] std::io::Error),
}
