//! Buckets and what is in them, by S3, addressed by path.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use kit_runtime::Timestamp;
use percent_encoding::percent_decode_str;
use quick_xml::escape::escape;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::connection::{Ask, MinIo, MinIoError};

const NO_SUCH_BUCKET: &str = "NoSuchBucket";

/// The most entries of a page, and the most objects that are deleted by one request.
const MOST: usize = 1000;

/// What is listed of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListAsk {
    /// What every key begins with; empty for all.
    pub prefix: String,
    /// Keys that go on to this behind the prefix are shown as one common prefix.
    pub delimiter: Option<String>,
    /// Only what comes behind this.
    pub after: Option<String>,
    /// The most entries of the page; 1000 at most.
    pub limit: usize,
}

/// A page of a listing, in the order of the bytes of the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The objects.
    pub objects: Vec<ListedObject>,
    /// What keys begin with that are not shown each by itself.
    pub common_prefixes: Vec<String>,
    /// Behind what the next page begins, if there is one.
    pub next: Option<String>,
}

/// An object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedObject {
    /// The key.
    pub key: String,
    /// In bytes.
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// When it was written.
    pub modified_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListBucketResult {
    #[serde(default)]
    contents: Vec<Content>,
    #[serde(default)]
    common_prefixes: Vec<CommonPrefix>,
    #[serde(default)]
    is_truncated: bool,
    #[serde(default)]
    encoding_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    key: String,
    last_modified: String,
    #[serde(default, rename = "ETag")]
    etag: String,
    size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CommonPrefix {
    prefix: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListMultipartUploadsResult {
    #[serde(default, rename = "Upload")]
    uploads: Vec<Upload>,
    #[serde(default)]
    encoding_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Upload {
    key: String,
    upload_id: String,
}

#[derive(Deserialize)]
struct DeleteResult {
    #[serde(default, rename = "Error")]
    errors: Vec<DeleteError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteError {
    code: String,
}

impl MinIo {
    /// Makes a bucket; false where it is there already.
    pub async fn create_bucket(&self, bucket: &str) -> Result<bool, MinIoError> {
        let path = format!("/{bucket}");
        match self.send(ask(("CreateBucket", Method::PUT), &path, &[])).await {
            Ok(_) => Ok(true),
            Err(error) if error.is("BucketAlreadyOwnedByYou") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes a bucket with all that is in it, if it is there.
    pub async fn delete_bucket(&self, bucket: &str) -> Result<(), MinIoError> {
        let emptied = self.empty_bucket(bucket).await;
        let deleted = match emptied {
            Ok(()) => {
                let path = format!("/{bucket}");
                let asked = ask(("DeleteBucket", Method::DELETE), &path, &[]);
                self.send(asked).await.map(drop)
            }
            Err(error) => Err(error),
        };
        match deleted {
            Err(error) if error.is(NO_SUCH_BUCKET) => Ok(()),
            other => other,
        }
    }

    /// Removes all objects of a bucket, and ends the uploads that the server knows of. Those that it does not list have no
    /// name any more once their bucket is gone, and the server clears their parts away by itself.
    pub async fn empty_bucket(&self, bucket: &str) -> Result<(), MinIoError> {
        self.abort_uploads(bucket).await?;
        let mut after = None;
        loop {
            let page = ListAsk {
                after,
                limit: MOST,
                ..ListAsk::default()
            };
            let page = self.list_objects(bucket, &page).await?;
            let keys: Vec<String> = page.objects.into_iter().map(|object| object.key).collect();
            self.delete_objects(bucket, &keys).await?;
            if page.next.is_none() {
                return Ok(());
            }
            after = page.next;
        }
    }

    /// A page of a bucket's objects.
    pub async fn list_objects(&self, bucket: &str, page: &ListAsk) -> Result<Listed, MinIoError> {
        const OPERATION: &str = "ListObjectsV2";
        let limit = page.limit.min(MOST).to_string();
        let mut query = vec![
            ("list-type", "2"),
            ("encoding-type", "url"),
            ("max-keys", &limit),
            ("prefix", &page.prefix),
        ];
        query.extend(
            page.delimiter
                .as_deref()
                .map(|delimiter| ("delimiter", delimiter)),
        );
        query.extend(page.after.as_deref().map(|after| ("start-after", after)));
        let path = format!("/{bucket}");
        let answer = self.send(ask((OPERATION, Method::GET), &path, &query)).await?;
        let result: ListBucketResult = parse(OPERATION, &answer)?;
        listed(result).ok_or(MinIoError::Unreadable(OPERATION))
    }

    async fn delete_objects(&self, bucket: &str, keys: &[String]) -> Result<(), MinIoError> {
        // What XML cannot say is deleted each by itself.
        let (odd, plain): (Vec<&String>, _) = keys.iter().partition(|key| key.contains(is_not_in_xml));
        for key in odd {
            let path = format!("/{bucket}/{key}");
            self.send(ask(("DeleteObject", Method::DELETE), &path, &[]))
                .await?;
        }
        if plain.is_empty() {
            return Ok(());
        }
        self.delete_at_once(bucket, &plain).await
    }

    async fn delete_at_once(&self, bucket: &str, keys: &[&String]) -> Result<(), MinIoError> {
        const OPERATION: &str = "DeleteObjects";
        let objects = keys
            .iter()
            .map(|key| format!("<Object><Key>{}</Key></Object>", escape(key.as_str())));
        let objects: String = objects.collect();
        let body = Bytes::from(format!("<Delete><Quiet>true</Quiet>{objects}</Delete>"));
        let checksum = STANDARD.encode(digest(&SHA256, &body));
        let path = format!("/{bucket}");
        let asked = Ask {
            header: Some(("x-amz-checksum-sha256", &checksum)),
            body,
            ..ask((OPERATION, Method::POST), &path, &[("delete", "")])
        };
        let result: DeleteResult = parse(OPERATION, &self.send(asked).await?)?;
        match result.errors.into_iter().next() {
            None => Ok(()),
            Some(DeleteError { code }) => Err(MinIoError::Refused {
                operation: OPERATION,
                status: 200,
                code,
            }),
        }
    }

    async fn abort_uploads(&self, bucket: &str) -> Result<(), MinIoError> {
        const OPERATION: &str = "ListMultipartUploads";
        let path = format!("/{bucket}");
        let query = [("uploads", ""), ("encoding-type", "url")];
        let answer = self.send(ask((OPERATION, Method::GET), &path, &query)).await?;
        let listed: ListMultipartUploadsResult = parse(OPERATION, &answer)?;
        for upload in listed.uploads {
            let key = decoded(&upload.key, &listed.encoding_type);
            let key = key.ok_or(MinIoError::Unreadable(OPERATION))?;
            let path = format!("/{bucket}/{key}");
            let query = [("uploadId", upload.upload_id.as_str())];
            let aborted = self
                .send(ask(("AbortMultipartUpload", Method::DELETE), &path, &query))
                .await;
            match aborted {
                Ok(_) => {}
                Err(error) if error.is("NoSuchUpload") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn ask<'a>(
    (operation, method): (&'static str, Method),
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
) -> Ask<'a> {
    Ask {
        operation,
        method,
        path,
        query,
        header: None,
        body: Bytes::new(),
    }
}

/// Whether a character cannot stand in XML 1.0, or is read as another.
fn is_not_in_xml(sign: char) -> bool {
    sign.is_control() || matches!(sign, '\u{FFFE}' | '\u{FFFF}')
}

fn parse<T: DeserializeOwned>(operation: &'static str, xml: &[u8]) -> Result<T, MinIoError> {
    quick_xml::de::from_reader(xml).map_err(|_| MinIoError::Unreadable(operation))
}

fn listed(result: ListBucketResult) -> Option<Listed> {
    let encoding = &result.encoding_type;
    let mut objects = Vec::with_capacity(result.contents.len());
    for content in result.contents {
        objects.push(ListedObject {
            key: decoded(&content.key, encoding)?,
            size: content.size,
            etag: content.etag.trim_matches('"').to_owned(),
            modified_at: content.last_modified.parse().ok()?,
        });
    }
    let common_prefixes = result.common_prefixes.iter();
    let common_prefixes: Option<Vec<String>> = common_prefixes
        .map(|common| decoded(&common.prefix, encoding))
        .collect();
    let common_prefixes = common_prefixes?;
    let last_key = objects.last().map(|object| &object.key);
    let last = last_key.max(common_prefixes.last()).cloned();
    Some(Listed {
        next: last.filter(|_| result.is_truncated),
        objects,
        common_prefixes,
    })
}

/// A key as it is, which is told as in a form.
fn decoded(text: &str, encoding: &str) -> Option<String> {
    if encoding != "url" {
        return Some(text.to_owned());
    }
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read() {
        let xml = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix></Prefix><KeyCount>2</KeyCount>
<MaxKeys>2</MaxKeys><IsTruncated>true</IsTruncated><Contents><Key>a+b%2F%C3%BC%2B</Key>
<LastModified>2026-12-01T06:00:00.000Z</LastModified><ETag>&#34;d41d8&#34;</ETag><Size>11</Size>
<Owner><ID></ID></Owner><StorageClass>STANDARD</StorageClass></Contents>
<CommonPrefixes><Prefix>c%2F</Prefix></CommonPrefixes><EncodingType>url</EncodingType></ListBucketResult>"#;
        let page = listed(parse("test", xml.as_bytes()).unwrap()).unwrap();
        let object = ListedObject {
            key: "a b/ü+".to_owned(),
            size: 11,
            etag: "d41d8".to_owned(),
            modified_at: "2026-12-01T06:00:00Z".parse().unwrap(),
        };
        assert_eq!(page.objects, [object]);
        assert_eq!(page.common_prefixes, ["c/"]);
        assert_eq!(page.next.as_deref(), Some("c/"));
        let empty = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
        let page = listed(parse("test", empty.as_bytes()).unwrap()).unwrap();
        assert_eq!((page.objects.len(), page.next), (0, None));
    }

    #[test]
    fn what_is_not_a_page_is_refused() {
        for wrong in [
            "",
            "<a",
            "{}",
            "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
        ] {
            assert!(
                parse::<ListBucketResult>("test", wrong.as_bytes()).is_err(),
                "{wrong}"
            );
        }
        assert_eq!(decoded("%ff", "url"), None);
    }
}
