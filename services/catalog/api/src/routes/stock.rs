//! Routes of stock.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, Route};
use serde_json::{Value, json};

use crate::CatalogRefusal;
use crate::types::{AdjustStock, MOST_ON_HAND, MovementView, SetStock, StockFilter, StockView};

pub(super) fn routes() -> Vec<Route> {
    vec![list(), get(), set(), adjust(), movements()]
}

fn list() -> Route {
    let listing = json!({ "items": [stock()], "next_cursor": null });
    Route::new(Method::GET, "/stock", "list_stock", Access::Staff)
        .summary("List the stock of SKUs, by SKU")
        .query::<StockFilter>()
        .query::<PageQuery>()
        .answer::<Page<StockView>>(StatusCode::OK, listing)
}

fn get() -> Route {
    Route::new(Method::GET, "/stock/{sku}", "get_stock", Access::Staff)
        .summary("Get the stock of a SKU")
        .answer::<StockView>(StatusCode::OK, stock())
        .not_found("Stock")
}

fn set() -> Route {
    Route::new(Method::PUT, "/stock/{sku}", "set_stock", Access::Staff)
        .summary("Say how many of a SKU are on hand")
        .body::<SetStock>(json!({ "on_hand": 5 }))
        .answer::<StockView>(StatusCode::OK, stock())
        .refuses(&CatalogRefusal::BelowReserved { reserved: 2 })
        .not_found("Stock")
        .conditional()
}

fn adjust() -> Route {
    Route::new(Method::POST, "/stock/{sku}/adjust", "adjust_stock", Access::Staff)
        .summary("Add to what is on hand, or take away from it")
        .body::<AdjustStock>(json!({ "delta": -1, "reason": "one was broken" }))
        .answer::<StockView>(StatusCode::OK, stock())
        .refuses(&CatalogRefusal::BelowReserved { reserved: 2 })
        .refuses(&CatalogRefusal::StockLimitExceeded { most: MOST_ON_HAND })
        .not_found("Stock")
        .idempotent()
}

fn movements() -> Route {
    let movement = json!({
        "number": 2, "kind": "adjusted", "on_hand_delta": -1, "reserved_delta": 0, "on_hand": 4, "reserved": 0,
        "reason": "one was broken", "user_id": "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c", "order_id": null,
        "at": "2030-01-01T00:00:00.000000Z"
    });
    let listing = json!({ "items": [movement], "next_cursor": null });
    Route::new(
        Method::GET,
        "/stock/{sku}/movements",
        "list_stock_movements",
        Access::Staff,
    )
    .summary("List the changes of the stock of a SKU, newest first")
    .query::<PageQuery>()
    .answer::<Page<MovementView>>(StatusCode::OK, listing)
    .not_found("Stock")
}

fn stock() -> Value {
    json!({ "sku": "MUG-BLUE", "on_hand": 5, "reserved": 0, "available": 5 })
}
