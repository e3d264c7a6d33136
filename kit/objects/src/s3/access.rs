//! Who may do what: an access key is good for the objects of one bucket, and for nothing else.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, Uri};
use percent_encoding::percent_decode_str;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::path::S3Path;
use s3s::{S3Result, s3_error};

use crate::service::Objects;

/// The bucket of the key that signed a request, in the request's extensions.
#[derive(Clone, Debug)]
pub(super) struct BucketOfKey(pub(super) String);

/// What may be done in the bucket of the key. What is missing here is refused, and so is what S3 may learn.
const OF_BUCKET: [&str; 18] = [
    "AbortMultipartUpload",
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateMultipartUpload",
    "DeleteObject",
    "DeleteObjects",
    "GetBucketLocation",
    "GetObject",
    "HeadBucket",
    "HeadObject",
    "ListMultipartUploads",
    "ListObjects",
    "ListObjectsV2",
    "ListParts",
    "PostObject",
    "PutObject",
    "UploadPart",
    "UploadPartCopy",
];

/// Headers that ask for what there is not here, by how their names begin. Who writes an object so would rely on it.
const NOT_IMPLEMENTED: [&str; 5] = [
    "x-amz-copy-source-server-side-encryption-",
    "x-amz-object-lock-",
    "x-amz-server-side-encryption",
    "x-amz-tagging",
    "x-amz-website-redirect-location",
];

/// How long a signed address is good at most (AWS Signature Version 4), in seconds.
const LONGEST_EXPIRY: u64 = 7 * 24 * 60 * 60;

/// The keys of a store. A key is looked up for each request, so that a change holds from the next one on.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) objects: Objects,
}

#[async_trait::async_trait]
impl S3Auth for Access {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match self.objects.secret(access_key).await? {
            Some(secret) => Ok(SecretKey::from(secret.expose().as_str())),
            None => Err(s3_error!(InvalidAccessKeyId)),
        }
    }
}

/// The names of the headers that a signature of version 4 covers, where a request has one: those of version 2 and of forms
/// cover all that counts. What is named by nobody is believed of nobody: whoever has an address may else add to what
/// was signed, such as from where to copy.
fn signed_headers(uri: &Uri, headers: &HeaderMap) -> Option<Vec<String>> {
    let names = |list: &str| list.split(';').map(str::to_ascii_lowercase).collect();
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some((_, list)) = header.and_then(|header| header.split_once("SignedHeaders=")) {
        return Some(names(list.split([',', ' ']).next().unwrap_or_default()));
    }
    let list = query_value(uri, "X-Amz-SignedHeaders")?;
    Some(names(&percent_decode_str(list).decode_utf8_lossy()))
}

/// What a query says of a name, still encoded.
fn query_value<'u>(uri: &'u Uri, name: &str) -> Option<&'u str> {
    let pairs = uri.query().unwrap_or_default().split('&');
    let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some(value)
}

/// Whether an address is signed for longer than it may be.
fn is_good_for_too_long(uri: &Uri) -> bool {
    let expiry = query_value(uri, "X-Amz-Expires").and_then(|seconds| seconds.parse::<u64>().ok());
    expiry.is_some_and(|seconds| seconds > LONGEST_EXPIRY)
}

/// Whether a header means something to the store, and nobody has signed it. That of the body's sum says itself what it is.
fn is_unsigned(name: &HeaderName, signed: &[String]) -> bool {
    let name = name.as_str();
    name.starts_with("x-amz-") && name != "x-amz-content-sha256" && signed.iter().all(|signed| signed != name)
}

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let Some(credentials) = context.credentials() else {
            return Err(s3_error!(AccessDenied, "the request is not signed"));
        };
        let found = self.objects.access_key(&credentials.access_key).await?;
        let Some(key) = found.filter(|key| key.enabled) else {
            return Err(s3_error!(InvalidAccessKeyId));
        };
        if is_good_for_too_long(context.uri()) {
            return Err(s3_error!(
                AuthorizationQueryParametersError,
                "X-Amz-Expires must be at most 604800, a week"
            ));
        }
        let operation = context.s3_op().name();
        let is_allowed = match context.s3_path() {
            S3Path::Root => operation == "ListBuckets",
            S3Path::Bucket { bucket } | S3Path::Object { bucket, .. } => {
                **bucket == *key.bucket && OF_BUCKET.contains(&operation)
            }
        };
        if !is_allowed {
            return Err(s3_error!(AccessDenied));
        }
        let unsigned = signed_headers(context.uri(), context.headers()).and_then(|signed| {
            context
                .headers()
                .keys()
                .find(|name| is_unsigned(name, &signed))
                .cloned()
        });
        if let Some(name) = unsigned {
            return Err(s3_error!(AccessDenied, "the header `{name}` is not signed"));
        }
        let is_not_implemented = |name: &&http::HeaderName| {
            let mut beginnings = NOT_IMPLEMENTED.iter();
            beginnings.any(|beginning| name.as_str().starts_with(beginning))
        };
        if let Some(name) = context.headers().keys().find(is_not_implemented) {
            return Err(s3_error!(NotImplemented, "there is no `{name}` here"));
        }
        context.extensions_mut().insert(BucketOfKey(key.bucket));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn denied(uri: &str, headers: &[(&'static str, &str)]) -> Vec<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let Some(signed) = signed_headers(&uri.parse().unwrap(), &map) else {
            return Vec::new();
        };
        let unsigned = map.keys().filter(|name| is_unsigned(name, &signed));
        unsigned.map(ToString::to_string).collect()
    }

    #[test]
    fn what_nobody_has_signed_is_refused() {
        let copy = ("x-amz-copy-source", "/b/private");
        let presigned = "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host&X-Amz-Signature=0";
        assert_eq!(
            denied(
                presigned,
                &[copy, ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), ("range", "x")]
            ),
            ["x-amz-copy-source"]
        );
        let both = "/b/k?X-Amz-SignedHeaders=host%3Bx-amz-copy-source&X-Amz-Signature=0";
        assert_eq!(denied(both, &[copy]), [""; 0]);
        let header = (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=A/B, SignedHeaders=host;x-amz-date, Signature=0",
        );
        assert_eq!(
            denied(
                "/b/k",
                &[header, ("x-amz-date", "20300101T000000Z"), ("x-amz-meta-a", "1")]
            ),
            ["x-amz-meta-a"]
        );
        // Others cover all of them.
        assert_eq!(denied("/b/k?AWSAccessKeyId=A&Signature=0", &[copy]), [""; 0]);
    }
}
