//! What the keys at a MinIO may do, in its words (the policy language of IAM).
//!
//! What is not allowed is denied, but for what every user of a MinIO may do with itself: change its own secret, make
//! further keys, take a role. The first two are denied here. The role cannot be, so what is done in it is: a role outlives
//! the secret by which it was taken.

use serde_json::{Value, json};

const VERSION: &str = "2012-10-17";
const EVERYTHING: &str = "arn:aws:s3:::*";

/// Of a bucket's keys: reading, writing and listing what is in it.
pub(super) fn of_bucket(bucket: &str) -> Value {
    let bucket = format!("arn:aws:s3:::{bucket}");
    let in_a_role = json!({ "StringEquals": { "aws:principaltype": ["AssumedRole"] } });
    json!({ "Version": VERSION, "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            "Resource": [bucket],
        },
        {
            "Effect": "Allow",
            "Action": [
                "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:GetObjectTagging",
                "s3:ListMultipartUploadParts", "s3:PutObject", "s3:PutObjectTagging",
            ],
            "Resource": [format!("{bucket}/*")],
        },
        { "Effect": "Deny", "Action": ["admin:*"] },
        { "Effect": "Deny", "Action": ["s3:*"], "Resource": [EVERYTHING], "Condition": in_a_role },
    ]})
}

/// Of keys that are disabled.
pub(super) fn suspended() -> Value {
    json!({ "Version": VERSION, "Statement": [
        { "Effect": "Deny", "Action": ["s3:*"], "Resource": [EVERYTHING] },
    ]})
}

/// Of keys to a bucket that holds more than it may: what is in it can be read and deleted.
pub(super) fn over_quota() -> Value {
    json!({ "Version": VERSION, "Statement": [
        { "Effect": "Deny", "Action": ["s3:PutObject"], "Resource": [EVERYTHING] },
    ]})
}
