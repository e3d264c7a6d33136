//! Every statement of the object store.
//!
//! Whoever changes what is in a bucket holds the bucket's row until the commit: so its numbers are exact, and of two
//! writers of a key one comes after the other.

mod buckets;
mod keys;
mod objects;
mod segments;
mod uploads;

use kit_db::{Migrations, StoreError};

pub(crate) use buckets::{
    change_bucket, close_bucket, delete_bucket_row, delete_reservation, drop_reservations, find_bucket,
    find_bucket_for_update, insert_bucket, insert_reservation, is_bucket_row, reserved_bytes, set_quota,
};
pub(crate) use keys::{AccessKey, delete_access_key, find_access_key, set_key_enabled, upsert_access_key};
pub(crate) use objects::{
    delete_object_of_content, delete_object_row, find_object, find_object_of_content, list_contents,
    list_objects, replace_object,
};
pub(crate) use segments::{
    delete_segment, delete_segments, insert_segment, list_files, list_parts, list_segments,
};
pub(crate) use uploads::{delete_upload_row, find_upload, insert_upload, list_uploads};

pub(crate) static MIGRATIONS: Migrations = kit_db::migrations!["0001_objects.sql"];

/// A value as the JSON of a column.
fn to_json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Database(Box::new(error)))
}
