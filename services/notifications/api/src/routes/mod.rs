//! Notifications' public routes.

mod mailbox;
mod notifications;
mod preferences;
mod webhooks;

use kit_http::{ApiRefusal, Route, RouteTable};

use crate::NotificationsRefusal;

const DISPLAY: &str = NotificationsRefusal::SERVICE;

/// Everything notifications serves.
pub fn routes() -> RouteTable {
    let mut own = vec![Route::health("/", "notifications_health", DISPLAY)];
    own.extend(notifications::routes());
    own.extend(preferences::routes());
    own.extend(mailbox::routes());
    own.extend(webhooks::routes());
    RouteTable::new("notifications", own).display(DISPLAY)
}
