//! Putting an object: reserve room, receive, commit.

use std::sync::Arc;

use kit_db::{StoreError, Tx, UnitError, WriteError, refuse};

use super::receive::{Body, Claim, Expected, Received};
use super::{Objects, settle};
use crate::domain::{Change, Headers, Object, Refusal, Segment, WriteConditions, check_key};
use crate::store;

/// The largest body of one request, as in S3: 5 GiB.
const LARGEST_PUT: u64 = 5 * 1024 * 1024 * 1024;

/// An object to be put, without its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Put {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) headers: Headers,
    pub(crate) conditions: WriteConditions,
}

/// What is replaced by what is being received, for the room that it gives back.
#[derive(Clone, Debug)]
pub(super) enum Replaced {
    Object(Arc<Put>),
    /// Of an upload, by its identifier.
    Part(String, i64),
}

impl Objects {
    /// Puts an object; acknowledged means that it survives a crash.
    pub(crate) async fn put(&self, put: Put, body: Body, expected: Expected) -> Result<Object, Refusal> {
        check_key(&put.key)?;
        let put = Arc::new(Put {
            headers: put.headers.checked()?,
            ..put
        });
        let replaced = Replaced::Object(put.clone());
        let claim = self.claim(&put.bucket, replaced, expected.length).await?;
        let received = self.receive(body, expected, claim).await?;
        let object = self.object(&put, &received);
        let conditions = put.conditions.clone();
        let objects = self.clone();
        self.to_the_end(async move { objects.commit_put(conditions, object, received).await })
            .await
    }

    fn object(&self, put: &Put, received: &Received) -> Object {
        Object {
            bucket: put.bucket.clone(),
            key: put.key.clone(),
            content_id: self.inner.ids.uuid().simple().to_string(),
            size: received.size,
            etag: received.etag.clone(),
            parts: 0,
            modified_at: self.inner.clock.now(),
            headers: put.headers.clone(),
            checksums: received.checksums.clone(),
        }
    }

    async fn commit_put(
        &self,
        conditions: WriteConditions,
        object: Object,
        received: Received,
    ) -> Result<Object, Refusal> {
        let segment = Segment {
            content_id: object.content_id.clone(),
            number: 1,
            size: object.size,
            piece: received.piece,
            etag: object.etag.clone(),
            checksums: object.checksums.clone(),
            modified_at: object.modified_at,
        };
        let reservation = received.claim.reservation().to_owned();
        let unit = Arc::new((conditions, object.clone(), segment, reservation));
        let committed = self.inner.db.write(async move |tx: &mut Tx| {
            let (conditions, object, segment, reservation) = &*unit;
            let files = make_room(tx, conditions, object, reservation).await?;
            store::replace_object(tx, object).await?;
            store::insert_segment(tx, segment).await?;
            Ok(files)
        });
        let files = settle_claim(committed.await, received.claim)?;
        self.inner.pins.remove_files(&object.bucket, &object.key, files);
        Ok(object)
    }

    /// Promises room to what is about to be received. What is small needs no promise: the commit decides.
    pub(super) async fn claim(
        &self,
        bucket: &str,
        replaced: Replaced,
        length: u64,
    ) -> Result<Claim, Refusal> {
        if length > LARGEST_PUT {
            return Err(Refusal::EntityTooLarge);
        }
        if length <= self.inner.inline_limit {
            return Ok(Claim::new(&self.inner.leftovers, None));
        }
        let bytes = i64::try_from(length).map_err(|_| Refusal::EntityTooLarge)?;
        let id = self.inner.ids.uuid().simple().to_string();
        // Before it is reserved: the unit may be done although nobody waits for it any more.
        let claim = Claim::new(&self.inner.leftovers, Some(id.clone()));
        let bucket = bucket.to_owned();
        let reserved = self.inner.db.write(async move |tx: &mut Tx| {
            let found = store::find_bucket_for_update(tx, &bucket).await?;
            let found = found.ok_or_else(|| refuse(Refusal::NoSuchBucket))?;
            let replaced = replaced_bytes(tx, &replaced).await?;
            let others = store::reserved_bytes(tx, &bucket, &id).await?;
            found.check_room(others, bytes, replaced).map_err(refuse)?;
            store::insert_reservation(tx, &id, &bucket, bytes).await?;
            Ok(())
        });
        reserved.await.map_err(settle)?;
        Ok(claim)
    }
}

/// How many bytes go; refuses at once what the commit would refuse too.
async fn replaced_bytes(tx: &mut Tx, replaced: &Replaced) -> Result<i64, UnitError<Refusal>> {
    match replaced {
        Replaced::Object(put) => {
            let old = store::find_object(tx, &put.bucket, &put.key).await?;
            put.conditions.check(old.as_ref()).map_err(refuse)?;
            Ok(old.map_or(0, |old| old.size))
        }
        Replaced::Part(upload_id, number) => {
            let parts = store::list_parts(tx, upload_id, number - 1, 1).await?;
            let old = parts.into_iter().find(|part| part.number == *number);
            Ok(old.map_or(0, |old| old.size))
        }
    }
}

/// Holds the bucket, checks that the object may be written, forgets the segments of what it replaces and counts it;
/// the files that nobody needs any more.
async fn make_room(
    tx: &mut Tx,
    conditions: &WriteConditions,
    object: &Object,
    reservation: &str,
) -> Result<Vec<String>, UnitError<Refusal>> {
    let bucket = store::find_bucket_for_update(tx, &object.bucket).await?;
    let bucket = bucket.ok_or_else(|| refuse(Refusal::NoSuchBucket))?;
    let old = store::find_object(tx, &object.bucket, &object.key).await?;
    conditions.check(old.as_ref()).map_err(refuse)?;
    let replaced = old.as_ref().map_or(0, |old| old.size);
    let others = store::reserved_bytes(tx, &object.bucket, reservation).await?;
    bucket.check_room(others, object.size, replaced).map_err(refuse)?;
    let change = Change {
        object_bytes: object.size - replaced,
        objects: i64::from(old.is_none()),
        part_bytes: 0,
    };
    store::change_bucket(tx, &object.bucket, change).await?;
    if !reservation.is_empty() {
        store::delete_reservation(tx, reservation).await?;
    }
    Ok(match old {
        Some(old) => store::delete_segments(tx, &old.content_id).await?,
        None => Vec::new(),
    })
}

/// What a commit made of a claim.
pub(super) fn settle_claim<T>(
    committed: Result<T, WriteError<UnitError<Refusal>>>,
    mut claim: Claim,
) -> Result<T, Refusal> {
    match committed {
        Ok(value) => {
            claim.settled();
            Ok(value)
        }
        Err(error) => {
            let is_unknown = matches!(
                error,
                WriteError::OutcomeUnknown
                    | WriteError::Refused(UnitError::Store(StoreError::OutcomeUnknown))
            );
            if is_unknown {
                claim.leave_file();
            }
            Err(settle(error))
        }
    }
}
