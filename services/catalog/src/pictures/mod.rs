//! Where the bytes of pictures are: a folder.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use catalog_api::ImageKey;
use kit_runtime::{Busy, WorkerPool};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt as _};

use crate::domain::{ImageSize, NotAnImage, Renditions};

/// How many pictures are read and written anew at once: each fills a processor, and some of the memory.
const AT_ONCE: usize = 2;

/// How many wait for that; whoever comes then is told to come again.
const WAITING: usize = 16;

/// The bytes of pictures, each size an object of its own. A cheap handle.
#[derive(Clone)]
pub(crate) struct Pictures {
    objects: Arc<dyn ObjectStore>,
    workers: WorkerPool,
}

impl Pictures {
    /// In a folder, which is made where it is not there.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let open = || {
            std::fs::create_dir_all(folder)?;
            anyhow::Ok(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true))
        };
        let objects = open().with_context(|| format!("cannot open `{}`", folder.display()))?;
        Ok(Self {
            objects: Arc::new(objects),
            workers: WorkerPool::start("picture", AT_ONCE, WAITING)?,
        })
    }

    /// Makes all sizes of a picture.
    pub(crate) async fn make(&self, file: Bytes) -> Result<Result<Renditions, NotAnImage>, Busy> {
        self.workers.run(move || Renditions::make(&file)).await
    }

    /// Writes all sizes of a picture; they are on stable storage afterwards.
    pub(crate) async fn put(&self, key: ImageKey, renditions: Renditions) -> object_store::Result<()> {
        for (size, bytes) in renditions.sizes {
            self.objects.put(&path(key, size), bytes.into()).await?;
        }
        Ok(())
    }

    /// The bytes of a picture; none where they are not there.
    pub(crate) async fn get(&self, key: ImageKey, size: ImageSize) -> object_store::Result<Option<Bytes>> {
        match self.objects.get(&path(key, size)).await {
            Ok(found) => found.bytes().await.map(Some),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes a picture in all its sizes. No product shows it any more: what cannot be removed is seen by nobody.
    pub(crate) async fn remove(&self, key: ImageKey) {
        for size in ImageSize::all() {
            match self.objects.delete(&path(key, size)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => tracing::warn!(%key, %error, "a picture was not removed"),
            }
        }
    }
}

fn path(key: ImageKey, size: ImageSize) -> ObjectPath {
    ObjectPath::from_iter([key.to_string(), size.name()])
}
