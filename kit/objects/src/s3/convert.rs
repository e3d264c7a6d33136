//! Between the types of the wire and ours.

use std::time::{Duration, UNIX_EPOCH};

use kit_runtime::Timestamp as Moment;
use s3s::dto::{ChecksumType, CopySource, ETag, ETagCondition, Metadata, Timestamp, TimestampFormat};
use s3s::{S3Result, TrailingHeaders, s3_error};

use crate::domain::{Algorithm, Checksums, Headers, ReadConditions, Refusal, Tag, WriteConditions};
use crate::service::{CopyFrom, Expected};

/// A moment, as the wire has it.
pub(super) fn timestamp(moment: Moment) -> Timestamp {
    let micros = u64::try_from(moment.as_micros()).unwrap_or_default();
    Timestamp::from(UNIX_EPOCH + Duration::from_micros(micros))
}

/// In seconds since the epoch, rounded down; none where it cannot be said.
pub(super) fn seconds(timestamp: &Timestamp) -> Option<i64> {
    let text = formatted(timestamp, TimestampFormat::EpochSeconds)?;
    text.split('.').next()?.parse().ok()
}

fn formatted(timestamp: &Timestamp, format: TimestampFormat) -> Option<String> {
    let mut text = Vec::new();
    timestamp.format(format, &mut text).ok()?;
    String::from_utf8(text).ok()
}

fn tag(condition: &ETagCondition) -> Tag {
    match condition {
        ETagCondition::Any => Tag::Any,
        ETagCondition::ETag(tag) => Tag::Is(tag.value().to_owned()),
    }
}

/// `If-Match`, `If-None-Match`, `If-Modified-Since` and `If-Unmodified-Since` of a read.
pub(super) fn read_conditions(
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
    if_modified_since: Option<&Timestamp>,
    if_unmodified_since: Option<&Timestamp>,
) -> ReadConditions {
    ReadConditions {
        tag: if_match.map(tag),
        other_than: if_none_match.map(tag),
        modified_since: if_modified_since.and_then(seconds),
        unmodified_since: if_unmodified_since.and_then(seconds),
    }
}

/// `If-Match` and `If-None-Match` of a write.
pub(super) fn write_conditions(
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> WriteConditions {
    WriteConditions {
        tag: if_match.map(tag),
        other_than: if_none_match.map(tag),
    }
}

pub(super) fn strong(etag: &str) -> ETag {
    ETag::Strong(etag.to_owned())
}

/// The headers of a request that makes an object, which all have the same names.
macro_rules! headers_of {
    ($input:expr) => {
        $crate::domain::Headers {
            content_type: $input.content_type.clone(),
            cache_control: $input.cache_control.clone(),
            content_disposition: $input.content_disposition.clone(),
            content_encoding: $input.content_encoding.clone(),
            content_language: $input.content_language.clone(),
            expires: $input.expires.as_ref().and_then($crate::s3::convert::http_date),
            metadata: $input.metadata.clone().unwrap_or_default().into_iter().collect(),
        }
    };
}
pub(super) use headers_of;

/// What the headers of a request, or a part of a completed upload, say of checksums.
macro_rules! sums_of {
    ($input:expr) => {{
        use $crate::domain::Algorithm;
        [
            (Algorithm::Crc32, $input.checksum_crc32.clone()),
            (Algorithm::Crc32c, $input.checksum_crc32c.clone()),
            (Algorithm::Crc64Nvme, $input.checksum_crc64nvme.clone()),
            (Algorithm::Sha1, $input.checksum_sha1.clone()),
            (Algorithm::Sha256, $input.checksum_sha256.clone()),
        ]
        .into_iter()
        .filter_map(|(algorithm, sum)| Some((algorithm, sum?)))
        .collect::<Vec<_>>()
    }};
}
pub(super) use sums_of;

/// An answer with the checksums in it.
macro_rules! with_sums {
    ($output:ident { $($rest:tt)* }, $sums:expr) => {{
        let sums: &$crate::domain::Checksums = $sums;
        let sum = |algorithm| sums.get(algorithm).map(str::to_owned);
        $output {
            checksum_crc32: sum($crate::domain::Algorithm::Crc32),
            checksum_crc32c: sum($crate::domain::Algorithm::Crc32c),
            checksum_crc64nvme: sum($crate::domain::Algorithm::Crc64Nvme),
            checksum_sha1: sum($crate::domain::Algorithm::Sha1),
            checksum_sha256: sum($crate::domain::Algorithm::Sha256),
            $($rest)*
        }
    }};
}
pub(super) use with_sums;

/// A date as HTTP writes it.
pub(super) fn http_date(timestamp: &Timestamp) -> Option<String> {
    formatted(timestamp, TimestampFormat::HttpDate)
}

/// A date that was kept as HTTP writes it.
pub(super) fn expires(headers: &Headers) -> Option<Timestamp> {
    let text = headers.expires.as_ref()?;
    Timestamp::parse(TimestampFormat::HttpDate, text).ok()
}

pub(super) fn metadata(headers: &Headers) -> Option<Metadata> {
    let metadata: Metadata = headers.metadata.clone().into_iter().collect();
    (!metadata.is_empty()).then_some(metadata)
}

pub(super) fn checksum_type(sums: &Checksums) -> Option<ChecksumType> {
    sums.kind.map(|kind| ChecksumType::from_static(kind.as_str()))
}

/// What a request says of its body.
pub(super) fn expected(
    length: Option<i64>,
    md5: Option<String>,
    sums: Vec<(Algorithm, String)>,
    headers: &http::HeaderMap,
    trailers: Option<TrailingHeaders>,
) -> Result<Expected, Refusal> {
    let length = length.ok_or(Refusal::MissingContentLength)?;
    // What a trailer will hold, and what the client computes with although it says no sum.
    let announced = headers
        .get_all("x-amz-trailer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().strip_prefix("x-amz-checksum-"));
    let declared = headers
        .get("x-amz-sdk-checksum-algorithm")
        .and_then(|value| value.to_str().ok());
    Ok(Expected {
        length: u64::try_from(length).map_err(|_| Refusal::MissingContentLength)?,
        md5,
        sums,
        algorithms: announced.chain(declared).filter_map(Algorithm::parse).collect(),
        trailers,
    })
}

/// The source of a copy, which has to be in the bucket of the key: no key is good for two.
pub(super) fn copy_from(source: &CopySource, bucket: &str, conditions: ReadConditions) -> S3Result<CopyFrom> {
    match source {
        CopySource::Bucket {
            bucket: source,
            key,
            version_id: None,
        } if **source == *bucket => Ok(CopyFrom {
            bucket: bucket.to_owned(),
            key: key.to_string(),
            conditions,
        }),
        CopySource::Bucket { version_id: None, .. } => Err(s3_error!(AccessDenied)),
        _ => Err(s3_error!(
            NotImplemented,
            "there are no versions and no access points"
        )),
    }
}
