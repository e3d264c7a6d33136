//! Catalog as the stories start it, and what people do with it.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::fmt::Write as _;

use kit_testing::{App, AppBuilder, Client, Fixture, Person, Reply};
use serde_json::{Value, json};

/// Every product.
pub(crate) const PRODUCTS: &str = "SELECT id FROM products";

/// Every change of stock.
pub(crate) const MOVEMENTS: &str = "SELECT number FROM stock_movements";

/// Catalog, not started yet, and out of reach of the orders.
pub(crate) fn builder(fixture: &Fixture) -> AppBuilder {
    App::of(fixture, catalog::service()).out_of_reach(orders_api::TOPICS)
}

pub(crate) async fn start(fixture: &Fixture) -> App {
    builder(fixture).start().await
}

/// A price in dollars.
pub(crate) fn dollars(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "USD" })
}

/// A variant as staff describe it.
pub(crate) fn variant(sku: &str, amount_minor: i64) -> Value {
    json!({ "sku": sku, "price": dollars(amount_minor) })
}

/// A product of one variant.
pub(crate) fn product(name: &str, sku: &str, amount_minor: i64) -> Value {
    json!({ "name": name, "variants": [variant(sku, amount_minor)] })
}

/// What a member of the staff does.
pub(crate) trait Clerk {
    /// Makes a product.
    async fn create(&self, product: &Value) -> Value;
    /// Makes a product of one variant, for ten dollars.
    async fn create_simple(&self, name: &str, sku: &str) -> Value;
    /// Makes a category; its identifier.
    async fn create_category(&self, name: &str, parent: Option<&str>) -> String;
    /// Asks to say how many there are.
    async fn send_stock(&self, sku: &str, on_hand: i64) -> Reply;
    /// Says how many there are.
    async fn set_stock(&self, sku: &str, on_hand: i64);
    /// Asks to add to the stock.
    async fn send_adjust(&self, sku: &str, delta: i64) -> Reply;
    /// On hand, reserved, available.
    async fn counts(&self, sku: &str) -> (i64, i64, i64);
}

impl Clerk for Person {
    async fn create(&self, product: &Value) -> Value {
        self.client.post("/products", product).await.expect(201)
    }

    async fn create_simple(&self, name: &str, sku: &str) -> Value {
        self.create(&product(name, sku, 1000)).await
    }

    async fn create_category(&self, name: &str, parent: Option<&str>) -> String {
        let body = json!({ "name": name, "parent_id": parent });
        let made = self.client.post("/categories", &body).await.expect(201);
        text(&made["id"])
    }

    async fn send_stock(&self, sku: &str, on_hand: i64) -> Reply {
        let path = format!("/stock/{sku}");
        self.client.put(&path, &json!({ "on_hand": on_hand })).await
    }

    async fn set_stock(&self, sku: &str, on_hand: i64) {
        self.send_stock(sku, on_hand).await.expect(200);
    }

    async fn send_adjust(&self, sku: &str, delta: i64) -> Reply {
        let path = format!("/stock/{sku}/adjust");
        let body = json!({ "delta": delta, "reason": "counted" });
        self.client.post(&path, &body).await
    }

    async fn counts(&self, sku: &str) -> (i64, i64, i64) {
        let stock = self.client.get(&format!("/stock/{sku}")).await.expect(200);
        let count = |member: &str| stock[member].as_i64().unwrap();
        (count("on_hand"), count("reserved"), count("available"))
    }
}

/// The text of a JSON string.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The path of a resource.
pub(crate) fn path_of(kind: &str, resource: &Value) -> String {
    format!("/{kind}/{}", text(&resource["id"]))
}

/// The names of the products on a page.
pub(crate) fn names(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| text(&item["name"])).collect()
}

/// The names of the products that a query finds, on its first page of a hundred.
pub(crate) async fn find(client: &Client, query: &str) -> Vec<String> {
    let found = client.get(&format!("/products?limit=100&{query}")).await;
    names(&found.expect(200))
}

/// What of a request was refused, by the pointers to it.
pub(crate) fn pointers(refused: &Value) -> Vec<String> {
    let errors = refused["errors"].as_array().into_iter().flatten();
    errors.map(|error| text(&error["pointer"])).collect()
}

/// A text as it stands in a query.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}
