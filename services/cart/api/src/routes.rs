//! Cart's public routes.

use http::{Method, StatusCode};
use kit_http::{Access, ApiRefusal as _, Route, RouteTable};
use kit_values::{Currency, Quantity, example};
use serde_json::{Value, json};

use crate::CartRefusal;
use crate::types::{AddItem, CartView, MergeCart, SetQuantity};

const DISPLAY: &str = CartRefusal::SERVICE;

const TOKEN: &str = "cart_k1Zq3h0Ck8r5n2y7Wm4tXo6uVb9sJd1fLg0pQe3aRiY";

/// Everything cart serves.
pub fn routes() -> RouteTable {
    let own = vec![
        Route::health("/", "cart_health", DISPLAY),
        get(),
        clear(),
        add_item(),
        set_item(),
        remove_item(),
        merge(),
    ];
    RouteTable::new("cart", own).display(DISPLAY)
}

fn get() -> Route {
    guest(Method::GET, "/cart", "get_cart")
        .summary("Get the cart at the prices of this moment")
        .answer::<CartView>(StatusCode::OK, cart(2))
}

fn clear() -> Route {
    let empty = json!({ "items": [], "total": { "amount_minor": 0, "currency": "USD" } });
    guest(Method::DELETE, "/cart", "empty_cart")
        .summary("Take everything out of the cart")
        .answer::<CartView>(StatusCode::OK, empty)
        .conditional()
}

fn add_item() -> Route {
    let mut made = cart(2);
    made["guest_token"] = json!(TOKEN);
    guest(Method::POST, "/cart/items", "add_cart_item")
        .summary("Put something into the cart, or more of it; a guest without a cart gets one")
        .body::<AddItem>(json!({ "sku": "MUG-BLUE", "quantity": 2 }))
        .answer::<CartView>(StatusCode::OK, made)
        .refuses(&unknown())
        .refuses(&short())
        .refuses(&CartRefusal::QuantityLimitExceeded {
            sku: example("MUG-BLUE"),
            most: Quantity::MAX.get(),
        })
        .refuses(&CartRefusal::full())
        .refuses(&mixed())
        // Who is not signed in can make carts, which are stored.
        .strict()
}

fn set_item() -> Route {
    guest(Method::PUT, "/cart/items/{sku}", "set_cart_item")
        .summary("Say how many of something in the cart there are to be")
        .body::<SetQuantity>(json!({ "quantity": 3 }))
        .answer::<CartView>(StatusCode::OK, cart(3))
        .refuses(&unknown())
        .refuses(&short())
        .refuses(&mixed())
        .not_found("Item")
        .conditional()
}

fn remove_item() -> Route {
    let empty = json!({ "items": [], "total": { "amount_minor": 0, "currency": "USD" } });
    guest(Method::DELETE, "/cart/items/{sku}", "remove_cart_item")
        .summary("Take something out of the cart")
        .answer::<CartView>(StatusCode::OK, empty)
        .not_found("Item")
        .conditional()
}

fn merge() -> Route {
    Route::new(Method::POST, "/cart/merge", "merge_cart", Access::User)
        .summary(
            "Put what the caller had in the cart as a guest into the own one; sent again, it changes nothing",
        )
        .body::<MergeCart>(json!({ "guest_token": TOKEN }))
        .answer::<CartView>(StatusCode::OK, cart(2))
        .refuses(&CartRefusal::full())
        .refuses(&mixed())
}

fn guest(method: Method, pattern: &'static str, operation: &'static str) -> Route {
    Route::new(method, pattern, operation, Access::Guest).header(
        "X-Cart-Token",
        "Which cart is the caller's, where the caller is not signed in",
    )
}

fn unknown() -> CartRefusal {
    CartRefusal::UnknownSku {
        sku: example("MUG-BLUE"),
    }
}

fn short() -> CartRefusal {
    CartRefusal::NotEnoughStock {
        sku: example("MUG-BLUE"),
        available: 1,
    }
}

fn mixed() -> CartRefusal {
    CartRefusal::MixedCurrencies {
        cart: Currency::USD,
        other: Currency::USD,
    }
}

fn cart(quantity: i64) -> Value {
    let money = |amount: i64| json!({ "amount_minor": amount, "currency": "USD" });
    json!({
        "items": [{
            "sku": "MUG-BLUE", "product_id": "prd_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c", "name": "Blue mug",
            "image_url": null, "quantity": quantity, "unit_price": money(1250), "line_total": money(1250 * quantity),
            "price_changed": false, "available": true
        }],
        "total": money(1250 * quantity)
    })
}
