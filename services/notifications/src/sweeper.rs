//! Removes what is older than it is kept.

use std::time::Duration;

use kit_runtime::Tasks;

use crate::service::{NotificationsFailure, NotificationsService, WebhooksService};

const PERIOD: Duration = Duration::from_mins(10);

/// Starts it. Processes may do so side by side.
pub(crate) fn start(tasks: &Tasks, notifications: &NotificationsService, webhooks: &WebhooksService) {
    let (notifications, webhooks) = (notifications.clone(), webhooks.clone());
    tasks.repeat("notifications.sweep", PERIOD, move || {
        let (notifications, webhooks) = (notifications.clone(), webhooks.clone());
        async move {
            let removed = notifications.delete_old().await?
                + notifications.delete_finished().await?
                + webhooks.delete_finished().await?;
            Ok::<_, NotificationsFailure>(removed > 0)
        }
    });
}
