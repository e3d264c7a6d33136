//! Why a request is refused, in the words of S3.

use thiserror::Error;

/// Why an operation is not done. Each is an error code of S3.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum Refusal {
    #[error("the bucket does not exist")]
    NoSuchBucket,
    #[error("the bucket exists already")]
    BucketExists,
    #[error("the name is no name of a bucket")]
    InvalidBucketName,
    #[error("there is no object of this key")]
    NoSuchKey,
    #[error("there is no such upload")]
    NoSuchUpload,
    #[error("the key is empty or holds a character that no key may hold")]
    InvalidKey,
    #[error("the key is longer than 1024 bytes")]
    KeyTooLong,
    #[error("there is no access key of this identifier")]
    NoSuchAccessKey,
    #[error("the access key may not do this")]
    AccessDenied,
    #[error("the bucket has no room for this")]
    QuotaExceeded,
    #[error("a condition of the request is not met")]
    PreconditionFailed,
    #[error("nothing has changed")]
    NotModified,
    #[error("the range lies behind the end")]
    InvalidRange,
    #[error("the request must say how long its body is")]
    MissingContentLength,
    #[error("the body ended before its declared length")]
    IncompleteBody,
    #[error("the body stands still for too long")]
    RequestTimeout,
    #[error("the body is not what its checksum says")]
    BadDigest,
    #[error("the checksum cannot be read")]
    InvalidDigest,
    #[error("it is larger than an object or a part may be")]
    EntityTooLarge,
    #[error("a part other than the last is smaller than 5 MiB")]
    EntityTooSmall,
    #[error("the metadata are larger than 2 KiB")]
    MetadataTooLarge,
    #[error("a part is missing or has another tag")]
    InvalidPart,
    #[error("the parts are not in the order of their numbers")]
    InvalidPartOrder,
    #[error("{0}")]
    InvalidArgument(&'static str),
    #[error("{0}")]
    NotImplemented(&'static str),
    /// Surely not done; the same may be tried again.
    #[error("the store cannot do this now")]
    Unavailable,
    /// What happened is in the log; whether it is done may be unknown.
    #[error("the store failed")]
    Internal,
}
