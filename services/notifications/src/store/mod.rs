//! Every statement of notifications.
//!
//! Rows are held in one order: a user's feed, then their notifications.

mod notifications;

pub(crate) use notifications::{
    count_unread, delete_older, erase, find_notification, hold_feed, insert_notification, last_number,
    list_after, list_before, mark_all_read, mark_read, next_number, prune,
};
