//! What owners and staff do with an order.

use kit_db::Tx;
use kit_http::IfMatch;
use kit_service::{Call, Failure, JsonAnswer};
use orders_api::{CancelReason, OrderId, OrderStatus, OrderView, OrdersRefusal, ShippingAddress, Tracking};

use super::advancing::Advanced;
use super::{ORDER, OrdersFailure, OrdersService};
use crate::domain::{Order, OrderDetails, Transition, Viewer};
use crate::store;

impl OrdersService {
    /// Gives an order up. One that is cancelled already is answered as it is.
    pub(crate) async fn cancel_order(
        &self,
        call: &Call<Viewer>,
        id: OrderId,
    ) -> Result<JsonAnswer<OrderView>, OrdersFailure> {
        let (orders, viewer) = (self.clone(), call.actor.clone());
        let unit = async move |tx: &mut Tx| {
            let order = orders.held(tx, id).await?;
            if !viewer.may_see(&order) {
                return Err(Failure::NotFound(ORDER));
            }
            let cancel = Transition::Cancel(CancelReason::Requested);
            let order = match orders.advance(tx, order, &cancel, &viewer.actor()).await? {
                Advanced::Now(order) => order,
                Advanced::Not(order) if order.status == OrderStatus::Cancelled => order,
                Advanced::Not(Order { status, .. }) => {
                    return Err(Failure::Refused(OrdersRefusal::NotCancellable { status }));
                }
            };
            Ok(viewer.shown(details(tx, order).await?).into())
        };
        self.units().once(call, &(), unit).await
    }

    /// Says that an order has left. The same again changes nothing.
    pub(crate) async fn ship_order(
        &self,
        call: &Call,
        id: OrderId,
        tracking: Tracking,
    ) -> Result<OrderDetails, OrdersFailure> {
        let shipped = Transition::Ship(tracking.clone());
        self.change(call, id, shipped, move |order| {
            if order.status == OrderStatus::Shipped && order.tracking.as_ref() == Some(&tracking) {
                return Ok(());
            }
            let status = order.status;
            Err(OrdersRefusal::NotShippable { status })
        })
        .await
    }

    /// Says that an order has arrived. Again changes nothing.
    pub(crate) async fn deliver_order(
        &self,
        call: &Call,
        id: OrderId,
    ) -> Result<OrderDetails, OrdersFailure> {
        self.change(call, id, Transition::Deliver, |order| match order.status {
            OrderStatus::Delivered => Ok(()),
            status => Err(OrdersRefusal::NotDeliverable { status }),
        })
        .await
    }

    /// Lets something happen to an order; where it cannot, `is_done` says whether it has happened already.
    async fn change(
        &self,
        call: &Call,
        id: OrderId,
        transition: Transition,
        is_done: impl Fn(&Order) -> Result<(), OrdersRefusal> + Clone + Send + Sync + 'static,
    ) -> Result<OrderDetails, OrdersFailure> {
        let (orders, actor) = (self.clone(), call.actor.user_id.to_string());
        let unit = async move |tx: &mut Tx| {
            let order = orders.held(tx, id).await?;
            let order = match orders.advance(tx, order, &transition, &actor).await? {
                Advanced::Now(order) => order,
                Advanced::Not(order) => {
                    is_done(&order).map_err(Failure::Refused)?;
                    order
                }
            };
            details(tx, order).await
        };
        self.units().unit(call, unit).await
    }

    /// Says where an order is sent.
    pub(crate) async fn set_shipping_address(
        &self,
        call: &Call,
        id: OrderId,
        address: ShippingAddress,
        seen: IfMatch,
    ) -> Result<OrderDetails, OrdersFailure> {
        let orders = self.clone();
        let unit = async move |tx: &mut Tx| {
            let mut order = orders.held(tx, id).await?;
            if !seen.allows(order.revision) {
                return Err(Failure::VersionMismatch);
            }
            if !order.takes_address() {
                let status = order.status;
                return Err(Failure::Refused(OrdersRefusal::AddressFixed { status }));
            }
            order.shipping_address = Some(address.clone());
            orders.touch(tx, &mut order).await?;
            details(tx, order).await
        };
        self.units().unit(call, unit).await
    }

    /// Writes an order that is held and has changed otherwise than in its status.
    pub(super) async fn touch(&self, tx: &mut Tx, order: &mut Order) -> Result<(), OrdersFailure> {
        let before = (order.status, order.revision);
        order.revision += 1;
        order.updated_at = self.units().now().max(order.updated_at);
        if store::update_order(tx, order, before).await? {
            Ok(())
        } else {
            Err(Failure::internal("an order changed that is held"))
        }
    }
}

/// An order as this transaction sees it, with its refunds.
pub(super) async fn details(tx: &mut Tx, order: Order) -> Result<OrderDetails, OrdersFailure> {
    let refunds = store::list_refunds(tx, &order).await?;
    Ok(OrderDetails { order, refunds })
}
