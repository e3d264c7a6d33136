//! What catalog does when an order was placed, paid or given up. What becomes of the order's reservation is published in
//! the transaction in which it does: that is the answer.

use catalog_api::OrderLine;
use kit_bus::{Bus, BusError, Delivery, Failure, Inbox};
use kit_db::Tx;
use orders_api::{OrderCancelled, OrderCreated, OrderPaid};

use crate::domain::{OrderLines, ReservationStep};
use crate::reads::Changed;
use crate::service::CatalogService;

/// The consumer's name in the tables, for ever.
const GROUP: &str = "catalog";

pub(crate) fn start(bus: &Bus, catalog: &CatalogService) -> Result<(), BusError> {
    let (on_created, on_paid, on_cancelled) = (catalog.clone(), catalog.clone(), catalog.clone());
    bus.group(GROUP)
        // Each order holds rows of stock in the order of their SKUs, and two orders together in no order at all.
        .committed_together(1)
        .on::<OrderCreated>(move |delivery, inbox| order_created(on_created.clone(), delivery, inbox))
        .on::<OrderPaid>(move |delivery, inbox| order_paid(on_paid.clone(), delivery, inbox))
        .on::<OrderCancelled>(move |delivery, inbox| order_cancelled(on_cancelled.clone(), delivery, inbox))
        .start()?;
    Ok(())
}

async fn order_created(
    catalog: CatalogService,
    delivery: Delivery<OrderCreated>,
    inbox: Inbox,
) -> Result<(), Failure> {
    let OrderCreated { order_id, items, .. } = delivery.payload;
    let line = |item: orders_api::OrderItem| OrderLine {
        sku: item.sku,
        quantity: item.quantity,
    };
    let lines = OrderLines::check(items.into_iter().map(line).collect());
    let lines = lines.map_err(|_| Failure::never("an order has no lines, or too many"))?;
    let changed = Changed::default();
    let (reserving, noted) = (catalog.clone(), changed.clone());
    let unit = async move |tx: &mut Tx| reserving.reserve_in(tx, (order_id, &lines), &noted).await;
    catalog.changing_by_event(&changed, inbox.apply(unit)).await?;
    Ok(())
}

async fn order_paid(
    catalog: CatalogService,
    delivery: Delivery<OrderPaid>,
    inbox: Inbox,
) -> Result<(), Failure> {
    let order_id = delivery.payload.order_id;
    let changed = Changed::default();
    let (committing, noted) = (catalog.clone(), changed.clone());
    let step = (order_id, ReservationStep::Commit);
    let unit = async move |tx: &mut Tx| committing.advance_in(tx, step, &noted).await;
    catalog.changing_by_event(&changed, inbox.apply(unit)).await?;
    Ok(())
}

async fn order_cancelled(
    catalog: CatalogService,
    delivery: Delivery<OrderCancelled>,
    inbox: Inbox,
) -> Result<(), Failure> {
    let given_up = (delivery.payload.order_id, delivery.payload.reason);
    let changed = Changed::default();
    let (giving_up, noted) = (catalog.clone(), changed.clone());
    let unit = async move |tx: &mut Tx| giving_up.give_up_in(tx, given_up, &noted).await;
    catalog.changing_by_event(&changed, inbox.apply(unit)).await?;
    Ok(())
}
