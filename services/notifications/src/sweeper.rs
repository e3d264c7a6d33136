//! Removes what is older than it is kept.

use std::time::Duration;

use kit_runtime::Tasks;

use crate::service::{NotificationsFailure, NotificationsService};

const PERIOD: Duration = Duration::from_mins(10);

/// Starts it. Processes may do so side by side.
pub(crate) fn start(tasks: &Tasks, notifications: &NotificationsService) {
    let notifications = notifications.clone();
    tasks.repeat("notifications.sweep", PERIOD, move || {
        let notifications = notifications.clone();
        async move {
            let removed = notifications.delete_old().await? + notifications.delete_finished().await?;
            Ok::<_, NotificationsFailure>(removed > 0)
        }
    });
}
