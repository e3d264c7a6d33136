//! Every statement of notifications.
//!
//! Rows are held in one order: the guard of webhooks, an endpoint, its deliveries, a user's feed, their notifications,
//! their preferences, their number, messages, the mailbox.

mod mailbox;
mod messages;
mod notifications;
mod phones;
mod preferences;
mod webhook_deliveries;
mod webhook_endpoints;

use kit_db::{StoreError, Tx};
use kit_token::UserId;

pub(crate) use mailbox::{find_mail, insert_mail, list_mail};
pub(crate) use messages::{
    count_sms, delete_finished, finish_message, insert_message, is_any_due, take_due, try_again,
};
pub(crate) use notifications::{
    count_unread, delete_older, find_notification, hold_feed, insert_notification, is_erased, last_number,
    list_after, list_before, mark_all_read, mark_read, next_number, prune,
};
pub(crate) use phones::{find_phone, save_phone};
pub(crate) use preferences::{get_preference, list_preferences, save_preferences};
pub(crate) use webhook_deliveries::{
    delete_finished_deliveries, fail_pending_deliveries, find_delivery, finish_delivery,
    has_failed_deliveries, insert_attempt, insert_delivery, list_attempts, list_attempts_of, list_deliveries,
    replay_delivery, replay_failed_deliveries, take_due_deliveries,
};
pub(crate) use webhook_endpoints::{
    count_endpoints, delete_endpoint, find_endpoint, find_endpoint_at, hold_endpoint, hold_webhook_guard,
    insert_endpoint, list_due_endpoints, list_enabled_endpoints, list_endpoints, update_endpoint,
};

/// Removes everything that is held of a user, and keeps nothing for them from now on.
pub(crate) async fn erase(tx: &mut Tx, user_id: UserId) -> Result<(), StoreError> {
    notifications::mark_erased(tx, user_id).await?;
    notifications::prune(tx, user_id, i64::MAX).await?;
    preferences::delete_preferences(tx, user_id).await?;
    phones::save_phone(tx, user_id, None).await?;
    messages::delete_messages_of(tx, user_id).await?;
    mailbox::delete_mail_of(tx, user_id).await
}
