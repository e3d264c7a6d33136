//! Mail that would have been sent.

use kit_db::{Session, StoreError, Tx, insert, select, sql};
use kit_token::UserId;
use notifications_api::MailId;

use crate::domain::Mail;

kit_db::table_row! {
    Mail in "mailbox" {
        id("mail_id"): text, channel: text, message_id: text, user_id: optional_text, recipient: value, recipient_key: value,
        subject: value, text: value, html: value, sent_at: value
    }
}

/// Adds a mail, and removes all but the newest.
pub(crate) async fn insert_mail(tx: &mut Tx, mail: &Mail, kept: i64) -> Result<(), StoreError> {
    insert(mail).execute(tx).await?;
    sql("DELETE FROM mailbox WHERE mail_id <= \
         (SELECT mail_id FROM mailbox ORDER BY mail_id DESC LIMIT 1 OFFSET $1)")
    .bind(kept)
    .execute(tx)
    .await?;
    Ok(())
}

/// At most `limit` mails, the newest first, from before the one given, to one recipient or to any.
pub(crate) async fn list_mail(
    on: &mut impl Session,
    recipient_key: Option<String>,
    before: Option<MailId>,
    limit: i64,
) -> Result<Vec<Mail>, StoreError> {
    let mut statement = select::<Mail>("WHERE 1 = 1");
    if let Some(key) = recipient_key {
        statement = statement.push(" AND recipient_key = ").push_bind(key);
    }
    if let Some(before) = before {
        statement = statement.push(" AND mail_id < ").push_bind(before.to_string());
    }
    statement
        .push(" ORDER BY mail_id DESC LIMIT ")
        .push_bind(limit)
        .rows(on)
        .await
}

pub(crate) async fn find_mail(on: &mut impl Session, id: MailId) -> Result<Option<Mail>, StoreError> {
    select::<Mail>("WHERE mail_id = $1")
        .bind(id.to_string())
        .row(on)
        .await
}

/// Removes all mail to a user.
pub(crate) async fn delete_mail_of(tx: &mut Tx, user_id: UserId) -> Result<(), StoreError> {
    sql("DELETE FROM mailbox WHERE user_id = $1")
        .bind(user_id.to_string())
        .execute(tx)
        .await?;
    Ok(())
}
