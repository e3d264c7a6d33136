//! Stands for orders, which a service may not know beyond its contract: it says with which address a guest ordered.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use kit_rpc::CallContext;
use orders_api::{FindOrder, OrderId, OrderView, Orders, OrdersError};
use serde_json::json;

#[derive(Clone, Default)]
pub(crate) struct OrdersDouble(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    guests: HashMap<OrderId, Option<String>>,
    is_away: bool,
}

impl OrdersDouble {
    /// From now on this is the address of the guest who placed an order; none where it is forgotten.
    pub(crate) fn set_address(&self, order_id: OrderId, address: Option<&str>) {
        let address = address.map(str::to_owned);
        self.0.lock().unwrap().guests.insert(order_id, address);
    }

    /// Whether it answers.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.0.lock().unwrap().is_away = is_away;
    }
}

impl Orders for OrdersDouble {
    async fn find_order(
        &self,
        _: &CallContext,
        request: FindOrder,
    ) -> Result<Option<OrderView>, OrdersError> {
        let script = self.0.lock().unwrap();
        if script.is_away {
            return Err(OrdersError::Unavailable);
        }
        let guest = script.guests.get(&request.order_id);
        Ok(guest.map(|address| order(request.order_id, address.as_deref())))
    }
}

fn order(id: OrderId, email: Option<&str>) -> OrderView {
    let usd = json!({ "amount_minor": 1_250, "currency": "USD" });
    let at = "2030-01-01T00:00:00.000000Z";
    let order = json!({
        "id": id, "number": "10001", "user_id": null, "email": email, "status": "paid",
        "items": [], "total": usd, "refunded": { "amount_minor": 0, "currency": "USD" }, "payment_id": null,
        "shipping_address": null, "note": null, "reason": null, "tracking": null, "refunds": [],
        "created_at": at, "updated_at": at,
    });
    serde_json::from_value(order).unwrap()
}
