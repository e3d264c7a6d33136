//! What the owner of the store may do.

use std::fmt;

use kit_runtime::{Secret, Timestamp};
use thiserror::Error;

use crate::domain::{ListQuery, Refusal};
use crate::endpoint::S3Endpoint;
use crate::s3::Operations;
use crate::service::Objects;
use crate::settings::{ObjectDeps, ObjectSettings, OpenError};

/// An object store. A cheap handle.
#[derive(Clone)]
pub struct ObjectStore {
    objects: Objects,
    region: String,
    form_limit: u64,
}

/// Why something is not done.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ObjectError {
    /// Three to 63 lower-case letters, digits and hyphens.
    #[error("this is no name of a bucket")]
    InvalidBucketName,
    /// There is a bucket of this name, or what is left of one that is being deleted.
    #[error("the bucket exists already")]
    BucketExists,
    /// There is none.
    #[error("the bucket does not exist")]
    NoSuchBucket,
    /// There is none.
    #[error("the access key does not exist")]
    NoSuchKey,
    /// The identifier is a key to another bucket.
    #[error("the access key belongs to another bucket")]
    KeyTaken,
    /// Surely not done; trying again later is safe.
    #[error("the object store is not available")]
    Unavailable,
    /// The log says what went wrong. It may be done.
    #[error("the object store failed")]
    Internal,
}

/// What is in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The sum of the sizes of the objects.
    pub bytes: u64,
    /// How many objects there are.
    pub objects: u64,
    /// The sum of the sizes of parts of uploads that are not completed.
    pub upload_bytes: u64,
    /// What `bytes` and `upload_bytes` may come to together.
    pub quota_bytes: u64,
}

/// What is listed of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// What every key begins with; empty for all.
    pub prefix: String,
    /// Keys that go on to this behind the prefix are shown as one common prefix: `/` for folders.
    pub delimiter: Option<String>,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// The most entries of the page; 1000 at most.
    pub limit: usize,
}

/// A page of a listing, in the order of the bytes of the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPage {
    /// The objects.
    pub objects: Vec<ListedObject>,
    /// What keys begin with that are not shown each by itself.
    pub common_prefixes: Vec<String>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// An object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedObject {
    /// The key.
    pub key: String,
    /// In bytes.
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// When it was written.
    pub modified_at: Timestamp,
    /// As its writer said.
    pub content_type: Option<String>,
}

impl ObjectStore {
    /// Opens a store: makes what is missing, and clears away what a process left that did not end in order. No other
    /// process can open the folder meanwhile.
    pub async fn open(settings: ObjectSettings, deps: &ObjectDeps) -> Result<Self, OpenError> {
        Ok(Self {
            objects: Objects::open(&settings, deps).await?,
            region: settings.region,
            form_limit: settings.form_limit,
        })
    }

    /// What answers requests of S3.
    pub fn endpoint(&self) -> S3Endpoint {
        let operations = Operations {
            objects: self.objects.clone(),
            region: self.region.clone(),
        };
        S3Endpoint::new(operations, self.form_limit)
    }

    /// Makes an empty bucket, which may hold so many bytes.
    pub async fn create_bucket(&self, name: &str, quota_bytes: u64) -> Result<(), ObjectError> {
        self.objects
            .create_bucket(name, quota_bytes)
            .await
            .map_err(Into::into)
    }

    /// Deletes a bucket with everything in it, and its access keys. It is gone for clients at once; where this breaks
    /// off, do it again. Of a bucket that is not there nothing is left to be done.
    pub async fn delete_bucket(&self, name: &str) -> Result<(), ObjectError> {
        self.objects.delete_bucket(name).await.map_err(Into::into)
    }

    /// Changes how much a bucket may hold. What is in it stays, also where it is more.
    pub async fn set_quota(&self, name: &str, quota_bytes: u64) -> Result<(), ObjectError> {
        self.objects
            .set_quota(name, quota_bytes)
            .await
            .map_err(Into::into)
    }

    /// What is in a bucket now.
    pub async fn usage(&self, name: &str) -> Result<Usage, ObjectError> {
        let bucket = self.objects.bucket(name).await?;
        Ok(Usage {
            bytes: unsigned(bucket.object_bytes),
            objects: unsigned(bucket.objects),
            upload_bytes: unsigned(bucket.part_bytes),
            quota_bytes: unsigned(bucket.quota_bytes),
        })
    }

    /// Makes an access key to a bucket, or gives it another secret; the old one is dead then. A key that was disabled
    /// stays so.
    pub async fn put_key(
        &self,
        access_key_id: &str,
        secret: Secret<String>,
        bucket: &str,
    ) -> Result<(), ObjectError> {
        let put = self.objects.put_key(access_key_id, secret, bucket).await;
        put.map_err(Into::into)
    }

    /// Lets an access key be used again.
    pub async fn enable_key(&self, access_key_id: &str) -> Result<(), ObjectError> {
        let changed = self.objects.set_key_enabled(access_key_id, true).await;
        changed.map_err(Into::into)
    }

    /// Lets an access key not be used any more, until it is enabled.
    pub async fn disable_key(&self, access_key_id: &str) -> Result<(), ObjectError> {
        let changed = self.objects.set_key_enabled(access_key_id, false).await;
        changed.map_err(Into::into)
    }

    /// Removes an access key, if it is there.
    pub async fn remove_key(&self, access_key_id: &str) -> Result<(), ObjectError> {
        self.objects.remove_key(access_key_id).await.map_err(Into::into)
    }

    /// A page of a bucket's objects.
    pub async fn list_objects(&self, bucket: &str, options: ListOptions) -> Result<ListedPage, ObjectError> {
        let query = ListQuery {
            prefix: options.prefix,
            delimiter: options.delimiter,
            after: options.after,
            limit: options.limit,
        };
        let page = self.objects.list(bucket, query).await?;
        let objects = page.objects.into_iter().map(|object| ListedObject {
            key: object.key,
            size: unsigned(object.size),
            etag: object.etag,
            modified_at: object.modified_at,
            content_type: object.headers.content_type,
        });
        Ok(ListedPage {
            objects: objects.collect(),
            common_prefixes: page.common_prefixes,
            next: page.next,
        })
    }
}

impl fmt::Debug for ObjectStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectStore")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl From<Refusal> for ObjectError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::InvalidBucketName => Self::InvalidBucketName,
            Refusal::BucketExists => Self::BucketExists,
            Refusal::NoSuchBucket => Self::NoSuchBucket,
            Refusal::NoSuchAccessKey => Self::NoSuchKey,
            Refusal::AccessDenied => Self::KeyTaken,
            Refusal::Unavailable => Self::Unavailable,
            _ => Self::Internal,
        }
    }
}

/// The database holds no negative number of bytes.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
