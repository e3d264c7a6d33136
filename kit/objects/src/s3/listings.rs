//! Buckets and listings of objects.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{
    Bucket, BucketLocationConstraint, ChecksumAlgorithm, ChecksumAlgorithmList, CommonPrefix,
    CommonPrefixList, EncodingType, GetBucketLocationInput, GetBucketLocationOutput, HeadBucketInput,
    HeadBucketOutput, ListBucketsInput, ListBucketsOutput, ListObjectsInput, ListObjectsOutput,
    ListObjectsV2Input, ListObjectsV2Output, Object, ObjectList, ObjectStorageClass,
};
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Operations;
use super::access::BucketOfKey;
use super::convert::{checksum_type, strong, timestamp};
use crate::domain::{ListQuery, Refusal};
use crate::service::Page;

/// What `encoding-type=url` leaves as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'*')
    .remove(b'/');

/// How the names of a listing are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    Plain,
    /// So that names may hold what XML may not.
    Url,
}

impl Spelling {
    pub(super) fn requested(encoding: Option<&EncodingType>) -> Result<Self, Refusal> {
        match encoding.map(EncodingType::as_str) {
            None => Ok(Self::Plain),
            Some("url") => Ok(Self::Url),
            Some(_) => Err(Refusal::InvalidArgument(
                "the encoding type of a listing is `url`",
            )),
        }
    }

    pub(super) fn spell(self, name: &str) -> String {
        match self {
            Self::Plain => name.to_owned(),
            Self::Url => utf8_percent_encode(name, PLAIN).to_string(),
        }
    }
}

/// How many entries a page has at most: as many as are asked for, and no more than the store gives.
pub(super) fn limit(asked: Option<i32>) -> Result<i32, Refusal> {
    match asked.unwrap_or(1000) {
        asked @ 0.. => Ok(asked.min(1000)),
        _ => Err(Refusal::InvalidArgument(
            "a page has no negative number of entries",
        )),
    }
}

fn query(
    prefix: Option<&String>,
    delimiter: Option<&String>,
    after: Option<String>,
    limit: i32,
) -> ListQuery {
    ListQuery {
        prefix: prefix.cloned().unwrap_or_default(),
        delimiter: delimiter.filter(|delimiter| !delimiter.is_empty()).cloned(),
        after: after.filter(|after| !after.is_empty()),
        limit: usize::try_from(limit).unwrap_or_default(),
    }
}

fn contents(page: &Page, spelling: Spelling) -> ObjectList {
    let contents = page.objects.iter().map(|object| Object {
        key: Some(spelling.spell(&object.key)),
        e_tag: Some(strong(&object.etag)),
        last_modified: Some(timestamp(object.modified_at)),
        size: Some(object.size),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        checksum_algorithm: Some(algorithms(object)),
        checksum_type: checksum_type(&object.checksums),
        ..Object::default()
    });
    contents.collect()
}

fn algorithms(object: &crate::domain::Object) -> ChecksumAlgorithmList {
    let sums = object.checksums.sums.iter();
    sums.map(|(algorithm, _)| ChecksumAlgorithm::from_static(algorithm.as_str()))
        .collect()
}

fn common_prefixes(page: &Page, spelling: Spelling) -> CommonPrefixList {
    let prefixes = page.common_prefixes.iter().map(|prefix| CommonPrefix {
        prefix: Some(spelling.spell(prefix)),
    });
    prefixes.collect()
}

pub(super) async fn list_objects(
    operations: &Operations,
    request: S3Request<ListObjectsInput>,
) -> S3Result<S3Response<ListObjectsOutput>> {
    let input = request.input;
    let spelling = Spelling::requested(input.encoding_type.as_ref())?;
    let limit = limit(input.max_keys)?;
    let query = query(
        input.prefix.as_ref(),
        input.delimiter.as_ref(),
        input.marker.clone(),
        limit,
    );
    let page = operations.objects.list(&input.bucket, query).await?;
    let spell = |name: Option<String>| name.map(|name| spelling.spell(&name));
    Ok(S3Response::new(ListObjectsOutput {
        contents: Some(contents(&page, spelling)),
        common_prefixes: Some(common_prefixes(&page, spelling)),
        is_truncated: Some(page.next.is_some()),
        next_marker: spell(page.next),
        name: Some(input.bucket),
        prefix: Some(spell(input.prefix).unwrap_or_default()),
        marker: Some(spell(input.marker).unwrap_or_default()),
        delimiter: spell(input.delimiter),
        max_keys: Some(limit),
        encoding_type: input.encoding_type,
        ..ListObjectsOutput::default()
    }))
}

pub(super) async fn list_objects_v2(
    operations: &Operations,
    request: S3Request<ListObjectsV2Input>,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    let input = request.input;
    let spelling = Spelling::requested(input.encoding_type.as_ref())?;
    let limit = limit(input.max_keys)?;
    let after = match &input.continuation_token {
        Some(token) => Some(from_token(token)?),
        None => input.start_after.clone(),
    };
    let query = query(input.prefix.as_ref(), input.delimiter.as_ref(), after, limit);
    let page = operations.objects.list(&input.bucket, query).await?;
    let spell = |name: Option<String>| name.map(|name| spelling.spell(&name));
    let count = page.objects.len() + page.common_prefixes.len();
    Ok(S3Response::new(ListObjectsV2Output {
        contents: Some(contents(&page, spelling)),
        common_prefixes: Some(common_prefixes(&page, spelling)),
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page.next.map(|next| BASE64_URL_SAFE_NO_PAD.encode(next)),
        continuation_token: input.continuation_token,
        key_count: i32::try_from(count).ok(),
        name: Some(input.bucket),
        prefix: Some(spell(input.prefix).unwrap_or_default()),
        start_after: spell(input.start_after),
        delimiter: spell(input.delimiter),
        max_keys: Some(limit),
        encoding_type: input.encoding_type,
        ..ListObjectsV2Output::default()
    }))
}

/// A token is the last name of the page before.
fn from_token(token: &str) -> Result<String, Refusal> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or(Refusal::InvalidArgument("the continuation token is none of ours"))
}

pub(super) async fn list_buckets(
    operations: &Operations,
    request: S3Request<ListBucketsInput>,
) -> S3Result<S3Response<ListBucketsOutput>> {
    let Some(BucketOfKey(name)) = request.extensions.get() else {
        return Err(s3_error!(AccessDenied));
    };
    let bucket = operations.objects.bucket(name).await?;
    let shown = Bucket {
        creation_date: Some(timestamp(bucket.created_at)),
        name: Some(bucket.name),
        ..Bucket::default()
    };
    let prefix = request.input.prefix.as_deref().unwrap_or_default();
    let is_asked_for = shown.name.as_deref().is_some_and(|name| name.starts_with(prefix));
    Ok(S3Response::new(ListBucketsOutput {
        buckets: Some(Some(shown).filter(|_| is_asked_for).into_iter().collect()),
        prefix: request.input.prefix,
        ..ListBucketsOutput::default()
    }))
}

pub(super) async fn head_bucket(
    operations: &Operations,
    request: S3Request<HeadBucketInput>,
) -> S3Result<S3Response<HeadBucketOutput>> {
    operations.objects.bucket(&request.input.bucket).await?;
    Ok(S3Response::new(HeadBucketOutput {
        bucket_region: Some(operations.region.clone()),
        ..HeadBucketOutput::default()
    }))
}

pub(super) async fn get_bucket_location(
    operations: &Operations,
    request: S3Request<GetBucketLocationInput>,
) -> S3Result<S3Response<GetBucketLocationOutput>> {
    operations.objects.bucket(&request.input.bucket).await?;
    // The first region of S3 is written as none.
    let region = Some(operations.region.clone()).filter(|region| region != "us-east-1");
    Ok(S3Response::new(GetBucketLocationOutput {
        location_constraint: region.map(BucketLocationConstraint::from),
    }))
}
