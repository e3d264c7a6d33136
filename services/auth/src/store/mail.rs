//! Mail that shall be sent, and what proves that it was read.

use kit_db::{Session, StoreError, Tx, insert, select, sql};
use kit_runtime::Timestamp;
use kit_token::UserId;

use crate::domain::{Account, MailPurpose, MailRequest, MailToken};

kit_db::table_row! {
    MailRequest in "mail_requests" { id("request_id"): text, purpose: text, email_key: value, created_at: value }
}

kit_db::table_row! {
    MailToken in "mail_tokens" {
        hash("token_hash"): value, purpose: text, user_id: text, email_key: value, request_id: text,
        created_at: value, expires_at: value
    }
}

/// Adds a request, unless there is one of its kind for its address.
pub(crate) async fn insert_mail_request(tx: &mut Tx, request: &MailRequest) -> Result<(), StoreError> {
    insert(request)
        .push(" ON CONFLICT (purpose, email_key) DO NOTHING")
        .execute(tx)
        .await?;
    Ok(())
}

/// At most `limit` requests, the oldest first, after the one given.
pub(crate) async fn list_mail_requests(
    on: &mut impl Session,
    after: &str,
    limit: u32,
) -> Result<Vec<MailRequest>, StoreError> {
    select::<MailRequest>("WHERE request_id > $1 ORDER BY request_id LIMIT $2")
        .bind(after)
        .bind(limit)
        .rows(on)
        .await
}

pub(crate) async fn delete_mail_request(tx: &mut Tx, request: &MailRequest) -> Result<(), StoreError> {
    sql("DELETE FROM mail_requests WHERE request_id = $1")
        .bind(request.id.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn insert_mail_token(tx: &mut Tx, token: &MailToken) -> Result<(), StoreError> {
    insert(token).execute(tx).await?;
    Ok(())
}

/// For how many other requests of this kind an account was sent tokens since then.
pub(crate) async fn count_mails(
    on: &mut impl Session,
    user_id: UserId,
    request: &MailRequest,
    since: Timestamp,
) -> Result<i64, StoreError> {
    let row = sql(
        "SELECT CAST(COUNT(DISTINCT request_id) AS BIGINT) AS mails FROM mail_tokens \
         WHERE user_id = $1 AND purpose = $2 AND created_at > $3 AND request_id <> $4",
    )
    .bind(user_id.to_string())
    .bind(request.purpose.as_str())
    .bind(since)
    .bind(request.id.to_string())
    .one(on)
    .await?;
    row.get("mails")
}

/// What is known of a token of this kind, whether it still works or not.
pub(crate) async fn find_mail_token(
    on: &mut impl Session,
    purpose: MailPurpose,
    hash: &str,
) -> Result<Option<MailToken>, StoreError> {
    select::<MailToken>("WHERE token_hash = $1 AND purpose = $2")
        .bind(hash)
        .bind(purpose.as_str())
        .row(on)
        .await
}

/// Removes all tokens of a kind that an account has. The caller holds the account.
pub(crate) async fn delete_mail_tokens(
    tx: &mut Tx,
    user_id: UserId,
    purpose: MailPurpose,
) -> Result<(), StoreError> {
    sql("DELETE FROM mail_tokens WHERE user_id = $1 AND purpose = $2")
        .bind(user_id.to_string())
        .bind(purpose.as_str())
        .execute(tx)
        .await?;
    Ok(())
}

/// Removes the tokens from before a moment; how many.
pub(crate) async fn delete_old_mail_tokens(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM mail_tokens WHERE created_at <= $1")
        .bind(before)
        .execute(tx)
        .await
}

/// The owner of an account reads the mail of its address; false where that was known. The caller holds the account.
pub(crate) async fn verify_email(tx: &mut Tx, account: &Account, now: Timestamp) -> Result<bool, StoreError> {
    let verified = sql(
        "UPDATE accounts SET email_verified = 1, updated_at = $2 WHERE user_id = $1 AND email_verified = 0",
    )
    .bind(account.user_id.to_string())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(verified == 1)
}
