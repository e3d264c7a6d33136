//! What payments does when something happened to an order.

use kit_bus::{Bus, BusError, Delivery, Failure, Inbox};
use kit_db::Tx;
use orders_api::{OrderCancelled, OrderId};

use crate::service::PaymentsService;

/// The consumer's name in the tables, for ever.
const GROUP: &str = "payments";

kit_event::partial_event! {
    /// `order.cancelled`, as far as payments know orders.
    struct CancelledEvent of OrderCancelled (key: order_id) {
        order_id: OrderId,
    }
}

pub(crate) fn start(bus: &Bus, payments: &PaymentsService) -> Result<(), BusError> {
    let payments = payments.clone();
    bus.group(GROUP)
        .on::<CancelledEvent>(move |delivery, inbox| order_cancelled(payments.clone(), delivery, inbox))
        .start()?;
    Ok(())
}

async fn order_cancelled(
    payments: PaymentsService,
    delivery: Delivery<CancelledEvent>,
    inbox: Inbox,
) -> Result<(), Failure> {
    let (order_id, cancelling) = (delivery.payload.order_id, payments.clone());
    let unit = async move |tx: &mut Tx| cancelling.cancel_in(tx, order_id.into()).await;
    inbox.apply(unit).await?;
    payments.wake();
    Ok(())
}
