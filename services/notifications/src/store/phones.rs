//! The numbers of users who gave one.

use kit_db::{Session, StoreError, Tx, sql};
use kit_token::UserId;
use notifications_api::PhoneNumber;

pub(crate) async fn find_phone(
    on: &mut impl Session,
    user_id: UserId,
) -> Result<Option<PhoneNumber>, StoreError> {
    let row = sql("SELECT phone_number FROM phones WHERE user_id = $1")
        .bind(user_id.to_string())
        .optional(on)
        .await?;
    row.map(|row| row.parse("phone_number")).transpose()
}

/// Keeps a user's number, or removes it.
pub(crate) async fn save_phone(
    tx: &mut Tx,
    user_id: UserId,
    phone: Option<&PhoneNumber>,
) -> Result<(), StoreError> {
    let statement = match phone {
        None => sql("DELETE FROM phones WHERE user_id = $1").bind(user_id.to_string()),
        Some(phone) => sql("INSERT INTO phones (user_id, phone_number) VALUES ($1, $2) \
             ON CONFLICT (user_id) DO UPDATE SET phone_number = excluded.phone_number")
        .bind(user_id.to_string())
        .bind(phone.as_str()),
    };
    statement.execute(tx).await?;
    Ok(())
}
