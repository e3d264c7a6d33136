//! The object store in this process, where it does not do by itself what a back end does.

use kit_objects::{ObjectError, ObjectStore};

pub(super) async fn make_bucket(
    store: &ObjectStore,
    bucket: &str,
    quota_bytes: u64,
) -> Result<(), ObjectError> {
    match store.create_bucket(bucket, quota_bytes).await {
        Err(ObjectError::BucketExists) => {}
        other => return other,
    }
    match store.set_quota(bucket, quota_bytes).await {
        // What is left of one whose deletion broke off.
        Err(ObjectError::NoSuchBucket) => {
            store.delete_bucket(bucket).await?;
            store.create_bucket(bucket, quota_bytes).await
        }
        other => other,
    }
}

pub(super) fn unless_missing(changed: Result<(), ObjectError>) -> Result<(), ObjectError> {
    match changed {
        Err(ObjectError::NoSuchKey) => Ok(()),
        other => other,
    }
}
