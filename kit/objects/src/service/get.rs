//! Getting an object.

use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, TryStreamExt as _};
use kit_db::Reader;

use super::{Objects, io_failed, store_failed};
use crate::domain::{Object, Piece, ReadConditions, ReadOutcome, Refusal, Segment, slices};
use crate::files::{self, read};
use crate::store;

/// An object whose row is replaced between two statements is looked up again; nobody is so unlucky so often.
const TRIES: usize = 16;

/// An object and where its bytes are, which stay there for as long as this is held.
pub(crate) struct Found {
    pub(crate) object: Object,
    segments: Vec<Segment>,
    pin: Arc<files::Pin>,
}

/// The bytes of a range.
pub(crate) type Reading = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send + Sync>>;

impl Objects {
    /// An object that meets the conditions, without its bytes.
    pub(crate) async fn find(
        &self,
        bucket: &str,
        key: &str,
        conditions: &ReadConditions,
    ) -> Result<Object, Refusal> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        let found = self
            .inner
            .db
            .read(async move |reader: &mut Reader| store::find_object(reader, &bucket, &key).await);
        let object = found.await.map_err(store_failed)?.ok_or(Refusal::NoSuchKey)?;
        match conditions.check(&object.etag, object.modified_at) {
            ReadOutcome::Given => Ok(object),
            ReadOutcome::NotModified => Err(Refusal::NotModified),
            ReadOutcome::PreconditionFailed => Err(Refusal::PreconditionFailed),
        }
    }

    /// An object that meets the conditions, to be read.
    pub(crate) async fn open_object(
        &self,
        bucket: &str,
        key: &str,
        conditions: &ReadConditions,
    ) -> Result<Found, Refusal> {
        for _ in 0..TRIES {
            // Before the row is read, or its files might go in between.
            let pin = self.inner.pins.pin(bucket, key);
            let object = self.find(bucket, key, conditions).await?;
            let content_id = object.content_id.clone();
            let segments = self
                .inner
                .db
                .read(async move |reader: &mut Reader| store::list_segments(reader, &content_id).await);
            let segments = segments.await.map_err(store_failed)?;
            // An object has one segment at least, also where it has no bytes.
            if !segments.is_empty() {
                return Ok(Found {
                    object,
                    segments,
                    pin,
                });
            }
        }
        Err(Refusal::Unavailable)
    }

    /// Streams a range of what was found. What is replaced or deleted meanwhile is read to its end.
    pub(crate) fn read(&self, found: Found, range: &Range<u64>) -> Reading {
        let slices = slices(found.segments.iter().map(size), range);
        let mut pieces: Vec<Option<Piece>> = found
            .segments
            .into_iter()
            .map(|segment| Some(segment.piece))
            .collect();
        // Each segment is in one slice at most.
        let chosen = slices
            .into_iter()
            .filter_map(|slice| Some((pieces.get_mut(slice.index)?.take()?, slice)));
        let stream = read(self.inner.files.clone(), chosen.collect(), found.pin);
        Box::pin(stream.inspect_err(|error| {
            io_failed(error);
        }))
    }
}

impl Found {
    /// Where a part of an object that was uploaded in parts begins and ends; one in one piece is its own first part.
    pub(crate) fn part_range(&self, number: i32) -> Result<Range<u64>, Refusal> {
        let index = usize::try_from(number - 1).map_err(|_| Refusal::InvalidRange)?;
        let part = self.segments.get(index).ok_or(Refusal::InvalidRange)?;
        let begin = self.segments.iter().take(index).map(size).sum();
        Ok(begin..begin + size(part))
    }
}

fn size(segment: &Segment) -> u64 {
    u64::try_from(segment.size).unwrap_or_default()
}
