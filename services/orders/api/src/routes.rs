//! Orders' public routes.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, ApiRefusal, Route, RouteTable};
use kit_values::{Currency, Money, example};
use serde_json::{Value, json};

use crate::OrdersRefusal;
use crate::types::{
    CreateOrder, OrderFilter, OrderStatus, OrderView, PlacedOrder, RefundOrder, ShippingAddress,
    TimelineItem, Tracking,
};

const DISPLAY: &str = OrdersRefusal::SERVICE;

const ORDER: &str = "ord_0199f3a2-5d10-7c4e-b3f8-61a90e7d24c5";
const USER: &str = "0199f3a0-8b1c-7e34-9d5a-2f6bc8d0e1f2";
const PAYMENT: &str = "pay_0199f3a3-77a1-7d20-9b1f-04c2e8d65a31";

/// Longer than any other of the service's: two hundred lines.
const BODY_LIMIT: u64 = 64 * 1024;

/// Everything orders serves.
pub fn routes() -> RouteTable {
    let mut own = vec![Route::health("/", "orders_health", DISPLAY)];
    own.extend([
        create(),
        list(),
        get(),
        timeline(),
        events(),
        cancel(),
        set_address(),
    ]);
    own.extend([list_all(), get_any(), ship(), deliver(), refund()]);
    RouteTable::new("orders", own).display(DISPLAY)
}

fn create() -> Route {
    let items = json!([{ "sku": "MUG-BLUE", "quantity": 2 }]);
    Route::new(Method::POST, "/orders", "create_order", Access::Guest)
        .summary("Place an order of what is named, or of what is in the cart; a guest says an address")
        .header(
            "X-Cart-Token",
            "The guest's cart, where the caller is not signed in; needed then, also where items are named",
        )
        .optional_body::<CreateOrder>(
            json!({ "items": items, "shipping_address": address(), "note": "Ring twice" }),
        )
        .answer::<PlacedOrder>(StatusCode::CREATED, order(OrderStatus::Pending))
        .refuses(&OrdersRefusal::CartEmpty)
        .refuses(&OrdersRefusal::UnknownSku {
            sku: example("MUG-BLUE"),
        })
        .refuses(&OrdersRefusal::MixedCurrencies)
        .refuses(&OrdersRefusal::TotalTooLarge)
        .refuses(&OrdersRefusal::TooManyUnpaid { most: 1000 })
        .body_limit(BODY_LIMIT)
        .idempotent()
}

fn list() -> Route {
    Route::new(Method::GET, "/orders", "list_orders", Access::User)
        .summary("List own orders, newest first")
        .query::<PageQuery>()
        .answer::<Page<OrderView>>(StatusCode::OK, page(&order(OrderStatus::Paid)))
}

fn get() -> Route {
    Route::new(Method::GET, "/orders/{id}", "get_order", Access::Holder)
        .summary("Get an order; staff any")
        .answer::<OrderView>(StatusCode::OK, order(OrderStatus::Paid))
        .not_found("Order")
}

fn timeline() -> Route {
    Route::new(
        Method::GET,
        "/orders/{id}/timeline",
        "get_order_timeline",
        Access::Holder,
    )
    .summary("List what happened to an order, the first first")
    .query::<PageQuery>()
    .answer::<Page<TimelineItem>>(
        StatusCode::OK,
        page(&json!({ "version": 1, "status": "pending", "at": "2030-01-01T00:00:00.000000Z" })),
    )
    .not_found("Order")
}

fn events() -> Route {
    Route::new(
        Method::GET,
        "/orders/{id}/events",
        "stream_order_events",
        Access::Holder,
    )
    .summary("Follow an order: its timeline as it comes; `Last-Event-ID` goes on after a version")
    .event_stream::<TimelineItem>(
        "id: 2\nevent: confirmed\ndata: {\"version\":2,\"status\":\"confirmed\",\"at\":\"2030-01-01T00:00:00.000000Z\"}\n\n",
    )
    .refuses(&OrdersRefusal::TooManyStreams)
    .not_found("Order")
}

fn cancel() -> Route {
    Route::new(
        Method::POST,
        "/orders/{id}/cancel",
        "cancel_order",
        Access::Holder,
    )
    .summary("Cancel an order that has not left; what was paid is paid back")
    .answer::<OrderView>(StatusCode::OK, order(OrderStatus::Cancelled))
    .refuses(&OrdersRefusal::NotCancellable {
        status: OrderStatus::Shipped,
    })
    .not_found("Order")
    .idempotent()
    .fail_closed()
}

fn set_address() -> Route {
    Route::new(
        Method::PUT,
        "/orders/{id}/shipping-address",
        "set_shipping_address",
        Access::Staff,
    )
    .summary("Say where an order is sent, until it leaves")
    .body::<ShippingAddress>(address())
    .answer::<OrderView>(StatusCode::OK, order(OrderStatus::Paid))
    .refuses(&OrdersRefusal::AddressFixed {
        status: OrderStatus::Shipped,
    })
    .not_found("Order")
    .conditional()
}

fn list_all() -> Route {
    Route::new(Method::GET, "/admin/orders", "list_all_orders", Access::Staff)
        .summary("List everybody's orders, newest first")
        .query::<PageQuery>()
        .query::<OrderFilter>()
        .answer::<Page<OrderView>>(StatusCode::OK, page(&order(OrderStatus::Paid)))
}

fn get_any() -> Route {
    Route::new(Method::GET, "/admin/orders/{id}", "get_any_order", Access::Staff)
        .summary("Get anybody's order")
        .answer::<OrderView>(StatusCode::OK, order(OrderStatus::Paid))
        .not_found("Order")
}

fn ship() -> Route {
    Route::new(
        Method::POST,
        "/admin/orders/{id}/ship",
        "ship_order",
        Access::Staff,
    )
    .summary("Say that a paid order has left; the same again changes nothing")
    .body::<Tracking>(json!({ "carrier": "DHL", "tracking_number": "00340434292135100148" }))
    .answer::<OrderView>(StatusCode::OK, order(OrderStatus::Shipped))
    .refuses(&OrdersRefusal::NotShippable {
        status: OrderStatus::Confirmed,
    })
    .not_found("Order")
}

fn deliver() -> Route {
    Route::new(
        Method::POST,
        "/admin/orders/{id}/deliver",
        "deliver_order",
        Access::Staff,
    )
    .summary("Say that a shipped order has arrived; again changes nothing")
    .answer::<OrderView>(StatusCode::OK, order(OrderStatus::Delivered))
    .refuses(&OrdersRefusal::NotDeliverable {
        status: OrderStatus::Paid,
    })
    .not_found("Order")
}

fn refund() -> Route {
    let mut refunding = order(OrderStatus::Paid);
    refunding["refunds"] = json!([{
        "id": "rfd_0199f3a4-11d2-7b0a-8c3e-5f7a9b1d3e60", "status": "pending",
        "amount": { "amount_minor": 1_250, "currency": "USD" }, "created_at": "2030-01-01T00:00:00.000000Z"
    }]);
    Route::new(
        Method::POST,
        "/admin/orders/{id}/refund",
        "refund_order",
        Access::Staff,
    )
    .summary("Pay an order back, by line, by amount, or all that is left")
    .optional_body::<RefundOrder>(json!({ "lines": [{ "sku": "MUG-BLUE", "quantity": 1 }] }))
    .answer::<OrderView>(StatusCode::OK, refunding)
    .refuses(&OrdersRefusal::NotRefundable {
        status: OrderStatus::Confirmed,
    })
    .refuses(&OrdersRefusal::RefundTooLarge {
        left: Money::zero(Currency::USD),
    })
    .refuses(&OrdersRefusal::RefundedTwice {
        sku: example("MUG-BLUE"),
        left: 0,
    })
    .refuses(&OrdersRefusal::TooManyRefunds { most: 100 })
    .not_found("Order")
    .idempotent()
    .fail_closed()
}

fn page(item: &Value) -> Value {
    json!({ "items": [item], "next_cursor": null })
}

fn address() -> Value {
    json!({
        "name": "Ada Lovelace", "line1": "12 St James's Square", "line2": null, "city": "London",
        "postal_code": "SW1Y 4JH", "region": null, "country": "GB"
    })
}

fn order(status: OrderStatus) -> Value {
    let usd = |amount_minor: i64| json!({ "amount_minor": amount_minor, "currency": "USD" });
    let is_at_least = |least: OrderStatus| status >= least && status != OrderStatus::Cancelled;
    let at = "2030-01-01T00:00:00.000000Z";
    let tracking = json!({ "carrier": "DHL", "tracking_number": "00340434292135100148" });
    json!({
        "id": ORDER, "number": "10001", "user_id": USER, "email": null, "status": status,
        "items": [{
            "sku": "MUG-BLUE", "name": "Mug", "quantity": 2, "unit_price": usd(1_250),
            "line_total": usd(2_500), "refunded_quantity": 0
        }],
        "total": usd(2_500), "refunded": usd(0),
        "payment_id": is_at_least(OrderStatus::Confirmed).then_some(PAYMENT),
        "shipping_address": address(), "note": "Ring twice",
        "reason": (status == OrderStatus::Cancelled).then_some("requested"),
        "tracking": is_at_least(OrderStatus::Shipped).then_some(tracking),
        "refunds": [], "created_at": at, "updated_at": at
    })
}
