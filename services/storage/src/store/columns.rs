//! What the columns hold that are storage's own.

use kit_adapter_shop::ColumnValue;
use kit_db::{Row, StoreError};

use crate::domain::{KeyIds, Quota};

pub(crate) const TERMS: &[&str] = &["quota_bytes"];
pub(crate) const KEYS: &[&str] = &["access_key_id", "signing_key_id"];

pub(crate) fn read_terms(row: &Row) -> Result<Quota, StoreError> {
    Ok(Quota {
        quota_bytes: row.get("quota_bytes")?,
    })
}

pub(crate) fn write_terms(terms: Quota) -> Vec<ColumnValue> {
    vec![ColumnValue::Integer(terms.quota_bytes)]
}

pub(crate) fn read_keys(row: &Row) -> Result<Option<KeyIds>, StoreError> {
    let (access, signing): (Option<String>, Option<String>) =
        (row.get("access_key_id")?, row.get("signing_key_id")?);
    let both = access.zip(signing);
    Ok(both.map(|(access, signing)| KeyIds { access, signing }))
}

pub(crate) fn write_keys(keys: Option<&KeyIds>) -> Vec<ColumnValue> {
    vec![
        ColumnValue::Text(keys.map(|keys| keys.access.clone())),
        ColumnValue::Text(keys.map(|keys| keys.signing.clone())),
    ]
}
