//! Cart as the stories start it, with the catalog beside it, and what people do with both.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use catalog_api::{
    Catalog, CatalogClient, CatalogError, CommitStock, FindReservation, GetItems, Items, ReleaseStock,
    ReservationView, ReserveStock, Restock,
};
use http::Method;
use kit_rpc::CallContext;
use kit_testing::{App, AppBuilder, Client, Fixture, Person, Reply};
use serde_json::{Value, json};

/// Every cart.
pub(crate) const CARTS: &str = "SELECT owner FROM carts";

/// Every line of a cart.
pub(crate) const LINES: &str = "SELECT sku FROM cart_lines";

/// Cart, running, and the catalog that it asks.
pub(crate) struct Shop {
    app: App,
    pub(crate) catalog: App,
    pub(crate) questions: Questions,
}

impl Deref for Shop {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl Shop {
    pub(crate) async fn start(fixture: &Fixture) -> Self {
        Self::start_as(fixture, |app| app.out_of_reach(auth_api::TOPICS)).await
    }

    /// As a story wants it.
    pub(crate) async fn start_as(fixture: &Fixture, with: impl FnOnce(AppBuilder) -> AppBuilder) -> Self {
        let process = fixture.process();
        let catalog = App::of(fixture, catalog::service())
            .process(process.clone())
            .target(fixture.target_of("catalog").await)
            .out_of_reach(orders_api::TOPICS);
        let catalog = catalog.start().await;
        let questions = Questions::default();
        let counted = CountedCatalog {
            catalog: catalog.contract(),
            questions: questions.clone(),
        };
        let app = App::of(fixture, cart::service())
            .process(process)
            .peer(CatalogClient::loopback(counted));
        Self {
            app: with(app).start().await,
            catalog,
            questions,
        }
    }

    pub(crate) async fn stop(self) {
        self.app.stop().await;
    }

    pub(crate) fn clerk(&self) -> Clerk {
        Clerk(self.catalog.staff())
    }

    /// With a product of one variant for ten dollars in the catalog, and so many of it.
    pub(crate) async fn with(self, sku: &str, on_hand: i64) -> Self {
        self.clerk().offer(sku, 1000, on_hand).await;
        self
    }
}

/// How often the catalog was asked for SKUs.
#[derive(Clone, Default)]
pub(crate) struct Questions(Arc<AtomicUsize>);

impl Questions {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// The catalog, whose questions are counted.
struct CountedCatalog {
    catalog: CatalogClient,
    questions: Questions,
}

impl Catalog for CountedCatalog {
    async fn get_items(&self, call: &CallContext, request: GetItems) -> Result<Items, CatalogError> {
        self.questions.0.fetch_add(1, Ordering::SeqCst);
        self.catalog.get_items(call, request).await
    }

    async fn find_reservation(
        &self,
        call: &CallContext,
        request: FindReservation,
    ) -> Result<Option<ReservationView>, CatalogError> {
        self.catalog.find_reservation(call, request).await
    }

    async fn reserve_stock(
        &self,
        call: &CallContext,
        request: ReserveStock,
    ) -> Result<ReservationView, CatalogError> {
        self.catalog.reserve_stock(call, request).await
    }

    async fn release_stock(
        &self,
        call: &CallContext,
        request: ReleaseStock,
    ) -> Result<ReservationView, CatalogError> {
        self.catalog.release_stock(call, request).await
    }

    async fn commit_stock(
        &self,
        call: &CallContext,
        request: CommitStock,
    ) -> Result<ReservationView, CatalogError> {
        self.catalog.commit_stock(call, request).await
    }

    async fn restock(&self, call: &CallContext, request: Restock) -> Result<ReservationView, CatalogError> {
        self.catalog.restock(call, request).await
    }
}

/// A member of the staff, at the catalog.
pub(crate) struct Clerk(Person);

impl Clerk {
    /// Makes a product of one variant; its path.
    pub(crate) async fn offer(&self, sku: &str, amount_minor: i64, on_hand: i64) -> String {
        self.offer_in("USD", sku, amount_minor, on_hand).await
    }

    pub(crate) async fn offer_in(
        &self,
        currency: &str,
        sku: &str,
        amount_minor: i64,
        on_hand: i64,
    ) -> String {
        let price = json!({ "amount_minor": amount_minor, "currency": currency });
        let product = json!({ "name": format!("A {sku}"), "variants": [{ "sku": sku, "price": price }] });
        let made = self.0.client.post("/products", &product).await.expect(201);
        self.set_stock(sku, on_hand).await;
        format!("/products/{}", made["id"].as_str().unwrap())
    }

    /// Makes products of a hundred variants each, for a dollar, with plenty of each.
    pub(crate) async fn offer_hundreds(&self, hundreds: usize) -> Vec<String> {
        let mut skus = Vec::new();
        for hundred in 0..hundreds {
            let own: Vec<_> = (0..100)
                .map(|number| format!("sku-{hundred}-{number:02}"))
                .collect();
            let price = json!({ "amount_minor": 100, "currency": "USD" });
            let variants: Vec<_> = own
                .iter()
                .map(|sku| json!({ "sku": sku, "price": price }))
                .collect();
            let product = json!({ "name": "Hundred", "variants": variants });
            self.0.client.post("/products", &product).await.expect(201);
            for sku in &own {
                self.set_stock(sku, 5000).await;
            }
            skus.extend(own);
        }
        skus
    }

    pub(crate) async fn set_stock(&self, sku: &str, on_hand: i64) {
        let path = format!("/stock/{sku}");
        let body = json!({ "on_hand": on_hand });
        self.0.client.put(&path, &body).await.expect(200);
    }

    /// Another price for a product's one variant.
    pub(crate) async fn reprice(&self, path: &str, sku: &str, price: Value) {
        let change = json!({ "variants": [{ "sku": sku, "price": price }] });
        let changed = self.0.client.send(Method::PATCH, path, Some(&change)).await;
        changed.expect(200);
    }

    pub(crate) async fn archive(&self, path: &str) {
        self.0.client.delete(path).await.expect(200);
    }
}

/// What somebody does with a cart.
pub(crate) trait Shopper {
    async fn send_add(&self, sku: &str, quantity: i64) -> Reply;
    async fn add(&self, sku: &str, quantity: i64) -> Value;
    async fn send_set(&self, sku: &str, quantity: i64) -> Reply;
    async fn set(&self, sku: &str, quantity: i64) -> Value;
    async fn send_remove(&self, sku: &str) -> Reply;
    async fn remove(&self, sku: &str) -> Value;
    async fn send_merge(&self, token: &str) -> Reply;
    /// The cart as it is shown.
    async fn cart(&self) -> Value;
    /// Its SKUs and how many of each.
    async fn lines(&self) -> Vec<(String, i64)>;
}

impl Shopper for Client {
    async fn send_add(&self, sku: &str, quantity: i64) -> Reply {
        let body = json!({ "sku": sku, "quantity": quantity });
        self.post("/cart/items", &body).await
    }

    async fn add(&self, sku: &str, quantity: i64) -> Value {
        self.send_add(sku, quantity).await.expect(200)
    }

    async fn send_set(&self, sku: &str, quantity: i64) -> Reply {
        let body = json!({ "quantity": quantity });
        self.put(&format!("/cart/items/{sku}"), &body).await
    }

    async fn set(&self, sku: &str, quantity: i64) -> Value {
        self.send_set(sku, quantity).await.expect(200)
    }

    async fn send_remove(&self, sku: &str) -> Reply {
        self.delete(&format!("/cart/items/{sku}")).await
    }

    async fn remove(&self, sku: &str) -> Value {
        self.send_remove(sku).await.expect(200)
    }

    async fn send_merge(&self, token: &str) -> Reply {
        self.post("/cart/merge", &json!({ "guest_token": token })).await
    }

    async fn cart(&self) -> Value {
        self.get("/cart").await.expect(200)
    }

    async fn lines(&self) -> Vec<(String, i64)> {
        lines(&self.cart().await)
    }
}

/// The SKUs of a cart and how many of each, to be compared with what a story names.
pub(crate) fn lines(cart: &Value) -> Vec<(String, i64)> {
    let items = cart["items"].as_array().unwrap();
    let line = |item: &Value| {
        let sku = item["sku"].as_str().unwrap().to_owned();
        (sku, item["quantity"].as_i64().unwrap())
    };
    items.iter().map(line).collect()
}

/// Lines as a story names them.
pub(crate) fn named(lines: &[(&str, i64)]) -> Vec<(String, i64)> {
    lines
        .iter()
        .map(|(sku, quantity)| ((*sku).to_owned(), *quantity))
        .collect()
}

/// A guest who has just put something into a cart, and the token of it.
pub(crate) async fn guest_with(shop: &Shop, sku: &str, quantity: i64) -> (Client, String) {
    let made = shop.stranger().add(sku, quantity).await;
    let token = made["guest_token"].as_str().unwrap().to_owned();
    (shop.stranger().with("x-cart-token", &token), token)
}

/// A price.
pub(crate) fn money(amount_minor: i64, currency: &str) -> Value {
    json!({ "amount_minor": amount_minor, "currency": currency })
}

/// A token that could be one, and that nobody has.
pub(crate) fn unknown_token() -> String {
    format!("cart_{}", "A".repeat(43))
}
