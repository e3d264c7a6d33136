//! Notifications' use cases: each loads, decides and saves, in one unit of work.

mod inbox;

use std::time::Duration;

use kit_service::{Failure, Units};
use notifications_api::NotificationsRefusal;

use crate::live::Live;

/// Why a use case did not do what was asked.
pub(crate) type NotificationsFailure = Failure<NotificationsRefusal>;

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct NotificationsService {
    units: Units,
    live: Live,
    kept: KeptNotifications,
}

/// What is kept of notifications.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptNotifications {
    /// How many of a user.
    pub(crate) per_user: i64,
    /// For how long.
    pub(crate) time: Duration,
}

impl NotificationsService {
    pub(crate) fn new(units: Units, live: Live, kept: KeptNotifications) -> Self {
        Self { units, live, kept }
    }
}
