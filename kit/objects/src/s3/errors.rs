//! Refusals as errors of S3.

use http::StatusCode;
use s3s::{S3Error, S3ErrorCode};

use crate::domain::Refusal;

impl From<Refusal> for S3Error {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::NoSuchBucket => S3ErrorCode::NoSuchBucket,
            Refusal::BucketExists => S3ErrorCode::BucketAlreadyExists,
            Refusal::InvalidBucketName => S3ErrorCode::InvalidBucketName,
            Refusal::NoSuchKey => S3ErrorCode::NoSuchKey,
            Refusal::NoSuchUpload => S3ErrorCode::NoSuchUpload,
            Refusal::KeyTooLong => S3ErrorCode::KeyTooLongError,
            Refusal::NoSuchAccessKey => S3ErrorCode::InvalidAccessKeyId,
            Refusal::AccessDenied => S3ErrorCode::AccessDenied,
            Refusal::QuotaExceeded => return quota_exceeded(&refusal),
            Refusal::PreconditionFailed => S3ErrorCode::PreconditionFailed,
            Refusal::NotModified => S3ErrorCode::NotModified,
            Refusal::InvalidRange => S3ErrorCode::InvalidRange,
            Refusal::MissingContentLength => S3ErrorCode::MissingContentLength,
            Refusal::IncompleteBody => S3ErrorCode::IncompleteBody,
            Refusal::RequestTimeout => S3ErrorCode::RequestTimeout,
            Refusal::BadDigest => S3ErrorCode::BadDigest,
            Refusal::InvalidDigest => S3ErrorCode::InvalidDigest,
            Refusal::EntityTooLarge => S3ErrorCode::EntityTooLarge,
            Refusal::EntityTooSmall => S3ErrorCode::EntityTooSmall,
            Refusal::MetadataTooLarge => S3ErrorCode::MetadataTooLarge,
            Refusal::InvalidPart => S3ErrorCode::InvalidPart,
            Refusal::InvalidPartOrder => S3ErrorCode::InvalidPartOrder,
            Refusal::InvalidKey | Refusal::InvalidArgument(_) => S3ErrorCode::InvalidArgument,
            Refusal::NotImplemented(_) => S3ErrorCode::NotImplemented,
            Refusal::Unavailable => S3ErrorCode::ServiceUnavailable,
            Refusal::Internal => S3ErrorCode::InternalError,
        };
        Self::with_message(code, refusal.to_string())
    }
}

/// No code of S3 itself, but what other servers with quotas answer.
fn quota_exceeded(refusal: &Refusal) -> S3Error {
    let code = S3ErrorCode::from_bytes(b"QuotaExceeded").unwrap_or(S3ErrorCode::AccessDenied);
    let mut error = S3Error::with_message(code, refusal.to_string());
    error.set_status_code(StatusCode::FORBIDDEN);
    error
}
