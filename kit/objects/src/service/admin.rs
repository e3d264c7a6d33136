//! What the owner of the store does: buckets, quotas, access keys.

use kit_db::{Reader, Tx, UnitError, refuse};
use kit_runtime::Secret;

use super::{Objects, settle, store_failed};
use crate::domain::{Bucket, Refusal, check_bucket_name};
use crate::store::{self, AccessKey};

/// How much of a bucket is deleted in one unit of work.
const DELETED_AT_ONCE: i64 = 200;

impl Objects {
    pub(crate) async fn create_bucket(&self, name: &str, quota_bytes: u64) -> Result<(), Refusal> {
        check_bucket_name(name)?;
        let (name, quota, now) = (name.to_owned(), quota(quota_bytes), self.inner.clock.now());
        let created = self.inner.db.write(async move |tx: &mut Tx| {
            store::insert_bucket(tx, &name, quota, now)
                .await?
                .then_some(())
                .ok_or_else(|| refuse(Refusal::BucketExists))
        });
        created.await.map_err(settle)
    }

    pub(crate) async fn set_quota(&self, name: &str, quota_bytes: u64) -> Result<(), Refusal> {
        let (name, quota) = (name.to_owned(), quota(quota_bytes));
        let changed = self.inner.db.write(async move |tx: &mut Tx| {
            store::set_quota(tx, &name, quota)
                .await?
                .then_some(())
                .ok_or_else(|| refuse(Refusal::NoSuchBucket))
        });
        changed.await.map_err(settle)
    }

    /// A bucket that is not being deleted.
    pub(crate) async fn bucket(&self, name: &str) -> Result<Bucket, Refusal> {
        let name = name.to_owned();
        let found = self
            .inner
            .db
            .read(async move |reader: &mut Reader| store::find_bucket(reader, &name).await);
        found.await.map_err(store_failed)?.ok_or(Refusal::NoSuchBucket)
    }

    /// Hides a bucket at once, with its access keys, and then deletes what is in it piece by piece. Where that breaks
    /// off, it is called again; of a bucket that is not there nothing is left to be done.
    pub(crate) async fn delete_bucket(&self, name: &str) -> Result<(), Refusal> {
        let objects = self.clone();
        let name = name.to_owned();
        self.to_the_end(async move {
            let of = name.clone();
            let closed = objects.inner.db.write(async move |tx: &mut Tx| {
                let is_there = store::is_bucket_row(tx, &of).await?;
                store::close_bucket(tx, &of).await?;
                Ok::<_, UnitError<Refusal>>(is_there)
            });
            let mut is_more = closed.await.map_err(settle)?;
            while is_more {
                is_more = objects.delete_some(&name).await?;
            }
            Ok(())
        })
        .await
    }

    /// Deletes some of what is in a closed bucket, or the bucket where nothing is; whether there is more.
    async fn delete_some(&self, name: &str) -> Result<bool, Refusal> {
        let bucket = name.to_owned();
        let deleted = self.inner.db.write(async move |tx: &mut Tx| {
            let contents = store::list_contents(tx, &bucket, DELETED_AT_ONCE).await?;
            let mut gone = Vec::with_capacity(contents.len());
            for (key, content_id) in contents {
                let files = store::delete_segments(tx, &content_id).await?;
                store::delete_upload_row(tx, &content_id).await?;
                store::delete_object_of_content(tx, &content_id).await?;
                gone.push((key, files));
            }
            if gone.is_empty() {
                store::delete_bucket_row(tx, &bucket).await?;
            }
            Ok::<_, UnitError<Refusal>>(gone)
        });
        let gone = deleted.await.map_err(settle)?;
        let is_more = !gone.is_empty();
        for (key, files) in gone {
            self.inner.pins.remove_files(name, &key, files);
        }
        Ok(is_more)
    }

    pub(crate) async fn put_key(
        &self,
        id: &str,
        secret: Secret<String>,
        bucket: &str,
    ) -> Result<(), Refusal> {
        let (id, bucket, now) = (id.to_owned(), bucket.to_owned(), self.inner.clock.now());
        let sealed = self.inner.sealing.seal(&id, &secret).ok_or(Refusal::Internal)?;
        let put = self.inner.db.write(async move |tx: &mut Tx| {
            let found = store::find_bucket_for_update(tx, &bucket).await?;
            found.ok_or_else(|| refuse(Refusal::NoSuchBucket))?;
            store::upsert_access_key(tx, &id, &sealed, &bucket, now)
                .await?
                .then_some(())
                .ok_or_else(|| refuse(Refusal::AccessDenied))
        });
        put.await.map_err(settle)
    }

    pub(crate) async fn set_key_enabled(&self, id: &str, enabled: bool) -> Result<(), Refusal> {
        let id = id.to_owned();
        let changed = self.inner.db.write(async move |tx: &mut Tx| {
            store::set_key_enabled(tx, &id, enabled)
                .await?
                .then_some(())
                .ok_or_else(|| refuse(Refusal::NoSuchAccessKey))
        });
        changed.await.map_err(settle)
    }

    pub(crate) async fn remove_key(&self, id: &str) -> Result<(), Refusal> {
        let id = id.to_owned();
        let removed = self.inner.db.write(async move |tx: &mut Tx| {
            store::delete_access_key(tx, &id).await?;
            Ok::<_, UnitError<Refusal>>(())
        });
        removed.await.map_err(settle)
    }

    pub(crate) async fn access_key(&self, id: &str) -> Result<Option<AccessKey>, Refusal> {
        let id = id.to_owned();
        let found = self
            .inner
            .db
            .read(async move |reader: &mut Reader| store::find_access_key(reader, &id).await);
        found.await.map_err(store_failed)
    }

    /// The secret of a key that can be used.
    pub(crate) async fn secret(&self, id: &str) -> Result<Option<Secret<String>>, Refusal> {
        let found = self.access_key(id).await?.filter(|key| key.enabled);
        let Some(key) = found else { return Ok(None) };
        let secret = self.inner.sealing.open(id, &key.sealed_secret);
        if secret.is_none() {
            tracing::error!(
                id,
                "the secret of a key was encrypted with another key: it needs a new one"
            );
        }
        Ok(secret)
    }
}

/// As much as a column can hold is no limit.
fn quota(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
