//! Every statement of notifications.
//!
//! Rows are held in one order: a user's feed, their notifications, their preferences, messages, the mailbox.

mod mailbox;
mod messages;
mod notifications;
mod preferences;

use kit_db::{StoreError, Tx};
use kit_token::UserId;

pub(crate) use mailbox::{find_mail, insert_mail, list_mail};
pub(crate) use messages::{delete_finished, finish_message, insert_message, is_any_due, take_due, try_again};
pub(crate) use notifications::{
    count_unread, delete_older, find_notification, hold_feed, insert_notification, is_erased, last_number,
    list_after, list_before, mark_all_read, mark_read, next_number, prune,
};
pub(crate) use preferences::{get_preference, list_preferences, save_preferences};

/// Removes everything that is held of a user, and keeps nothing for them from now on.
pub(crate) async fn erase(tx: &mut Tx, user_id: UserId) -> Result<(), StoreError> {
    notifications::mark_erased(tx, user_id).await?;
    notifications::prune(tx, user_id, i64::MAX).await?;
    preferences::delete_preferences(tx, user_id).await?;
    messages::delete_messages_of(tx, user_id).await?;
    mailbox::delete_mail_of(tx, user_id).await
}
