//! Objects: put, get, head, delete, copy.

use std::ops::Range;

use futures::StreamExt as _;
use s3s::dto::{
    ChecksumAlgorithm, ChecksumMode, CopyObjectInput, CopyObjectOutput, CopyObjectResult, DeleteObjectInput,
    DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, Error, GetObjectInput,
    GetObjectOutput, HeadObjectInput, HeadObjectOutput, MetadataDirective, PutObjectInput, PutObjectOutput,
    StreamingBlob,
};
use s3s::{S3Error, S3Request, S3Response, S3Result};

use super::Operations;
use super::convert::{
    checksum_type, copy_from, expected, expires, headers_of, metadata, read_conditions, strong, sums_of,
    timestamp, with_sums, write_conditions,
};
use crate::domain::{Algorithm, Object, Refusal, check_key};
use crate::service::{Body, CopyTo, Expected, Put};

/// The most keys of one request, as in S3.
const MOST_DELETED: usize = 1000;

/// A request without a body has an empty one.
pub(super) fn body(body: Option<StreamingBlob>) -> Body {
    match body {
        Some(body) => body.boxed(),
        None => futures::stream::empty().boxed(),
    }
}

pub(super) async fn put_object(
    operations: &Operations,
    request: S3Request<PutObjectInput>,
) -> S3Result<S3Response<PutObjectOutput>> {
    let input = request.input;
    // The fields of a form are no headers, which were looked through before.
    let is_more_asked = input.server_side_encryption.is_some()
        || input.sse_customer_algorithm.is_some()
        || input.tagging.is_some()
        || input.object_lock_mode.is_some()
        || input.object_lock_legal_hold_status.is_some()
        || input.website_redirect_location.is_some();
    if is_more_asked {
        return Err(
            Refusal::NotImplemented("there are no encryption, tags, locks and redirects here").into(),
        );
    }
    // What a form is sent as is known to the library alone.
    if request.method == http::Method::POST && input.key.contains("${filename}") {
        return Err(Refusal::NotImplemented("the name of a file does not become a part of its key").into());
    }
    // A form's file of no bytes comes without a length.
    let length = input
        .content_length
        .or((request.method == http::Method::POST).then_some(0));
    let expected = expected(
        length,
        input.content_md5.clone(),
        sums_of!(input),
        &request.headers,
        request.trailing_headers,
    )?;
    let put = Put {
        headers: headers_of!(input),
        conditions: write_conditions(input.if_match.as_ref(), input.if_none_match.as_ref()),
        bucket: input.bucket,
        key: input.key,
    };
    let object = operations.objects.put(put, body(input.body), expected).await?;
    let output = with_sums!(
        PutObjectOutput {
            e_tag: Some(strong(&object.etag)),
            checksum_type: checksum_type(&object.checksums),
            ..PutObjectOutput::default()
        },
        &object.checksums
    );
    Ok(S3Response::new(output))
}

/// What a read gives of an object: which bytes, and what `Content-Range` says, if it is not all of it.
struct Portion {
    range: Range<u64>,
    content_range: Option<String>,
    parts: Option<i32>,
}

impl Portion {
    fn length(&self) -> Option<i64> {
        i64::try_from(self.range.end - self.range.start).ok()
    }
}

/// The whole object, a range of it, or one of its parts.
fn portion(
    object: &Object,
    range: Option<&s3s::dto::Range>,
    part: Option<Range<u64>>,
) -> Result<Portion, S3Error> {
    let size = u64::try_from(object.size).unwrap_or_default();
    let parts = part
        .is_some()
        .then(|| i32::try_from(object.parts).unwrap_or_default());
    let chosen = match (range, part) {
        (Some(range), _) => Some(range.check(size)?),
        (None, part) => part,
    };
    let range = chosen.clone().unwrap_or(0..size);
    // Nothing of an empty object has an end to be named.
    let shown = chosen.filter(|range| !range.is_empty());
    Ok(Portion {
        content_range: shown.map(|range| format!("bytes {}-{}/{size}", range.start, range.end - 1)),
        range,
        parts: parts.filter(|parts| *parts > 0),
    })
}

/// The answers to `GetObject` and `HeadObject` differ by the body alone.
macro_rules! output {
    ($output:ident, $object:expr, $portion:expr, $with_checksums:expr) => {{
        let (object, portion) = ($object, $portion);
        let none = $crate::domain::Checksums::default();
        // A checksum is that of the whole.
        let sums = match $with_checksums && portion.content_range.is_none() {
            true => &object.checksums,
            false => &none,
        };
        with_sums!(
            $output {
                accept_ranges: Some("bytes".to_owned()),
                cache_control: object.headers.cache_control.clone(),
                checksum_type: checksum_type(sums),
                content_disposition: object.headers.content_disposition.clone(),
                content_encoding: object.headers.content_encoding.clone(),
                content_language: object.headers.content_language.clone(),
                content_length: portion.length(),
                content_range: portion.content_range.clone(),
                content_type: Some(content_type(object)),
                e_tag: Some(strong(&object.etag)),
                expires: expires(&object.headers),
                last_modified: Some(timestamp(object.modified_at)),
                metadata: metadata(&object.headers),
                parts_count: portion.parts,
                ..$output::default()
            },
            sums
        )
    }};
}

fn content_type(object: &Object) -> String {
    let given = object.headers.content_type.clone();
    given.unwrap_or_else(|| "binary/octet-stream".to_owned())
}

fn is_enabled(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

pub(super) async fn get_object(
    operations: &Operations,
    request: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    let input = request.input;
    no_version(input.version_id.as_ref())?;
    let conditions = read_conditions(
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
        input.if_modified_since.as_ref(),
        input.if_unmodified_since.as_ref(),
    );
    let found = operations
        .objects
        .open_object(&input.bucket, &input.key, &conditions)
        .await?;
    let part = input
        .part_number
        .map(|number| found.part_range(number))
        .transpose()?;
    let portion = portion(&found.object, input.range.as_ref(), part)?;
    let mut output = output!(
        GetObjectOutput,
        &found.object,
        &portion,
        is_enabled(input.checksum_mode.as_ref())
    );
    output.body = Some(StreamingBlob::wrap(
        operations.objects.read(found, &portion.range),
    ));
    Ok(S3Response::new(output))
}

pub(super) async fn head_object(
    operations: &Operations,
    request: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let input = request.input;
    no_version(input.version_id.as_ref())?;
    let conditions = read_conditions(
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
        input.if_modified_since.as_ref(),
        input.if_unmodified_since.as_ref(),
    );
    let objects = &operations.objects;
    let (object, part) = match input.part_number {
        None => (objects.find(&input.bucket, &input.key, &conditions).await?, None),
        Some(number) => {
            let found = objects
                .open_object(&input.bucket, &input.key, &conditions)
                .await?;
            let part = found.part_range(number)?;
            (found.object, Some(part))
        }
    };
    let portion = portion(&object, input.range.as_ref(), part)?;
    let with_checksums = is_enabled(input.checksum_mode.as_ref());
    let output = output!(HeadObjectOutput, &object, &portion, with_checksums);
    Ok(S3Response::new(output))
}

fn no_version(version: Option<&String>) -> Result<(), Refusal> {
    if version.is_none_or(|version| version == "null") {
        return Ok(());
    }
    Err(Refusal::NotImplemented("there are no versions of objects"))
}

pub(super) async fn delete_object(
    operations: &Operations,
    request: S3Request<DeleteObjectInput>,
) -> S3Result<S3Response<DeleteObjectOutput>> {
    let input = request.input;
    no_version(input.version_id.as_ref())?;
    let conditions = write_conditions(input.if_match.as_ref(), None);
    let objects = &operations.objects;
    objects.delete(input.bucket, input.key, conditions).await?;
    Ok(S3Response::new(DeleteObjectOutput::default()))
}

pub(super) async fn delete_objects(
    operations: &Operations,
    request: S3Request<DeleteObjectsInput>,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    let input = request.input;
    let (mut keys, mut errors) = (Vec::new(), Vec::new());
    if input.delete.objects.len() > MOST_DELETED {
        return Err(Refusal::InvalidArgument("a request deletes 1000 objects at most").into());
    }
    for object in input.delete.objects {
        let checked = check_key(&object.key).and_then(|()| no_version(object.version_id.as_ref()));
        match checked {
            Ok(()) => keys.push(object.key),
            Err(refusal) => errors.push(error_of(object.key, refusal)),
        }
    }
    let deleted = keys.clone();
    let conditions = write_conditions(None, None);
    operations
        .objects
        .delete_all(input.bucket, keys, conditions)
        .await?;
    let is_quiet = input.delete.quiet.unwrap_or_default();
    let shown = deleted
        .into_iter()
        .filter(|_| !is_quiet)
        .map(|key| DeletedObject {
            key: Some(key),
            ..DeletedObject::default()
        });
    Ok(S3Response::new(DeleteObjectsOutput {
        deleted: Some(shown.collect()),
        errors: Some(errors),
        ..DeleteObjectsOutput::default()
    }))
}

fn error_of(key: String, refusal: Refusal) -> Error {
    let message = refusal.to_string();
    Error {
        code: Some(S3Error::from(refusal).code().as_str().to_owned()),
        key: Some(key),
        message: Some(message),
        version_id: None,
    }
}

pub(super) async fn copy_object(
    operations: &Operations,
    request: S3Request<CopyObjectInput>,
) -> S3Result<S3Response<CopyObjectOutput>> {
    let input = request.input;
    let conditions = read_conditions(
        input.copy_source_if_match.as_ref(),
        input.copy_source_if_none_match.as_ref(),
        input.copy_source_if_modified_since.as_ref(),
        input.copy_source_if_unmodified_since.as_ref(),
    );
    let from = copy_from(&input.copy_source, &input.bucket, conditions)?;
    let directive = input.metadata_directive.as_ref().map(MetadataDirective::as_str);
    let algorithm = input.checksum_algorithm.as_ref().map(ChecksumAlgorithm::as_str);
    let to = CopyTo {
        headers: (directive == Some(MetadataDirective::REPLACE)).then(|| headers_of!(input)),
        expected: Expected {
            algorithms: algorithm.and_then(Algorithm::parse).into_iter().collect(),
            ..Expected::default()
        },
        bucket: input.bucket,
        key: input.key,
    };
    let object = operations.objects.copy(from, to).await?;
    let result = with_sums!(
        CopyObjectResult {
            e_tag: Some(strong(&object.etag)),
            last_modified: Some(timestamp(object.modified_at)),
            checksum_type: checksum_type(&object.checksums),
        },
        &object.checksums
    );
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result: Some(result),
        ..CopyObjectOutput::default()
    }))
}
