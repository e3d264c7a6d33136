//! What is sent to people: a queue that processes share. Whoever takes a message out of it has it until `due_at`,
//! and the number of its attempt says whose it is.

use kit_db::{Session, StoreError, Tx, insert, select, sql};
use kit_runtime::Timestamp;
use kit_token::UserId;

use crate::domain::{Message, MessageId, MessageState};

kit_db::table_row! {
    Message in "messages" {
        id("message_id"): text, kind: value, channel: text, user_id: optional_text, address: optional_text, content: value,
        state: text, attempts: value, due_at: value, expires_at: value, created_at: value
    }
}

/// Adds a message, unless there is, or was, one of its identifier.
pub(crate) async fn insert_message(tx: &mut Tx, message: &Message) -> Result<(), StoreError> {
    insert(message)
        .push(" ON CONFLICT (message_id) DO NOTHING")
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes at most `limit` messages that are due, for an attempt that may last until `until`.
pub(crate) async fn take_due(
    tx: &mut Tx,
    (now, until): (Timestamp, Timestamp),
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let due = select::<Message>("WHERE state = 'pending' AND due_at <= $1 ORDER BY due_at LIMIT $2")
        .bind(now)
        .bind(limit)
        .for_update_skip_locked();
    let mut messages: Vec<Message> = due.rows(tx).await?;
    sql("UPDATE messages SET attempts = attempts + 1, due_at = $1, reason = NULL WHERE message_id IN ")
        .bind(until)
        .push_list(messages.iter().map(|message| message.id.to_string()))
        .execute(tx)
        .await?;
    for message in &mut messages {
        message.attempts += 1;
    }
    Ok(messages)
}

/// How many SMS to a user were written since a moment.
pub(crate) async fn count_sms(
    on: &mut impl Session,
    user_id: UserId,
    since: Timestamp,
) -> Result<i64, StoreError> {
    let row = sql("SELECT CAST(COUNT(*) AS BIGINT) AS written FROM messages \
         WHERE user_id = $1 AND channel = 'sms' AND created_at > $2")
    .bind(user_id.to_string())
    .bind(since)
    .one(on)
    .await?;
    row.get("written")
}

/// Whether anything is due.
pub(crate) async fn is_any_due(on: &mut impl Session, now: Timestamp) -> Result<bool, StoreError> {
    let row = sql("SELECT message_id FROM messages WHERE state = 'pending' AND due_at <= $1 LIMIT 1")
        .bind(now)
        .optional(on)
        .await?;
    Ok(row.is_some())
}

/// Ends an attempt's message, and forgets what it said and to whom; false where the attempt is not the newest.
pub(crate) async fn finish_message(
    tx: &mut Tx,
    message: (MessageId, i64),
    (state, reason): (MessageState, Option<&str>),
    at: Timestamp,
) -> Result<bool, StoreError> {
    let finished = sql(
        "UPDATE messages SET state = $3, reason = $4, finished_at = $5, content = NULL, address = NULL \
         WHERE message_id = $1 AND attempts = $2 AND state = 'pending'",
    )
    .bind(message.0.to_string())
    .bind(message.1)
    .bind(state.as_str())
    .bind(reason)
    .bind(at)
    .execute(tx)
    .await?;
    Ok(finished == 1)
}

/// Ends an attempt, after which there is another one; nothing happens where it is not the newest.
pub(crate) async fn try_again(
    tx: &mut Tx,
    message: (MessageId, i64),
    reason: &str,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE messages SET due_at = $3, reason = $4 \
         WHERE message_id = $1 AND attempts = $2 AND state = 'pending'")
    .bind(message.0.to_string())
    .bind(message.1)
    .bind(due_at)
    .bind(reason)
    .execute(tx)
    .await?;
    Ok(())
}

/// Removes at most `limit` messages that ended before a moment; how many.
pub(crate) async fn delete_finished(tx: &mut Tx, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
    sql("DELETE FROM messages WHERE message_id IN \
         (SELECT message_id FROM messages WHERE state <> 'pending' AND finished_at < $1 \
          ORDER BY finished_at LIMIT $2)")
    .bind(before)
    .bind(limit)
    .execute(tx)
    .await
}

/// Removes everything that was or is to be sent to a user.
pub(crate) async fn delete_messages_of(tx: &mut Tx, user_id: UserId) -> Result<(), StoreError> {
    sql("DELETE FROM messages WHERE user_id = $1")
        .bind(user_id.to_string())
        .execute(tx)
        .await?;
    Ok(())
}
