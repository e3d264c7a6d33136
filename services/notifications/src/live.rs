//! Wakes who follows their notifications in this process, whichever process wrote something for them.

use kit_bus::{Bus, BusError, Delivery};
use kit_service::Followers;
use kit_token::UserId;
use notifications_api::NotificationCreated;

/// Wakes `followers` by what the bus tells.
pub(crate) fn start(bus: &Bus, followers: &Followers<UserId>) -> Result<(), BusError> {
    let (on_created, on_connected) = (followers.clone(), followers.clone());
    bus.broadcast("notifications.live")
        .on::<NotificationCreated>(move |delivery: Delivery<NotificationCreated>| {
            on_created.wake(&delivery.payload.user_id);
            std::future::ready(())
        })
        .connected(move || {
            // What came while nobody listened.
            on_connected.wake_all();
            std::future::ready(Ok(()))
        })
        .start()
}
