//! Deleting objects.

use kit_db::{Tx, UnitError, refuse};

use super::{Objects, settle};
use crate::domain::{Change, Refusal, WriteConditions};
use crate::store;

impl Objects {
    /// Deletes an object; one that is not there is deleted already.
    pub(crate) async fn delete(
        &self,
        bucket: String,
        key: String,
        conditions: WriteConditions,
    ) -> Result<(), Refusal> {
        self.delete_all(bucket, vec![key], conditions).await
    }

    /// Deletes objects, all in one unit of work.
    pub(crate) async fn delete_all(
        &self,
        bucket: String,
        keys: Vec<String>,
        conditions: WriteConditions,
    ) -> Result<(), Refusal> {
        let objects = self.clone();
        self.to_the_end(async move {
            let of = bucket.clone();
            let deleted = objects
                .inner
                .db
                .write(async move |tx: &mut Tx| delete_objects(tx, &bucket, &keys, &conditions).await);
            for (key, files) in deleted.await.map_err(settle)? {
                objects.inner.pins.remove_files(&of, &key, files);
            }
            Ok(())
        })
        .await
    }
}

async fn delete_objects(
    tx: &mut Tx,
    bucket: &str,
    keys: &[String],
    conditions: &WriteConditions,
) -> Result<Vec<(String, Vec<String>)>, UnitError<Refusal>> {
    let found = store::find_bucket_for_update(tx, bucket).await?;
    found.ok_or_else(|| refuse(Refusal::NoSuchBucket))?;
    let mut change = Change::default();
    let mut gone = Vec::new();
    for key in keys {
        let old = store::find_object(tx, bucket, key).await?;
        conditions.check(old.as_ref()).map_err(refuse)?;
        let Some(old) = old else { continue };
        store::delete_object_row(tx, bucket, key).await?;
        let files = store::delete_segments(tx, &old.content_id).await?;
        change.object_bytes -= old.size;
        change.objects -= 1;
        gone.push((old.key, files));
    }
    store::change_bucket(tx, bucket, change).await?;
    Ok(gone)
}
