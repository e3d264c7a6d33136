//! Copying an object: it is read and put like any other, so that it has a tag of its own and is counted like any other.

use std::ops::Range;

use futures::TryStreamExt as _;

use super::put::Put;
use super::receive::{Body, Expected};
use super::uploads::PartPut;
use super::{Found, Objects};
use crate::domain::{Headers, Object, ReadConditions, Refusal, Segment, WriteConditions};

/// What is copied.
#[derive(Debug)]
pub(crate) struct CopyFrom {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) conditions: ReadConditions,
}

/// What it becomes.
#[derive(Debug)]
pub(crate) struct CopyTo {
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// None where those of the source are kept.
    pub(crate) headers: Option<Headers>,
    /// Checksums to be computed.
    pub(crate) expected: Expected,
}

impl Objects {
    pub(crate) async fn copy(&self, from: CopyFrom, to: CopyTo) -> Result<Object, Refusal> {
        let found = self.find_source(&from).await?;
        if to.headers.is_none() && from.bucket == to.bucket && from.key == to.key {
            return Err(Refusal::InvalidArgument(
                "an object is copied onto itself only with other headers",
            ));
        }
        let put = Put {
            bucket: to.bucket,
            key: to.key,
            headers: to.headers.unwrap_or_else(|| found.object.headers.clone()),
            conditions: WriteConditions::default(),
        };
        let range = whole(&found);
        let expected = Expected {
            length: range.end,
            ..to.expected
        };
        // A copy has the kinds of checksums of its source.
        let expected = with_algorithms(expected, &found.object);
        let body = self.body(found, &range);
        self.put(put, body, expected).await
    }

    /// Copies an object, or a range of it that lies within, to a part of an upload.
    pub(crate) async fn copy_part(
        &self,
        from: CopyFrom,
        range: Option<Range<u64>>,
        part: PartPut,
    ) -> Result<Segment, Refusal> {
        let found = self.find_source(&from).await?;
        let whole = whole(&found);
        let range = range.unwrap_or_else(|| whole.clone());
        if range.start > range.end || range.end > whole.end {
            return Err(Refusal::InvalidRange);
        }
        let expected = Expected {
            length: range.end - range.start,
            ..Expected::default()
        };
        let body = self.body(found, &range);
        self.put_part(part, body, expected).await
    }

    /// An unmet condition on the source is always an unmet precondition.
    async fn find_source(&self, from: &CopyFrom) -> Result<Found, Refusal> {
        let found = self.open_object(&from.bucket, &from.key, &from.conditions).await;
        found.map_err(|refusal| match refusal {
            Refusal::NotModified => Refusal::PreconditionFailed,
            other => other,
        })
    }

    fn body(&self, found: Found, range: &Range<u64>) -> Body {
        Box::pin(self.read(found, range).map_err(Into::into))
    }
}

fn whole(found: &Found) -> Range<u64> {
    0..u64::try_from(found.object.size).unwrap_or_default()
}

fn with_algorithms(mut expected: Expected, source: &Object) -> Expected {
    let of_source = source.checksums.sums.iter().map(|(algorithm, _)| *algorithm);
    if expected.algorithms.is_empty() {
        expected.algorithms = of_source.collect();
    }
    expected
}
