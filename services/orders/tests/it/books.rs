//! What must be true of the tables at every moment, whatever happened before; and what must be true of all services
//! together once nothing is under way.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use catalog_api::{CatalogClient, FindReservation, ReservationStatus as Held};
use kit_db::{Reader, sql};
use kit_testing::{App, eventually};
use orders_api::{FindOrder, OrderStatus, OrderView, OrdersClient};
use payments_api::{PaymentStatus, PaymentView};

use crate::app::{ORDERS, Shop, call};

/// Each gives the rows that must not be, beside what the service says itself: what counts events holds as long as they
/// are kept.
const MUST_NOT_BE: [(&str, &str); 1] = [(
    "each row of a history is told of once, in its order",
    "SELECT order_history.order_id FROM order_history WHERE version <> \
           (SELECT COUNT(*) FROM outbox WHERE key = order_history.order_id) - \
           (SELECT COUNT(*) FROM order_history later WHERE later.order_id = order_history.order_id \
              AND later.version > order_history.version)",
)];

/// Asserts all of it.
pub(crate) async fn are_in_order(app: &App) {
    for invariant in orders::service().invariants {
        let broken = invariant.violations(&app.db).await.unwrap();
        assert_eq!(broken, [""; 0], "{}", invariant.rule);
    }
    for (rule, query) in MUST_NOT_BE {
        let broken = app
            .db
            .read(async move |reader: &mut Reader| sql(query).all(reader).await);
        let broken = broken.await.unwrap();
        let broken: Vec<String> = broken.iter().map(|row| row.get(0).unwrap()).collect();
        assert_eq!(broken, [""; 0], "{rule}");
    }
}

/// Waits until what catalog and payments have of each order is what orders say of it, and asserts that everything is in
/// order then.
pub(crate) async fn agree(shop: &Shop) {
    let orders: OrdersClient = shop.orders.contract();
    for row in shop.orders.rows(ORDERS).await {
        let id: String = row.get("id").unwrap();
        eventually("all say the same of an order", async || {
            let order_id = id.parse().unwrap();
            let order = orders
                .find_order(&call(), FindOrder { order_id })
                .await
                .unwrap()
                .unwrap();
            let catalog: CatalogClient = shop.catalog.contract();
            let held = catalog
                .find_reservation(&call(), FindReservation { order_id })
                .await
                .unwrap();
            let payment = shop.payment(&id).await;
            is_held(&order, held.map(|held| held.status)).then_some(())?;
            is_paid(&order, payment).then_some(())
        })
        .await;
    }
    are_in_order(&shop.orders).await;
}

fn is_held(order: &OrderView, held: Option<Held>) -> bool {
    match order.status {
        OrderStatus::Pending => true,
        OrderStatus::Confirmed => held == Some(Held::Reserved),
        OrderStatus::Rejected => held == Some(Held::Rejected),
        OrderStatus::Paid | OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Refunded => {
            held == Some(Held::Committed)
        }
        OrderStatus::Cancelled => {
            let over = [Held::Released, Held::Expired, Held::Restocked, Held::Rejected];
            held.is_some_and(|held| over.contains(&held))
        }
    }
}

fn is_paid(order: &OrderView, payment: Option<PaymentView>) -> bool {
    let is_captured = payment
        .as_ref()
        .is_some_and(|payment| payment.status == PaymentStatus::Succeeded);
    match order.status {
        OrderStatus::Pending | OrderStatus::Confirmed => !is_captured,
        OrderStatus::Rejected => payment.is_none(),
        OrderStatus::Paid | OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Refunded => payment
            .is_some_and(|payment| {
                let same = payment.amount == order.total && payment.refunded == order.refunded;
                is_captured && same && Some(payment.id) == order.payment_id
            }),
        OrderStatus::Cancelled => payment.is_none_or(|payment| {
            let is_open = [PaymentStatus::Open, PaymentStatus::Processing].contains(&payment.status);
            let is_even = !is_captured || payment.refunded == payment.amount;
            !is_open && is_even && payment.refunded == order.refunded
        }),
    }
}
