//! What orders does when catalog or payments say what became of an order, and what became of an account. Those who tell
//! of orders that are not here tell of something else, and are passed over, but for stock that is held for one.

use auth_api::{EmailConfirmed, UserDeleted};
use catalog_api::{ReservedItem, StockOverdue, StockRejected, StockReserved};
use kit_bus::{Bus, BusError, Delivery, Failure, Inbox};
use kit_db::{Tx, Unit};
use kit_values::EmailAddress;
use orders_api::{CancelReason, StockShortage};
use payments_api::{PaymentCancelled, PaymentExpired, PaymentFailed, PaymentRefunded, PaymentSucceeded};

use crate::service::{OrdersFailure, OrdersService};

/// The consumer's name in the tables, for ever.
const GROUP: &str = "orders";

pub(crate) fn start(bus: &Bus, orders: &OrdersService) -> Result<(), BusError> {
    let group = on_payments(on_stock(bus.group(GROUP).committed_together(1), orders), orders);
    let (deleted, confirmed) = (orders.clone(), orders.clone());
    group
        .on::<EmailConfirmed>(move |delivery, inbox| email_confirmed(confirmed.clone(), delivery, inbox))
        .on::<UserDeleted>(move |delivery, inbox| {
            let (orders, user_id) = (deleted.clone(), delivery.payload.user_id);
            apply(deleted.clone(), inbox, async move |tx: &mut Tx| {
                orders.user_deleted_in(tx, user_id).await
            })
        })
        .start()?;
    Ok(())
}

fn on_stock(group: kit_bus::Group, orders: &OrdersService) -> kit_bus::Group {
    let (reserved, rejected, overdue) = (orders.clone(), orders.clone(), orders.clone());
    group
        .on::<StockReserved>(move |delivery, inbox| {
            let (orders, order_id) = (reserved.clone(), delivery.payload.order_id);
            apply(reserved.clone(), inbox, async move |tx: &mut Tx| {
                orders.stock_reserved_in(tx, order_id).await
            })
        })
        .on::<StockRejected>(move |delivery, inbox| {
            let (orders, order_id) = (rejected.clone(), delivery.payload.order_id);
            let shortages: Vec<_> = delivery.payload.items.into_iter().map(shortage).collect();
            apply(rejected.clone(), inbox, async move |tx: &mut Tx| {
                orders.stock_rejected_in(tx, order_id, shortages.clone()).await
            })
        })
        .on::<StockOverdue>(move |delivery, inbox| stock_overdue(overdue.clone(), delivery, inbox))
}

fn on_payments(group: kit_bus::Group, orders: &OrdersService) -> kit_bus::Group {
    let (succeeded, refunded) = (orders.clone(), orders.clone());
    let (failed, expired, cancelled) = (orders.clone(), orders.clone(), orders.clone());
    group
        .on::<PaymentSucceeded>(move |delivery, inbox| {
            let (orders, event) = (succeeded.clone(), delivery.payload);
            apply(succeeded.clone(), inbox, async move |tx: &mut Tx| {
                let Some(order_id) = event.order_id else {
                    return Ok(());
                };
                orders
                    .payment_succeeded_in(tx, order_id, (event.payment_id, event.amount))
                    .await
            })
        })
        .on::<PaymentRefunded>(move |delivery, inbox| {
            let (orders, event) = (refunded.clone(), delivery.payload);
            apply(refunded.clone(), inbox, async move |tx: &mut Tx| {
                let Some(order_id) = event.order_id else {
                    return Ok(());
                };
                orders
                    .refund_succeeded_in(tx, order_id, (event.refund_id, event.refund_amount))
                    .await
            })
        })
        .on::<PaymentFailed>(move |delivery, inbox| {
            payment_ended(
                failed.clone(),
                (delivery.payload.order_id, CancelReason::PaymentFailed),
                inbox,
            )
        })
        .on::<PaymentCancelled>(move |delivery, inbox| {
            payment_ended(
                cancelled.clone(),
                (delivery.payload.order_id, CancelReason::PaymentFailed),
                inbox,
            )
        })
        .on::<PaymentExpired>(move |delivery, inbox| {
            payment_ended(
                expired.clone(),
                (delivery.payload.order_id, CancelReason::PaymentExpired),
                inbox,
            )
        })
}

async fn stock_overdue(
    orders: OrdersService,
    delivery: Delivery<StockOverdue>,
    inbox: Inbox,
) -> Result<(), Failure> {
    let order_id = delivery.payload.order_id;
    orders.release_unknown(order_id).await?;
    let (ending, overdue) = (orders.clone(), (CancelReason::ReservationExpired, "catalog"));
    apply(orders, inbox, async move |tx: &mut Tx| {
        ending.cancel_in(tx, order_id, overdue).await
    })
    .await
}

async fn email_confirmed(
    orders: OrdersService,
    delivery: Delivery<EmailConfirmed>,
    inbox: Inbox,
) -> Result<(), Failure> {
    let EmailConfirmed { user_id, email, .. } = delivery.payload;
    let (email, confirming): (EmailAddress, _) = (email.parse()?, orders.clone());
    apply(orders, inbox, async move |tx: &mut Tx| {
        confirming.email_confirmed_in(tx, user_id, &email).await
    })
    .await
}

async fn payment_ended(
    orders: OrdersService,
    (order_id, reason): (Option<orders_api::OrderId>, CancelReason),
    inbox: Inbox,
) -> Result<(), Failure> {
    let ending = orders.clone();
    apply(orders, inbox, async move |tx: &mut Tx| match order_id {
        Some(order_id) => ending.cancel_in(tx, order_id, (reason, "payments")).await,
        None => Ok(()),
    })
    .await
}

/// Does the effect of an event, and wakes the worker, for which there may be something to do.
async fn apply(
    orders: OrdersService,
    inbox: Inbox,
    unit: impl for<'t> Unit<'t, (), OrdersFailure> + Clone + Send + 'static,
) -> Result<(), Failure> {
    inbox.apply(unit).await?;
    orders.wake();
    Ok(())
}

fn shortage(item: ReservedItem) -> StockShortage {
    StockShortage {
        sku: item.sku,
        quantity: item.quantity,
        available: item.available,
    }
}
