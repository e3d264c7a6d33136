//! Placing an order.

use std::time::Duration;

use catalog_api::GetItems;
use kit_db::Tx;
use kit_service::{Call, Failure, JsonAnswer};
use kit_token::UserId;
use kit_values::Money;
use orders_api::{OrderStatus, OrderView, OrdersRefusal, PlaceOrder};

use super::advancing::publish;
use super::{ORDERS, OrdersFailure, OrdersService};
use crate::domain::{Order, OrderDetails, OrderDraft, OrderEvent, OrderLines};
use crate::store;

/// How long whoever places an order waits for another service.
const PEER_LIMIT: Duration = Duration::from_secs(3);

/// Why there is no draft of an order.
#[derive(Clone, Debug)]
enum NoDraft {
    Refused(OrdersRefusal),
    /// This service is away.
    Unavailable(&'static str),
}

impl From<NoDraft> for OrdersFailure {
    fn from(reason: NoDraft) -> Self {
        match reason {
            NoDraft::Refused(refusal) => Self::Refused(refusal),
            NoDraft::Unavailable(service) => Self::Unavailable {
                service,
                cause: "it was asked before the order".into(),
            },
        }
    }
}

impl OrdersService {
    /// Places an order at the catalog's prices of this moment.
    ///
    /// Others are asked before the unit of work, which would find an order with the same key. So what they refuse is
    /// said in there: of an order that was placed, it does not matter any more what they say.
    pub(crate) async fn place_order(
        &self,
        call: &Call,
        request: PlaceOrder,
    ) -> Result<JsonAnswer<OrderView>, OrdersFailure> {
        let drafted = match self.draft(call, &request).await {
            Ok(draft) => Ok(draft),
            Err(Failure::Refused(refusal)) => Err(NoDraft::Refused(refusal)),
            Err(Failure::Unavailable { service, .. } | Failure::Unknown { service, .. }) => {
                Err(NoDraft::Unavailable(service))
            }
            Err(failure) => return Err(failure),
        };
        let (orders, user_id, placed) = (self.clone(), call.actor.user_id, request.clone());
        let unit = async move |tx: &mut Tx| {
            let mut order = orders.new_order(user_id, &placed, drafted.clone()?);
            orders.place_in(tx, &mut order, &user_id.to_string()).await?;
            let refunds = Vec::new();
            Ok(OrderView::from(OrderDetails { order, refunds }))
        };
        self.units().once(call, &request, unit).await
    }

    async fn draft(&self, call: &Call, request: &PlaceOrder) -> Result<OrderDraft, OrdersFailure> {
        let items = request
            .items
            .as_deref()
            .ok_or(Failure::Refused(OrdersRefusal::CartEmpty))?;
        let lines = OrderLines::check(items)?;
        let to_catalog = (**call).clone().for_service(ORDERS).within(PEER_LIMIT);
        let asked = GetItems { skus: lines.skus() };
        let found = self.0.deps.catalog.get_items(&to_catalog, asked).await?;
        lines.price(&found.items).map_err(Failure::Refused)
    }

    fn new_order(&self, user_id: UserId, request: &PlaceOrder, draft: OrderDraft) -> Order {
        let now = self.units().now();
        Order {
            id: self.units().new_id(),
            // Given last.
            number: 0,
            user_id: Some(user_id),
            email: None,
            status: OrderStatus::Pending,
            version: 1,
            revision: 1,
            refunded: Money::zero(draft.total.currency),
            total: draft.total,
            payment_id: None,
            shipping_address: request.shipping_address.clone(),
            note: request.note.as_ref().map(ToString::to_string),
            reason: None,
            shortages: Vec::new(),
            tracking: None,
            lines: draft.lines,
            created_at: now,
            updated_at: now,
        }
    }

    /// Writes a new order, and gives it its number.
    async fn place_in(&self, tx: &mut Tx, order: &mut Order, actor: &str) -> Result<(), OrdersFailure> {
        store::insert_order(tx, order).await?;
        store::insert_entry(tx, order.id, &order.placed(), actor).await?;
        self.set_timer(tx, order).await?;
        store::number_order(tx, order).await?;
        publish(tx, OrderEvent::created(order));
        Ok(())
    }
}
