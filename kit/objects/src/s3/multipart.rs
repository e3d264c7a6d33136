//! Uploads in parts.

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CopyPartResult,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload, Part, Range, StorageClass,
    UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Response, S3Result};

use super::Operations;
use super::convert::{
    checksum_type, copy_from, expected, headers_of, read_conditions, strong, sums_of, timestamp, with_sums,
    write_conditions,
};
use super::listings::{Spelling, limit};
use super::objects::body;
use crate::domain::{Algorithm, ChecksumKind, Checksums, ListedPart, Refusal, Segment, Upload};
use crate::service::{CompleteUpload, NewUpload, PartPut, UploadOf};

fn algorithm_of(upload: &Upload) -> Option<ChecksumAlgorithm> {
    let (algorithm, _) = upload.checksum?;
    Some(ChecksumAlgorithm::from_static(algorithm.as_str()))
}

fn type_of(upload: &Upload) -> Option<ChecksumType> {
    let (_, kind) = upload.checksum?;
    Some(ChecksumType::from_static(kind.as_str()))
}

pub(super) async fn create_multipart_upload(
    operations: &Operations,
    request: S3Request<CreateMultipartUploadInput>,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    let input = request.input;
    let algorithm = input.checksum_algorithm.as_ref().map(ChecksumAlgorithm::as_str);
    let kind = input.checksum_type.as_ref().map(ChecksumType::as_str);
    let new = NewUpload {
        headers: headers_of!(input),
        checksum_algorithm: algorithm.and_then(Algorithm::parse),
        checksum_type: kind.and_then(ChecksumKind::parse),
        bucket: input.bucket,
        key: input.key,
    };
    let upload = operations.objects.create_upload(new).await?;
    Ok(S3Response::new(CreateMultipartUploadOutput {
        checksum_algorithm: algorithm_of(&upload),
        checksum_type: type_of(&upload),
        bucket: Some(upload.bucket),
        key: Some(upload.key),
        upload_id: Some(upload.id),
        ..CreateMultipartUploadOutput::default()
    }))
}

pub(super) async fn upload_part(
    operations: &Operations,
    request: S3Request<UploadPartInput>,
) -> S3Result<S3Response<UploadPartOutput>> {
    let input = request.input;
    let expected = expected(
        input.content_length,
        input.content_md5.clone(),
        sums_of!(input),
        &request.headers,
        request.trailing_headers,
    )?;
    let part = PartPut {
        upload: UploadOf {
            bucket: input.bucket,
            key: input.key,
            id: input.upload_id,
        },
        number: i64::from(input.part_number),
    };
    let segment = operations
        .objects
        .put_part(part, body(input.body), expected)
        .await?;
    let output = with_sums!(
        UploadPartOutput {
            e_tag: Some(strong(&segment.etag)),
            ..UploadPartOutput::default()
        },
        &segment.checksums
    );
    Ok(S3Response::new(output))
}

pub(super) async fn upload_part_copy(
    operations: &Operations,
    request: S3Request<UploadPartCopyInput>,
) -> S3Result<S3Response<UploadPartCopyOutput>> {
    let input = request.input;
    let conditions = read_conditions(
        input.copy_source_if_match.as_ref(),
        input.copy_source_if_none_match.as_ref(),
        input.copy_source_if_modified_since.as_ref(),
        input.copy_source_if_unmodified_since.as_ref(),
    );
    let from = copy_from(&input.copy_source, &input.bucket, conditions)?;
    let range = input.copy_source_range.as_deref().map(copied_range).transpose()?;
    let part = PartPut {
        upload: UploadOf {
            bucket: input.bucket,
            key: input.key,
            id: input.upload_id,
        },
        number: i64::from(input.part_number),
    };
    let segment = operations.objects.copy_part(from, range, part).await?;
    let result = with_sums!(
        CopyPartResult {
            e_tag: Some(strong(&segment.etag)),
            last_modified: Some(timestamp(segment.modified_at)),
        },
        &segment.checksums
    );
    Ok(S3Response::new(UploadPartCopyOutput {
        copy_part_result: Some(result),
        ..UploadPartCopyOutput::default()
    }))
}

/// `bytes=first-last`; both have to be there.
fn copied_range(text: &str) -> Result<std::ops::Range<u64>, Refusal> {
    match Range::parse(text) {
        Ok(Range::Int {
            first,
            last: Some(last),
        }) => Ok(first..last.saturating_add(1)),
        _ => Err(Refusal::InvalidArgument(
            "a range to be copied is `bytes=first-last`",
        )),
    }
}

pub(super) async fn complete_multipart_upload(
    operations: &Operations,
    request: S3Request<CompleteMultipartUploadInput>,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let input = request.input;
    let parts = input
        .multipart_upload
        .as_ref()
        .and_then(|upload| upload.parts.as_ref());
    let parts: Result<Vec<ListedPart>, Refusal> = parts.into_iter().flatten().map(listed).collect();
    let complete = CompleteUpload {
        parts: parts?,
        sums: sums_of!(input),
        conditions: write_conditions(input.if_match.as_ref(), input.if_none_match.as_ref()),
    };
    let of = UploadOf {
        bucket: input.bucket,
        key: input.key,
        id: input.upload_id,
    };
    let object = operations.objects.complete_upload(of, complete).await?;
    let output = with_sums!(
        CompleteMultipartUploadOutput {
            e_tag: Some(strong(&object.etag)),
            checksum_type: checksum_type(&object.checksums),
            location: Some(format!("/{}/{}", object.bucket, Spelling::Url.spell(&object.key))),
            bucket: Some(object.bucket),
            key: Some(object.key),
            ..CompleteMultipartUploadOutput::default()
        },
        &object.checksums
    );
    Ok(S3Response::new(output))
}

fn listed(part: &CompletedPart) -> Result<ListedPart, Refusal> {
    let number = part.part_number.ok_or(Refusal::InvalidPart)?;
    Ok(ListedPart {
        number: i64::from(number),
        etag: part.e_tag.as_ref().map(|tag| tag.value().to_owned()),
        checksums: Checksums {
            sums: sums_of!(part),
            kind: None,
        },
    })
}

pub(super) async fn abort_multipart_upload(
    operations: &Operations,
    request: S3Request<AbortMultipartUploadInput>,
) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
    let input = request.input;
    let of = UploadOf {
        bucket: input.bucket,
        key: input.key,
        id: input.upload_id,
    };
    operations.objects.abort_upload(of).await?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

pub(super) async fn list_parts(
    operations: &Operations,
    request: S3Request<ListPartsInput>,
) -> S3Result<S3Response<ListPartsOutput>> {
    let input = request.input;
    let of = UploadOf {
        bucket: input.bucket,
        key: input.key,
        id: input.upload_id,
    };
    let upload = operations.objects.upload(&of).await?;
    let limit = limit(input.max_parts)?;
    let marker = input.part_number_marker.unwrap_or_default();
    let objects = &operations.objects;
    let mut parts = objects
        .list_parts(&upload, i64::from(marker), i64::from(limit) + 1)
        .await?;
    let most = usize::try_from(limit).unwrap_or_default();
    let is_truncated = parts.len() > most && most > 0;
    parts.truncate(most);
    let last = parts.last().and_then(|part| i32::try_from(part.number).ok());
    Ok(S3Response::new(ListPartsOutput {
        checksum_algorithm: algorithm_of(&upload),
        checksum_type: type_of(&upload),
        parts: Some(parts.iter().map(part).collect()),
        is_truncated: Some(is_truncated),
        max_parts: Some(limit),
        part_number_marker: Some(marker),
        next_part_number_marker: last.filter(|_| is_truncated),
        bucket: Some(upload.bucket),
        key: Some(upload.key),
        upload_id: Some(upload.id),
        ..ListPartsOutput::default()
    }))
}

fn part(segment: &Segment) -> Part {
    with_sums!(
        Part {
            e_tag: Some(strong(&segment.etag)),
            last_modified: Some(timestamp(segment.modified_at)),
            part_number: i32::try_from(segment.number).ok(),
            size: Some(segment.size),
        },
        &segment.checksums
    )
}

pub(super) async fn list_multipart_uploads(
    operations: &Operations,
    request: S3Request<ListMultipartUploadsInput>,
) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
    let input = request.input;
    if input.delimiter.is_some() {
        return Err(Refusal::NotImplemented("uploads are listed without a delimiter").into());
    }
    let spelling = Spelling::requested(input.encoding_type.as_ref())?;
    let limit = limit(input.max_uploads)?;
    let prefix = input.prefix.clone().unwrap_or_default();
    let after = behind(
        &prefix,
        input.key_marker.as_deref(),
        input.upload_id_marker.as_deref(),
    );
    let objects = &operations.objects;
    let mut uploads = objects
        .list_uploads(&input.bucket, after, i64::from(limit) + 1)
        .await?;
    uploads.retain(|upload| upload.key.starts_with(&prefix));
    let most = usize::try_from(limit).unwrap_or_default();
    let is_truncated = uploads.len() > most && most > 0;
    uploads.truncate(most);
    let last = uploads.last().filter(|_| is_truncated);
    Ok(S3Response::new(ListMultipartUploadsOutput {
        next_key_marker: last.map(|upload| spelling.spell(&upload.key)),
        next_upload_id_marker: last.map(|upload| upload.id.clone()),
        uploads: Some(uploads.iter().map(|upload| shown(upload, spelling)).collect()),
        is_truncated: Some(is_truncated),
        max_uploads: Some(limit),
        bucket: Some(input.bucket),
        prefix: Some(spelling.spell(&prefix)),
        key_marker: input.key_marker.map(|key| spelling.spell(&key)),
        upload_id_marker: input.upload_id_marker,
        encoding_type: input.encoding_type,
        ..ListMultipartUploadsOutput::default()
    }))
}

/// Behind which upload of which key a page begins: all of a key where no upload of it is named.
fn behind(prefix: &str, key: Option<&str>, id: Option<&str>) -> (String, String) {
    // Behind every identifier, which are hexadecimal digits.
    const EVERY: &str = "g";
    match key.filter(|key| *key >= prefix) {
        Some(key) => (key.to_owned(), id.unwrap_or(EVERY).to_owned()),
        None => (prefix.to_owned(), String::new()),
    }
}

fn shown(upload: &Upload, spelling: Spelling) -> MultipartUpload {
    MultipartUpload {
        checksum_algorithm: algorithm_of(upload),
        checksum_type: type_of(upload),
        initiated: Some(timestamp(upload.created_at)),
        key: Some(spelling.spell(&upload.key)),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        upload_id: Some(upload.id.clone()),
        ..MultipartUpload::default()
    }
}
