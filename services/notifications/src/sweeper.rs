//! Removes what is older than it is kept.

use std::time::Duration;

use kit_runtime::{Stop, TaskError, Tasks};

use crate::service::NotificationsService;

const PERIOD: Duration = Duration::from_mins(10);

/// Starts it. Processes may do so side by side.
pub(crate) fn start(tasks: &Tasks, notifications: &NotificationsService) {
    let notifications = notifications.clone();
    tasks.supervise("notifications.sweep", move |stop| {
        let notifications = notifications.clone();
        async move { run(&notifications, &stop).await }
    });
}

async fn run(notifications: &NotificationsService, stop: &Stop) -> Result<(), TaskError> {
    while !stop.is_requested() {
        // One full batch after the other, without a pause.
        let removed = notifications.delete_old().await? + notifications.delete_finished().await?;
        if removed == 0 && !stop.sleep(PERIOD).await {
            break;
        }
    }
    Ok(())
}
