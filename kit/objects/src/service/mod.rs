//! Use cases: load, decide, save. Each changes rows in one unit of work, and files before or after it.

mod admin;
mod copy;
mod delete;
mod get;
mod list;
mod put;
mod receive;
mod uploads;

use std::collections::HashSet;
use std::sync::Arc;

use kit_db::{
    DataFolder, Db, DbDeps, DbSettings, DbTarget, SealingKey, StoreError, Tx, UnitError, WriteError,
};
use kit_runtime::{Clock, Ids, Tasks};

use crate::domain::Refusal;
use crate::files::{Files, Leftovers, Pins, folder_name, folders};
use crate::settings::{ObjectDeps, ObjectSettings, OpenError};
use crate::store;

pub(crate) use copy::{CopyFrom, CopyTo};
pub(crate) use get::Found;
pub(crate) use list::Page;
pub(crate) use put::Put;
pub(crate) use receive::{Body, Expected};
pub(crate) use uploads::{CompleteUpload, NewUpload, PartPut, UploadOf};

/// What secrets are encrypted for.
const SEALED: &str = "stoa objects access keys";

/// The object store. A cheap handle.
#[derive(Clone)]
pub(crate) struct Objects {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    files: Files,
    pins: Pins,
    leftovers: Leftovers,
    tasks: Tasks,
    clock: Clock,
    ids: Ids,
    inline_limit: u64,
    sealing: SealingKey,
    /// Held for as long as anybody uses the store.
    _folder: DataFolder,
}

impl Objects {
    pub(crate) async fn open(settings: &ObjectSettings, deps: &ObjectDeps) -> Result<Self, OpenError> {
        let folder = DataFolder::lock(&settings.folder)?;
        let target = DbTarget::Sqlite {
            file: settings.folder.join("objects.db"),
        };
        let db_deps = DbDeps {
            tasks: deps.tasks.clone(),
            clock: deps.clock.clone(),
            ids: deps.ids.clone(),
            metrics: deps.metrics.clone(),
        };
        let db = Db::open(DbSettings::new("objects", target), &store::MIGRATIONS, &db_deps).await?;
        let files = Files::open(settings.folder.join("files")).await?;
        clear_up(&db, &files).await?;
        let leftovers = Leftovers::start(files.clone(), db.clone(), &deps.tasks);
        Ok(Self {
            inner: Arc::new(Inner {
                db,
                files,
                pins: Pins::new(leftovers.clone()),
                leftovers,
                tasks: deps.tasks.clone(),
                clock: deps.clock.clone(),
                ids: deps.ids.clone(),
                inline_limit: settings.inline_limit,
                sealing: SealingKey::new(&settings.secret, SEALED),
                _folder: folder,
            }),
        })
    }

    /// Runs work to its end in a task of its own, also when the caller goes away: a commit and what must follow it
    /// belong together.
    async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
    ) -> Result<T, Refusal> {
        let done = self.inner.tasks.run_to_end("objects.commit", work).await;
        done.unwrap_or(Err(Refusal::Unavailable))
    }
}

/// Forgets what the last process was receiving: reservations, and files that no row names.
async fn clear_up(db: &Db, files: &Files) -> Result<(), OpenError> {
    db.write(async move |tx: &mut Tx| store::drop_reservations(tx).await)
        .await
        .map_err(WriteError::flatten)?;
    for number in folders() {
        let known = db.read(async move |reader: &mut kit_db::Reader| {
            store::list_files(reader, &folder_name(number), &folder_name(number + 1)).await
        });
        let known: HashSet<String> = known.await?.into_iter().collect();
        let removed = files.sweep(number, &known).await?;
        if removed > 0 {
            tracing::info!(removed, "files without an object were swept");
        }
    }
    Ok(())
}

/// What a unit of work was refused with, or failed with.
fn settle(error: WriteError<UnitError<Refusal>>) -> Refusal {
    error.flatten().settle(store_failed)
}

fn store_failed(error: StoreError) -> Refusal {
    match error {
        StoreError::Unavailable(reason) => {
            tracing::warn!(%reason, "the database of the object store is not available");
            Refusal::Unavailable
        }
        error => {
            tracing::error!(%error, "the database of the object store failed");
            Refusal::Internal
        }
    }
}

/// A disk that cannot be read or written.
fn io_failed(error: &std::io::Error) -> Refusal {
    tracing::error!(%error, "a file of the object store cannot be read or written");
    Refusal::Internal
}
