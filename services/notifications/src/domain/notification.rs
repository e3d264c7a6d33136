//! What a user is told.

use kit_runtime::Timestamp;
use kit_token::UserId;
use notifications_api::{NotificationCreated, NotificationId, NotificationKind, NotificationView};

/// A notification, with its number among those of its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notification {
    pub id: NotificationId,
    pub user_id: UserId,
    pub number: i64,
    pub kind: NotificationKind,
    pub title: String,
    pub body: String,
    pub link: Option<String>,
    pub created_at: Timestamp,
    pub read_at: Option<Timestamp>,
}

impl Notification {
    pub(crate) fn event(&self) -> NotificationCreated {
        NotificationCreated {
            user_id: self.user_id,
            notification_id: self.id,
            kind: self.kind,
            number: self.number,
            timestamp: self.created_at,
        }
    }
}

impl From<Notification> for NotificationView {
    fn from(notification: Notification) -> Self {
        Self {
            id: notification.id,
            kind: notification.kind,
            title: notification.title,
            body: notification.body,
            link: notification.link,
            created_at: notification.created_at,
            read_at: notification.read_at,
        }
    }
}
