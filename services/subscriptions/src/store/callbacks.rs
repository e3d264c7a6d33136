//! By what callbacks are known.

use kit_db::{Session, StoreError, Tx, sql};
use subscriptions_api::InvoiceId;

use crate::domain::TokenHash;

pub(crate) async fn insert_callback(
    tx: &mut Tx,
    hash: &TokenHash,
    invoice_id: InvoiceId,
) -> Result<(), StoreError> {
    sql("INSERT INTO invoice_callbacks (token_hash, invoice_id) VALUES ($1, $2)")
        .bind(hash.0.as_str())
        .bind(invoice_id.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes away what nobody was told.
pub(crate) async fn delete_callback(tx: &mut Tx, hash: &TokenHash) -> Result<(), StoreError> {
    sql("DELETE FROM invoice_callbacks WHERE token_hash = $1")
        .bind(hash.0.as_str())
        .execute(tx)
        .await?;
    Ok(())
}

/// The invoice that a token is good for.
pub(crate) async fn find_callback_invoice(
    on: &mut impl Session,
    hash: &TokenHash,
) -> Result<Option<InvoiceId>, StoreError> {
    let row = sql("SELECT invoice_id FROM invoice_callbacks WHERE token_hash = $1")
        .bind(hash.0.as_str())
        .optional(on)
        .await?;
    row.map(|row| row.parse("invoice_id")).transpose()
}
