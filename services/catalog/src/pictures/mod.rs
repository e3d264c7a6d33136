//! Where the bytes of pictures are: a folder, or a bucket of an object store that speaks S3.
//!
//! A picture's bytes never change: they are written under a name of their own before anything refers to them, and
//! removed when nothing does any more. Bytes that a crash leaves in between are harmless: nobody is shown them, and no
//! later picture has their name.

mod s3;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use catalog_api::ImageKey;
use kit_runtime::{Busy, Tasks, WorkerPool};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt as _};
use thiserror::Error;

pub(crate) use self::s3::S3Settings;
use crate::domain::{ImageSize, NotAnImage, Renditions};

/// How long a folder may take for a picture in all its sizes: a disk that takes longer is none any more.
const FOLDER_LIMIT: Duration = Duration::from_secs(30);

/// How many pictures are read and written anew at once: each fills a processor, and some of the memory.
const AT_ONCE: usize = 2;

/// How many wait for that; whoever comes then is told to come again.
const WAITING: usize = 16;

/// Where pictures are kept.
#[derive(Clone, Debug)]
pub(crate) enum PictureStore {
    /// A folder, which is made where it is not there.
    Folder(PathBuf),
    /// A bucket, which must be there.
    S3(S3Settings),
}

/// For a person; without the key.
impl fmt::Display for PictureStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "folder `{}`", folder.display()),
            Self::S3(settings) => write!(
                f,
                "bucket `{}` at {}",
                settings.bucket,
                settings.endpoint.as_str()
            ),
        }
    }
}

/// The store of pictures does not do what it is asked.
#[derive(Debug, Error)]
pub(crate) enum StoreAway {
    #[error("the store of pictures cannot be reached")]
    Failed(#[from] object_store::Error),
    #[error("the store of pictures has not answered in {0:?}")]
    TooSlow(Duration),
    #[error("the store of pictures has lost what was written")]
    Lost,
}

/// The bytes of pictures, each size an object of its own. A cheap handle.
#[derive(Clone)]
pub(crate) struct Pictures {
    objects: Arc<dyn ObjectStore>,
    /// How long the store may take for a picture.
    limit: Duration,
    workers: WorkerPool,
}

impl Pictures {
    /// Opens the store. Where it is another server's, it is not asked yet: without it, everything else goes on.
    pub(crate) fn open(store: &PictureStore, tasks: Tasks) -> anyhow::Result<Self> {
        let (objects, limit): (Arc<dyn ObjectStore>, _) = match store {
            PictureStore::Folder(folder) => (Arc::new(open_folder(folder)?), FOLDER_LIMIT),
            PictureStore::S3(settings) => (Arc::new(s3::open(settings, tasks)?), settings.time_limit),
        };
        Ok(Self {
            objects,
            limit,
            workers: WorkerPool::start("picture", AT_ONCE, WAITING)?,
        })
    }

    /// Makes all sizes of a picture.
    pub(crate) async fn make(&self, file: Bytes) -> Result<Result<Renditions, NotAnImage>, Busy> {
        self.workers.run(move || Renditions::make(&file)).await
    }

    /// Writes all sizes of a picture; they are on stable storage afterwards.
    pub(crate) async fn put(&self, key: ImageKey, renditions: Renditions) -> Result<(), StoreAway> {
        self.in_time(async {
            for (size, bytes) in renditions.sizes {
                self.objects.put(&path(key, size), bytes.into()).await?;
            }
            Ok(())
        })
        .await
    }

    /// The bytes of a picture; none where they are not there.
    pub(crate) async fn get(&self, key: ImageKey, size: ImageSize) -> Result<Option<Bytes>, StoreAway> {
        self.in_time(async {
            match self.objects.get(&path(key, size)).await {
                Ok(found) => Ok(Some(found.bytes().await?)),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    /// Writes something, reads it again and removes it.
    pub(crate) async fn check(&self, key: ImageKey, bytes: Bytes) -> Result<(), StoreAway> {
        let path = path(key, ImageSize::Whole);
        self.in_time(async {
            self.objects.put(&path, bytes.clone().into()).await?;
            let found = self.objects.get(&path).await?.bytes().await?;
            self.objects.delete(&path).await?;
            if found == bytes {
                Ok(())
            } else {
                Err(StoreAway::Lost)
            }
        })
        .await
    }

    /// Removes a picture in all its sizes. No product shows it any more: what cannot be removed is seen by nobody.
    pub(crate) async fn remove(&self, key: ImageKey) {
        let removed = self.in_time(async {
            for size in ImageSize::all() {
                match self.objects.delete(&path(key, size)).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(())
        });
        if let Err(error) = removed.await {
            let cause = &error as &dyn std::error::Error;
            tracing::warn!(%key, cause, "a picture was not removed");
        }
    }

    async fn in_time<T>(&self, asking: impl Future<Output = Result<T, StoreAway>>) -> Result<T, StoreAway> {
        let answered = tokio::time::timeout(self.limit, asking).await;
        answered.unwrap_or(Err(StoreAway::TooSlow(self.limit)))
    }
}

fn open_folder(folder: &Path) -> anyhow::Result<LocalFileSystem> {
    let open = || {
        std::fs::create_dir_all(folder)?;
        anyhow::Ok(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true))
    };
    open().with_context(|| format!("cannot open `{}`", folder.display()))
}

fn path(key: ImageKey, size: ImageSize) -> ObjectPath {
    ObjectPath::from_iter([key.to_string(), size.name()])
}
