//! What keeps the objects: one of several, chosen by configuration.

mod embedded;
mod minio;
mod policies;

use fail::fail_point;
use kit_objects::{ListOptions, ListedPage, ObjectError, ObjectStore};
use kit_runtime::{Secret, Timestamp};

pub(crate) use self::minio::{KeyStanding, MinIoBackend};

/// What the buckets of the embedded store are called before the hyphen.
const EMBEDDED_PREFIX: &str = "stoa";

/// A back end. What it is asked may be asked again: what is done already is no error.
#[derive(Clone)]
pub(crate) enum Backend {
    /// The object store in this process.
    Embedded(ObjectStore),
    /// A MinIO, or a server that is compatible with it.
    MinIo(MinIoBackend),
}

/// What is in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MeasuredUsage {
    /// The sum of the sizes of the objects.
    pub bytes: u64,
    pub objects: u64,
    pub measured_at: Timestamp,
}

impl Backend {
    /// What it says its region is.
    pub(crate) fn region(&self) -> &str {
        match self {
            Self::Embedded(_) => "us-east-1",
            Self::MinIo(minio) => minio.region(),
        }
    }

    /// What the names of its buckets begin with, before a hyphen.
    pub(crate) fn prefix(&self) -> &str {
        match self {
            Self::Embedded(_) => EMBEDDED_PREFIX,
            Self::MinIo(minio) => minio.prefix(),
        }
    }

    /// Makes a bucket, and says how much it may hold.
    pub(crate) async fn make_bucket(&self, bucket: &str, quota_bytes: u64) -> Result<(), ObjectError> {
        let done = match self {
            Self::Embedded(store) => embedded::make_bucket(store, bucket, quota_bytes).await,
            Self::MinIo(minio) => minio.make_bucket(bucket, quota_bytes).await,
        };
        unless_unheard(done)
    }

    /// Takes a bucket away, with all that is in it and its keys.
    pub(crate) async fn remove_bucket(&self, bucket: &str) -> Result<(), ObjectError> {
        let done = match self {
            Self::Embedded(store) => store.delete_bucket(bucket).await,
            Self::MinIo(minio) => minio.remove_bucket(bucket).await,
        };
        unless_unheard(done)
    }

    /// Makes a key to a bucket, or gives it another secret; one that is disabled stays so.
    pub(crate) async fn put_key(
        &self,
        id: &str,
        secret: Secret<String>,
        bucket: &str,
    ) -> Result<(), ObjectError> {
        let done = match self {
            Self::Embedded(store) => store.put_key(id, secret, bucket).await,
            Self::MinIo(minio) => minio.put_key(id, &secret, bucket).await,
        };
        unless_unheard(done)
    }

    /// Lets a key be used; one that is not there is no error.
    pub(crate) async fn enable_key(&self, id: &str) -> Result<(), ObjectError> {
        let done = match self {
            Self::Embedded(store) => embedded::unless_missing(store.enable_key(id).await),
            Self::MinIo(minio) => minio.enable_key(id).await,
        };
        unless_unheard(done)
    }

    /// Lets a key not be used until it is enabled; one that is not there is no error.
    pub(crate) async fn disable_key(&self, id: &str) -> Result<(), ObjectError> {
        let done = match self {
            Self::Embedded(store) => embedded::unless_missing(store.disable_key(id).await),
            Self::MinIo(minio) => minio.disable_key(id).await,
        };
        unless_unheard(done)
    }

    pub(crate) async fn remove_key(&self, id: &str) -> Result<(), ObjectError> {
        let done = match self {
            Self::Embedded(store) => store.remove_key(id).await,
            Self::MinIo(minio) => minio.remove_key(id).await,
        };
        unless_unheard(done)
    }

    /// What is in a bucket: now, or where it is too much to be counted now, as it was counted last.
    pub(crate) async fn usage(&self, bucket: &str, now: Timestamp) -> Result<MeasuredUsage, ObjectError> {
        match self {
            Self::Embedded(store) => store.usage(bucket).await.map(|usage| MeasuredUsage {
                bytes: usage.bytes,
                objects: usage.objects,
                measured_at: now,
            }),
            Self::MinIo(minio) => minio.usage(bucket, now).await,
        }
    }

    pub(crate) async fn list_objects(
        &self,
        bucket: &str,
        options: ListOptions,
    ) -> Result<ListedPage, ObjectError> {
        match self {
            Self::Embedded(store) => store.list_objects(bucket, options).await,
            Self::MinIo(minio) => minio.list_objects(bucket, options).await,
        }
    }

    /// Whether it answers.
    pub(crate) async fn check(&self) -> Result<(), ObjectError> {
        let asked = match self {
            Self::Embedded(store) => store.usage("no-such-bucket").await.map(drop),
            Self::MinIo(minio) => minio.check().await,
        };
        match asked {
            Ok(()) | Err(ObjectError::NoSuchBucket) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Where tests have it that something is done, and nobody hears of it.
fn unless_unheard(done: Result<(), ObjectError>) -> Result<(), ObjectError> {
    fail_point!("storage::after-back-end", |_| Err(ObjectError::Internal));
    done
}
