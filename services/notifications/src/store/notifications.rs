//! What users are told, and how far the numbers of each are.

use kit_db::{Session, StoreError, Tx, insert, select, sql};
use kit_runtime::Timestamp;
use kit_token::UserId;
use notifications_api::NotificationId;

use crate::domain::Notification;

kit_db::table_row! {
    Notification in "notifications" {
        id("notification_id"): text, user_id: text, number: value, kind: text, title: value, body: value,
        link: value, created_at: value, read_at: value
    }
}

/// The number of a user's next notification, whose feed is held until the commit; none where the account is gone.
pub(crate) async fn next_number(tx: &mut Tx, user_id: UserId) -> Result<Option<i64>, StoreError> {
    let row = sql("INSERT INTO feeds (user_id, last_number) VALUES ($1, 1) \
         ON CONFLICT (user_id) DO UPDATE SET last_number = feeds.last_number + 1 WHERE feeds.is_erased = 0 \
         RETURNING last_number")
    .bind(user_id.to_string())
    .optional(tx)
    .await?;
    row.map(|row| row.get("last_number")).transpose()
}

/// The number of a user's newest notification; 0 where there never was one.
pub(crate) async fn last_number(on: &mut impl Session, user_id: UserId) -> Result<i64, StoreError> {
    let row = sql("SELECT last_number FROM feeds WHERE user_id = $1")
        .bind(user_id.to_string())
        .optional(on)
        .await?;
    row.map_or(Ok(0), |row| row.get("last_number"))
}

/// Holds a user's feed until the transaction ends, so that no two change several of its notifications at once.
pub(crate) async fn hold_feed(tx: &mut Tx, user_id: UserId) -> Result<(), StoreError> {
    sql("SELECT user_id FROM feeds WHERE user_id = $1")
        .bind(user_id.to_string())
        .for_update()
        .optional(tx)
        .await?;
    Ok(())
}

pub(crate) async fn insert_notification(tx: &mut Tx, new: &Notification) -> Result<(), StoreError> {
    insert(new).execute(tx).await?;
    Ok(())
}

/// Removes a user's notifications up to a number.
pub(crate) async fn prune(tx: &mut Tx, user_id: UserId, up_to: i64) -> Result<(), StoreError> {
    sql("DELETE FROM notifications WHERE user_id = $1 AND number <= $2")
        .bind(user_id.to_string())
        .bind(up_to)
        .execute(tx)
        .await?;
    Ok(())
}

/// At most `limit` of a user's notifications, the newest first, from before the number given.
pub(crate) async fn list_before(
    on: &mut impl Session,
    user_id: UserId,
    before: i64,
    limit: i64,
) -> Result<Vec<Notification>, StoreError> {
    select::<Notification>("WHERE user_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3")
        .bind(user_id.to_string())
        .bind(before)
        .bind(limit)
        .rows(on)
        .await
}

/// At most `limit` of a user's notifications, the oldest first, from after the number given.
pub(crate) async fn list_after(
    on: &mut impl Session,
    user_id: UserId,
    after: i64,
    limit: i64,
) -> Result<Vec<Notification>, StoreError> {
    select::<Notification>("WHERE user_id = $1 AND number > $2 ORDER BY number LIMIT $3")
        .bind(user_id.to_string())
        .bind(after)
        .bind(limit)
        .rows(on)
        .await
}

pub(crate) async fn count_unread(on: &mut impl Session, user_id: UserId) -> Result<u64, StoreError> {
    let row = sql("SELECT CAST(COUNT(*) AS BIGINT) AS unread FROM notifications \
         WHERE user_id = $1 AND read_at IS NULL")
    .bind(user_id.to_string())
    .one(on)
    .await?;
    row.get("unread")
}

/// A user's own notification.
pub(crate) async fn find_notification(
    on: &mut impl Session,
    user_id: UserId,
    id: NotificationId,
) -> Result<Option<Notification>, StoreError> {
    select::<Notification>("WHERE notification_id = $1 AND user_id = $2")
        .bind(id.to_string())
        .bind(user_id.to_string())
        .row(on)
        .await
}

/// Marks a user's notification as read, unless it was.
pub(crate) async fn mark_read(
    tx: &mut Tx,
    user_id: UserId,
    id: NotificationId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE notifications SET read_at = $3 \
         WHERE notification_id = $1 AND user_id = $2 AND read_at IS NULL")
    .bind(id.to_string())
    .bind(user_id.to_string())
    .bind(at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Marks all of a user's notifications as read; how many were not.
pub(crate) async fn mark_all_read(tx: &mut Tx, user_id: UserId, at: Timestamp) -> Result<u64, StoreError> {
    sql("UPDATE notifications SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL")
        .bind(user_id.to_string())
        .bind(at)
        .execute(tx)
        .await
}

/// Removes at most `limit` notifications from before a moment; how many.
pub(crate) async fn delete_older(tx: &mut Tx, than: Timestamp, limit: u32) -> Result<u64, StoreError> {
    sql("DELETE FROM notifications WHERE notification_id IN \
         (SELECT notification_id FROM notifications WHERE created_at < $1 ORDER BY created_at LIMIT $2)")
    .bind(than)
    .bind(limit)
    .execute(tx)
    .await
}

/// Keeps nothing for a user from now on.
pub(crate) async fn mark_erased(tx: &mut Tx, user_id: UserId) -> Result<(), StoreError> {
    sql(
        "INSERT INTO feeds (user_id, last_number, is_erased) VALUES ($1, 0, 1) \
         ON CONFLICT (user_id) DO UPDATE SET is_erased = 1",
    )
    .bind(user_id.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether nothing is kept for a user any more.
pub(crate) async fn is_erased(on: &mut impl Session, user_id: UserId) -> Result<bool, StoreError> {
    let row = sql("SELECT is_erased FROM feeds WHERE user_id = $1")
        .bind(user_id.to_string())
        .optional(on)
        .await?;
    row.map_or(Ok(false), |row| row.get("is_erased"))
}
