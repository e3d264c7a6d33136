//! Wakes who follows an order in this process, by what becomes of it in whichever.

use kit_bus::{Bus, BusError};
use kit_service::Followers;
use orders_api::{
    OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderId, OrderPaid, OrderRefunded,
    OrderRejected, OrderShipped,
};

use crate::service::StreamOwner;

/// Wakes `followers` by what the bus tells.
pub(crate) fn start(bus: &Bus, followers: &Followers<OrderId, StreamOwner>) -> Result<(), BusError> {
    macro_rules! on_each {
        ($broadcast:expr, $($event:ty),+) => {
            $broadcast$(.on::<$event>({
                let followers = followers.clone();
                move |delivery| {
                    followers.wake(&delivery.payload.order_id);
                    std::future::ready(())
                }
            }))+
        };
    }
    let on_connected = followers.clone();
    let broadcast = bus.broadcast("orders.watchers").connected(move || {
        // What came while nobody listened.
        on_connected.wake_all();
        std::future::ready(Ok(()))
    });
    on_each!(
        broadcast,
        OrderCreated,
        OrderConfirmed,
        OrderRejected,
        OrderPaid,
        OrderCancelled,
        OrderShipped,
        OrderDelivered,
        OrderRefunded
    )
    .start()
}
