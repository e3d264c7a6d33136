//! Uploads in parts. A part is a segment of the upload from when it is received, and counts against the quota; a
//! completed upload is an object whose segments they are, so that nothing is copied.

use std::sync::Arc;

use kit_db::{Reader, Tx, UnitError, refuse};

use super::put::{Replaced, settle_claim};
use super::receive::{Body, Expected, Received};
use super::{Objects, settle, store_failed};
use crate::domain::{
    Algorithm, Change, ChecksumKind, Completion, Headers, ListedPart, MOST_PARTS, Object, Refusal, Segment,
    Upload, WriteConditions, check_key, complete,
};
use crate::store;

/// An upload to be begun.
#[derive(Debug)]
pub(crate) struct NewUpload {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) headers: Headers,
    pub(crate) checksum_algorithm: Option<Algorithm>,
    pub(crate) checksum_type: Option<ChecksumKind>,
}

/// Which upload.
#[derive(Clone, Debug)]
pub(crate) struct UploadOf {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) id: String,
}

/// Which part of which upload.
#[derive(Clone, Debug)]
pub(crate) struct PartPut {
    pub(crate) upload: UploadOf,
    pub(crate) number: i64,
}

/// What an upload is completed with.
#[derive(Clone, Debug)]
pub(crate) struct CompleteUpload {
    pub(crate) parts: Vec<ListedPart>,
    /// What the client says of the whole object, where it does.
    pub(crate) sums: Vec<(Algorithm, String)>,
    pub(crate) conditions: WriteConditions,
}

impl Objects {
    pub(crate) async fn create_upload(&self, new: NewUpload) -> Result<Upload, Refusal> {
        check_key(&new.key)?;
        let checksum = new.checksum_algorithm.map(|algorithm| {
            let kind = new.checksum_type.unwrap_or(algorithm.default_kind());
            (algorithm, kind)
        });
        if checksum.is_some_and(|(algorithm, kind)| !algorithm.can_be(kind)) {
            return Err(Refusal::InvalidArgument(
                "a hash of parts is no hash of the whole object",
            ));
        }
        let upload = Upload {
            id: self.inner.ids.uuid().simple().to_string(),
            bucket: new.bucket,
            key: new.key,
            headers: new.headers.checked()?,
            checksum,
            created_at: self.inner.clock.now(),
        };
        let unit = upload.clone();
        let created = self.inner.db.write(async move |tx: &mut Tx| {
            let bucket = store::find_bucket_for_update(tx, &unit.bucket).await?;
            bucket.ok_or_else(|| refuse(Refusal::NoSuchBucket))?;
            store::insert_upload(tx, &unit).await?;
            Ok(())
        });
        created.await.map_err(settle)?;
        Ok(upload)
    }

    pub(crate) async fn upload(&self, of: &UploadOf) -> Result<Upload, Refusal> {
        let of = of.clone();
        let found = self.inner.db.read(async move |reader: &mut Reader| {
            store::find_upload(reader, &of.bucket, &of.key, &of.id).await
        });
        found.await.map_err(store_failed)?.ok_or(Refusal::NoSuchUpload)
    }

    /// Puts a part, in place of one of the same number.
    pub(crate) async fn put_part(
        &self,
        part: PartPut,
        body: Body,
        mut expected: Expected,
    ) -> Result<Segment, Refusal> {
        if !(1..=MOST_PARTS).contains(&part.number) {
            return Err(Refusal::InvalidArgument("a part's number is from 1 to 10000"));
        }
        let upload = self.upload(&part.upload).await?;
        expected
            .algorithms
            .extend(upload.checksum.map(|(algorithm, _)| algorithm));
        let replaced = Replaced::Part(upload.id.clone(), part.number);
        let claim = self.claim(&upload.bucket, replaced, expected.length).await?;
        let received = self.receive(body, expected, claim).await?;
        let objects = self.clone();
        self.to_the_end(async move { objects.commit_part(part, received).await })
            .await
    }

    async fn commit_part(&self, part: PartPut, received: Received) -> Result<Segment, Refusal> {
        let segment = Segment {
            content_id: part.upload.id.clone(),
            number: part.number,
            size: received.size,
            piece: received.piece,
            etag: received.etag,
            checksums: received.checksums,
            modified_at: self.inner.clock.now(),
        };
        let unit = Arc::new((
            part.upload,
            segment.clone(),
            received.claim.reservation().to_owned(),
        ));
        let committed = self.inner.db.write(async move |tx: &mut Tx| {
            let (upload, segment, reservation) = &*unit;
            replace_part(tx, upload, segment, reservation).await
        });
        // Nobody reads a part before its upload is completed.
        if let Some(file) = settle_claim(committed.await, received.claim)? {
            self.inner.leftovers.file(file);
        }
        Ok(segment)
    }

    /// Makes an object of an upload. Once more is no harm while the object is there.
    pub(crate) async fn complete_upload(
        &self,
        of: UploadOf,
        request: CompleteUpload,
    ) -> Result<Object, Refusal> {
        let objects = self.clone();
        let now = self.inner.clock.now();
        self.to_the_end(async move {
            let unit = Arc::new((of, request));
            let completed = objects.inner.db.write(async move |tx: &mut Tx| {
                let (of, request) = &*unit;
                let Some(upload) = store::find_upload(tx, &of.bucket, &of.key, &of.id).await? else {
                    return completed_before(tx, of).await;
                };
                let stored = store::list_parts(tx, &upload.id, 0, MOST_PARTS).await?;
                let completion = complete(&request.parts, &stored, upload.checksum).map_err(refuse)?;
                let is_other = |(algorithm, sum): &(Algorithm, String)| {
                    completion
                        .checksums
                        .get(*algorithm)
                        .is_some_and(|computed| computed != sum)
                };
                if request.sums.iter().any(is_other) {
                    return Err(refuse(Refusal::BadDigest));
                }
                let object = object_of(upload, &completion, now);
                let files = make_object(tx, &request.conditions, &object, &completion).await?;
                Ok((object, files))
            });
            let (object, files) = completed.await.map_err(settle)?;
            objects
                .inner
                .pins
                .remove_files(&object.bucket, &object.key, files);
            Ok(object)
        })
        .await
    }

    pub(crate) async fn abort_upload(&self, of: UploadOf) -> Result<(), Refusal> {
        let objects = self.clone();
        self.to_the_end(async move {
            let aborted = objects.inner.db.write(async move |tx: &mut Tx| {
                let bucket = store::find_bucket_for_update(tx, &of.bucket).await?;
                bucket.ok_or_else(|| refuse(Refusal::NoSuchBucket))?;
                let upload = store::find_upload(tx, &of.bucket, &of.key, &of.id).await?;
                let upload = upload.ok_or_else(|| refuse(Refusal::NoSuchUpload))?;
                let parts = store::list_parts(tx, &upload.id, 0, MOST_PARTS).await?;
                let change = Change {
                    part_bytes: -parts.iter().map(|part| part.size).sum::<i64>(),
                    ..Change::default()
                };
                store::change_bucket(tx, &of.bucket, change).await?;
                let files = store::delete_segments(tx, &upload.id).await?;
                store::delete_upload_row(tx, &upload.id).await?;
                Ok(files)
            });
            for file in aborted.await.map_err(settle)? {
                objects.inner.leftovers.file(file);
            }
            Ok(())
        })
        .await
    }

    /// At most `limit` parts behind a number.
    pub(crate) async fn list_parts(
        &self,
        upload: &Upload,
        behind: i64,
        limit: i64,
    ) -> Result<Vec<Segment>, Refusal> {
        let id = upload.id.clone();
        let listed = self
            .inner
            .db
            .read(async move |reader: &mut Reader| store::list_parts(reader, &id, behind, limit).await);
        listed.await.map_err(store_failed)
    }

    /// At most `limit` uploads behind an upload of a key.
    pub(crate) async fn list_uploads(
        &self,
        bucket: &str,
        (key, id): (String, String),
        limit: i64,
    ) -> Result<Vec<Upload>, Refusal> {
        let bucket = bucket.to_owned();
        let listed = self.inner.db.read(async move |reader: &mut Reader| {
            store::list_uploads(reader, &bucket, (&key, &id), limit).await
        });
        listed.await.map_err(store_failed)
    }
}

async fn replace_part(
    tx: &mut Tx,
    of: &UploadOf,
    segment: &Segment,
    reservation: &str,
) -> Result<Option<String>, UnitError<Refusal>> {
    let bucket = store::find_bucket_for_update(tx, &of.bucket).await?;
    let bucket = bucket.ok_or_else(|| refuse(Refusal::NoSuchBucket))?;
    let upload = store::find_upload(tx, &of.bucket, &of.key, &of.id).await?;
    upload.ok_or_else(|| refuse(Refusal::NoSuchUpload))?;
    let old = store::delete_segment(tx, &of.id, segment.number).await?;
    let (replaced, file) = old.unwrap_or_default();
    let others = store::reserved_bytes(tx, &of.bucket, reservation).await?;
    bucket
        .check_room(others, segment.size, replaced)
        .map_err(refuse)?;
    store::insert_segment(tx, segment).await?;
    let change = Change {
        part_bytes: segment.size - replaced,
        ..Change::default()
    };
    store::change_bucket(tx, &of.bucket, change).await?;
    if !reservation.is_empty() {
        store::delete_reservation(tx, reservation).await?;
    }
    Ok(file)
}

fn object_of(upload: Upload, completion: &Completion, now: kit_runtime::Timestamp) -> Object {
    Object {
        bucket: upload.bucket,
        key: upload.key,
        content_id: upload.id,
        size: completion.size,
        etag: completion.etag.clone(),
        parts: completion.parts,
        modified_at: now,
        headers: upload.headers,
        checksums: completion.checksums.clone(),
    }
}

/// Puts the object of an upload in place of what has its key; the files that nobody needs any more.
async fn make_object(
    tx: &mut Tx,
    conditions: &WriteConditions,
    object: &Object,
    completion: &Completion,
) -> Result<Vec<String>, UnitError<Refusal>> {
    let bucket = store::find_bucket_for_update(tx, &object.bucket).await?;
    bucket.ok_or_else(|| refuse(Refusal::NoSuchBucket))?;
    let old = store::find_object(tx, &object.bucket, &object.key).await?;
    conditions.check(old.as_ref()).map_err(refuse)?;
    let change = Change {
        object_bytes: object.size - old.as_ref().map_or(0, |old| old.size),
        objects: i64::from(old.is_none()),
        part_bytes: -completion.part_bytes,
    };
    store::change_bucket(tx, &object.bucket, change).await?;
    let mut files = match old {
        Some(old) => store::delete_segments(tx, &old.content_id).await?,
        None => Vec::new(),
    };
    for number in &completion.unused {
        let unused = store::delete_segment(tx, &object.content_id, *number).await?;
        files.extend(unused.and_then(|(_, file)| file));
    }
    store::replace_object(tx, object).await?;
    store::delete_upload_row(tx, &object.content_id).await?;
    Ok(files)
}

/// A client that did not get the answer asks again, and gets it.
async fn completed_before(tx: &mut Tx, of: &UploadOf) -> Result<(Object, Vec<String>), UnitError<Refusal>> {
    let object = store::find_object_of_content(tx, &of.id).await?;
    let object = object.filter(|object| object.bucket == of.bucket && object.key == of.key);
    Ok((object.ok_or_else(|| refuse(Refusal::NoSuchUpload))?, Vec::new()))
}
