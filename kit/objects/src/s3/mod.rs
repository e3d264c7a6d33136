//! The operations of S3: parse, call, render. What is not here is answered with `AccessDenied` before it gets here.

mod access;
mod convert;
mod errors;
mod listings;
mod multipart;
mod objects;

use s3s::{S3, S3Request, S3Response, S3Result};

pub(crate) use access::Access;

use crate::service::Objects;

/// The operations on a store.
#[derive(Clone)]
pub(crate) struct Operations {
    pub(crate) objects: Objects,
    pub(crate) region: String,
}

/// Each operation of the trait, by the function of the same name that does it.
macro_rules! operations {
    ($($name:ident($module:ident, $input:ident) -> $output:ident;)+) => {
        #[async_trait::async_trait]
        impl S3 for Operations {
            $(async fn $name(&self, request: S3Request<s3s::dto::$input>,
            ) -> S3Result<S3Response<s3s::dto::$output>> {
                $module::$name(self, request).await
            })+
        }
    };
}

operations! {
    put_object(objects, PutObjectInput) -> PutObjectOutput;
    get_object(objects, GetObjectInput) -> GetObjectOutput;
    head_object(objects, HeadObjectInput) -> HeadObjectOutput;
    delete_object(objects, DeleteObjectInput) -> DeleteObjectOutput;
    delete_objects(objects, DeleteObjectsInput) -> DeleteObjectsOutput;
    copy_object(objects, CopyObjectInput) -> CopyObjectOutput;
    list_objects(listings, ListObjectsInput) -> ListObjectsOutput;
    list_objects_v2(listings, ListObjectsV2Input) -> ListObjectsV2Output;
    list_buckets(listings, ListBucketsInput) -> ListBucketsOutput;
    head_bucket(listings, HeadBucketInput) -> HeadBucketOutput;
    get_bucket_location(listings, GetBucketLocationInput) -> GetBucketLocationOutput;
    create_multipart_upload(multipart, CreateMultipartUploadInput) -> CreateMultipartUploadOutput;
    upload_part(multipart, UploadPartInput) -> UploadPartOutput;
    upload_part_copy(multipart, UploadPartCopyInput) -> UploadPartCopyOutput;
    complete_multipart_upload(multipart, CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput;
    abort_multipart_upload(multipart, AbortMultipartUploadInput) -> AbortMultipartUploadOutput;
    list_parts(multipart, ListPartsInput) -> ListPartsOutput;
    list_multipart_uploads(multipart, ListMultipartUploadsInput) -> ListMultipartUploadsOutput;
}
