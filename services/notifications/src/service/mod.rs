//! Notifications' use cases: each loads, decides and saves, in one unit of work.

mod contract;
mod inbox;
mod mailbox;
mod messages;
mod preferences;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use kit_runtime::Ids;
use kit_service::{Failure, Followers, Units};
use kit_token::UserId;
use notifications_api::NotificationsRefusal;
use tokio::sync::Notify;

use crate::mailer::Mailer;
pub(crate) use webhooks::{DueWebhook, WebhookRules, WebhooksService};

/// Why a use case did not do what was asked.
pub(crate) type NotificationsFailure = Failure<NotificationsRefusal>;

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct NotificationsService {
    units: Units,
    ids: Ids,
    followers: Followers<UserId>,
    mailer: Mailer,
    rules: KeepingRules,
    /// A message was written here.
    due: Arc<Notify>,
}

/// What is kept, and how long news is news.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeepingRules {
    /// How many notifications of a user are kept.
    pub(crate) per_user: i64,
    /// How long a notification is kept.
    pub(crate) notifications_kept: Duration,
    /// How long a message is known after its end.
    pub(crate) messages_kept: Duration,
    /// How long after an event a mail of it is written.
    pub(crate) mail_within: Duration,
    /// Whether SMS are sent, or shown in the mailbox.
    pub(crate) has_sms: bool,
    /// How many SMS a user gets in a day.
    pub(crate) sms_a_day: i64,
}

impl NotificationsService {
    pub(crate) fn new(
        (units, ids): (Units, Ids),
        followers: Followers<UserId>,
        mailer: Mailer,
        rules: KeepingRules,
    ) -> Self {
        Self {
            units,
            ids,
            followers,
            mailer,
            rules,
            due: Arc::default(),
        }
    }
}
