//! A shop as the stories open it: orders, catalog and payments, each as its process builds it, on databases of their own,
//! hearing each other by the bus.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cart_api::CartClient;
use catalog_api::CatalogClient;
use http::Method;
use kit_bus::Source;
use kit_db::Migrations;
use kit_rpc::CallContext;
use kit_rpc::ContractClient as _;
use kit_service::Service;
use kit_testing::{App, AppBuilder, Fixture, Identity, Person, Reply, eventually, open_database};
use payments_api::{
    AssignPayment, CancelPayment, CheckoutView, CreatePayment, FindPayment, GetTotals, GetTrialBalance,
    OpenPaymentCheckout, PaymentView, Payments, PaymentsClient, PaymentsError, RefundPayment, RefundView,
    Totals, TrialBalance,
};
use serde_json::{Value, json};

/// A card that is good.
pub(crate) const GOOD_CARD: &str = "4242424242424242";

/// One that is declined.
pub(crate) const BAD_CARD: &str = "4000000000000002";

/// Every order.
pub(crate) const ORDERS: &str = "SELECT id FROM orders";

/// Everything that runs.
pub(crate) struct Shop {
    pub(crate) orders: App,
    pub(crate) catalog: App,
    pub(crate) cart: App,
    pub(crate) payments: App,
    pub(crate) line: PaymentsLine,
    pub(crate) clerk: Person,
}

/// Somebody who buys.
#[derive(Clone)]
pub(crate) struct Buyer {
    pub(crate) orders: Person,
    pub(crate) cart: Person,
    pub(crate) payments: Person,
}

/// The log of a service as others read it.
async fn log_of(fixture: &Fixture, service: &Service) -> Source {
    Source {
        service: service.name,
        topics: service.topics,
        target: target_of(fixture, service.name).await,
        published: None,
    }
}

async fn target_of(fixture: &Fixture, service: &'static str) -> kit_db::DbTarget {
    match service {
        "orders" => fixture.target(),
        other => fixture.target_of(other).await,
    }
}

/// Makes the tables of all, so that each finds the logs of the others when it starts.
pub(crate) async fn make_tables(fixture: &Fixture) {
    for service in [catalog::service(), payments::service(), orders::service()] {
        let process = fixture.process();
        let migrations = service.migrations.unwrap_or_else(Migrations::none);
        let named = (service.name, process.clock());
        let db = open_database(
            &process,
            named,
            target_of(fixture, service.name).await,
            &migrations,
        )
        .await;
        drop(db);
        process.lifecycle.end().await;
    }
}

/// A service, not started yet, that hears these.
pub(crate) async fn builder(fixture: &Fixture, service: Service, heard: &[Service]) -> AppBuilder {
    let name = service.name;
    let mut app = App::of(fixture, service).target(target_of(fixture, name).await);
    for other in heard {
        app = app.log(log_of(fixture, other).await);
    }
    app
}

pub(crate) async fn start_catalog(fixture: &Fixture) -> App {
    let app = builder(fixture, catalog::service(), &[orders::service()]).await;
    app.set("catalog.reservation_sweep", "20ms").start().await
}

pub(crate) async fn start_payments(fixture: &Fixture) -> App {
    let app = builder(fixture, payments::service(), &[orders::service()]).await;
    app.set("payments.janitor_period", "20ms").start().await
}

pub(crate) async fn start_cart(fixture: &Fixture, catalog: &App) -> App {
    let app = builder(fixture, cart::service(), &[]).await;
    let app = app.peer(catalog.contract::<CatalogClient>());
    app.out_of_reach(auth_api::TOPICS).start().await
}

/// Whom orders ask.
#[derive(Clone)]
pub(crate) struct Peers {
    pub(crate) catalog: CatalogClient,
    pub(crate) cart: CartClient,
    pub(crate) payments: PaymentsLine,
}

/// Orders, not started yet.
pub(crate) async fn orders_builder(fixture: &Fixture, peers: Peers) -> AppBuilder {
    let app = builder(
        fixture,
        orders::service(),
        &[catalog::service(), payments::service()],
    )
    .await;
    app.peer(peers.catalog)
        .peer(peers.cart)
        .out_of_reach(auth_api::TOPICS)
        .peer(PaymentsClient::local(peers.payments))
        .set("orders.poll", "20ms")
}

impl Shop {
    pub(crate) async fn open(fixture: &Fixture) -> Self {
        make_tables(fixture).await;
        let catalog = start_catalog(fixture).await;
        let cart = start_cart(fixture, &catalog).await;
        let payments = start_payments(fixture).await;
        let line = PaymentsLine::to(payments.contract());
        let peers = Peers {
            catalog: catalog.contract(),
            cart: cart.contract(),
            payments: line.clone(),
        };
        let orders = orders_builder(fixture, peers).await.start().await;
        Self {
            clerk: orders.staff(),
            orders,
            catalog,
            cart,
            payments,
            line,
        }
    }

    /// The same after the process of orders has ended and another has begun.
    pub(crate) async fn restart_orders(self, fixture: &Fixture) -> Self {
        let peers = self.peers();
        self.orders.stop().await;
        let orders = orders_builder(fixture, peers).await.start().await;
        Self {
            clerk: orders.staff(),
            orders,
            ..self
        }
    }

    /// Whom orders ask, where everybody runs here.
    pub(crate) fn peers(&self) -> Peers {
        Peers {
            catalog: self.catalog.contract(),
            cart: self.cart.contract(),
            payments: self.line.clone(),
        }
    }

    /// The same with orders that ask catalog over HTTP, where it can go away.
    pub(crate) async fn with_catalog_afar(self, fixture: &Fixture) -> Self {
        let peers = self.peers();
        self.orders.stop().await;
        let address = self.catalog.process.serve(self.catalog.internal.clone()).await;
        let catalog = CatalogClient::of_peer(fixture.process().remote(address));
        let orders = orders_builder(fixture, Peers { catalog, ..peers })
            .await
            .start()
            .await;
        Self {
            clerk: orders.staff(),
            orders,
            ..self
        }
    }

    pub(crate) fn buyer(&self, username: &str) -> Buyer {
        self.buyer_of(Identity::customer(username))
    }

    pub(crate) fn buyer_of(&self, identity: Identity) -> Buyer {
        Buyer {
            orders: self.orders.person(identity.clone()),
            cart: self.cart.person(identity.clone()),
            payments: self.payments.person(identity),
        }
    }

    /// Sells a SKU for a price in cents, of which there are so many.
    pub(crate) async fn sell(&self, sku: &str, price: i64, on_hand: i64) -> Value {
        let price = json!({ "amount_minor": price, "currency": "USD" });
        self.sell_for(sku, &price, on_hand).await
    }

    pub(crate) async fn sell_for(&self, sku: &str, price: &Value, on_hand: i64) -> Value {
        let staff = self.catalog.staff();
        let product = json!({ "name": format!("A {sku}"), "variants": [{ "sku": sku, "price": price }] });
        let made = staff.client.post("/products", &product).await.expect(201);
        let stock = staff
            .client
            .put(&format!("/stock/{sku}"), &json!({ "on_hand": on_hand }))
            .await;
        stock.expect(200);
        made
    }

    /// On hand and reserved.
    pub(crate) async fn counts(&self, sku: &str) -> (i64, i64) {
        let stock = self
            .catalog
            .staff()
            .client
            .get(&format!("/stock/{sku}"))
            .await
            .expect(200);
        let count = |member: &str| stock[member].as_i64().unwrap();
        (count("on_hand"), count("reserved"))
    }

    /// Waits until so many are on hand and reserved.
    pub(crate) async fn counts_become(&self, sku: &str, expected: (i64, i64)) {
        eventually("the stock is as it should be", async || {
            (self.counts(sku).await == expected).then_some(())
        })
        .await;
    }

    /// The payment of an order, as payments have it.
    pub(crate) async fn payment(&self, id: &str) -> Option<PaymentView> {
        let payable = id.parse().unwrap();
        let payments: PaymentsClient = self.payments.contract();
        payments
            .find_payment(&call(), FindPayment { payable })
            .await
            .unwrap()
    }

    /// What staff do with an order.
    pub(crate) async fn act(&self, id: &str, what: &str, body: Option<&Value>) -> Reply {
        let path = format!("/admin/orders/{id}/{what}");
        self.clerk.client.send(Method::POST, &path, body).await
    }
}

impl Buyer {
    pub(crate) async fn send(&self, items: &[(&str, i64)]) -> Reply {
        let item = |(sku, quantity): &(&str, i64)| json!({ "sku": sku, "quantity": quantity });
        let items: Vec<_> = items.iter().map(item).collect();
        self.orders
            .client
            .post("/orders", &json!({ "items": items }))
            .await
    }

    /// Places an order; its identifier.
    pub(crate) async fn create(&self, items: &[(&str, i64)]) -> String {
        text(&self.send(items).await.expect(201)["id"])
    }

    /// Places one and waits until it can be paid.
    pub(crate) async fn confirm(&self, items: &[(&str, i64)]) -> String {
        let id = self.create(items).await;
        self.becomes(&id, "confirmed").await;
        id
    }

    /// Places one and pays it.
    pub(crate) async fn buy(&self, items: &[(&str, i64)]) -> String {
        let id = self.confirm(items).await;
        self.pay(&id).await.expect(200);
        self.becomes(&id, "paid").await;
        id
    }

    pub(crate) async fn order(&self, id: &str) -> Value {
        self.orders.client.get(&format!("/orders/{id}")).await.expect(200)
    }

    pub(crate) async fn status(&self, id: &str) -> String {
        text(&self.order(id).await["status"])
    }

    /// Waits until an order is so far; the order then.
    pub(crate) async fn becomes(&self, id: &str, status: &str) -> Value {
        self.until(id, |order| order["status"] == status).await
    }

    /// Waits until something is true of an order; the order then.
    pub(crate) async fn until(&self, id: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let look = async || Some(self.order(id).await).filter(|order| is_so(order));
        eventually("the order is as it should be", look).await
    }

    pub(crate) async fn pay(&self, id: &str) -> Reply {
        self.pay_with(id, GOOD_CARD).await
    }

    pub(crate) async fn pay_with(&self, id: &str, card: &str) -> Reply {
        let body = json!({ "order_id": id, "method": card });
        self.payments.client.post("/pay", &body).await
    }

    pub(crate) async fn cancel(&self, id: &str) -> Reply {
        let path = format!("/orders/{id}/cancel");
        self.orders.client.send(Method::POST, &path, None).await
    }

    /// The statuses of an order's timeline.
    pub(crate) async fn timeline(&self, id: &str) -> Vec<String> {
        let path = format!("/orders/{id}/timeline?limit=100");
        let timeline = self.orders.client.get(&path).await.expect(200);
        let items = timeline["items"].as_array().unwrap();
        items.iter().map(|item| text(&item["status"])).collect()
    }

    pub(crate) fn keyed(&self, key: &str) -> Self {
        Self {
            orders: self.orders.keyed(key),
            cart: self.cart.clone(),
            payments: self.payments.keyed(key),
        }
    }
}

pub(crate) fn call() -> CallContext {
    let deadline = kit_rpc::Deadline::after(Duration::from_mins(1));
    CallContext::new(kit_rpc::Actor::Service("stories".into()), deadline)
}

/// The text of a JSON string.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The line by which orders ask payments, which can be cut.
#[derive(Clone)]
pub(crate) struct PaymentsLine(Arc<Mutex<Line>>);

struct Line {
    payments: PaymentsClient,
    state: LineState,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineState {
    Works,
    /// It does not arrive.
    Cut,
    /// It arrives and is done; nobody hears of it.
    LosesAnswers,
}

impl PaymentsLine {
    pub(crate) fn to(payments: PaymentsClient) -> Self {
        let state = LineState::Works;
        Self(Arc::new(Mutex::new(Line { payments, state })))
    }

    pub(crate) fn set(&self, state: LineState) {
        self.0.lock().unwrap().state = state;
    }

    /// To another process.
    pub(crate) fn connect(&self, payments: PaymentsClient) {
        self.0.lock().unwrap().payments = payments;
    }

    async fn through<T>(
        &self,
        ask: impl AsyncFnOnce(PaymentsClient) -> Result<T, PaymentsError>,
    ) -> Result<T, PaymentsError> {
        let (payments, state) = {
            let line = self.0.lock().unwrap();
            (line.payments.clone(), line.state)
        };
        match state {
            LineState::Works => ask(payments).await,
            LineState::Cut => Err(PaymentsError::Unavailable),
            LineState::LosesAnswers => {
                let _ = ask(payments).await;
                Err(PaymentsError::Unknown)
            }
        }
    }
}

impl Payments for PaymentsLine {
    async fn get_totals(&self, call: &CallContext, request: GetTotals) -> Result<Totals, PaymentsError> {
        self.through(async |payments: PaymentsClient| payments.get_totals(call, request).await)
            .await
    }

    async fn get_trial_balance(
        &self,
        call: &CallContext,
        request: GetTrialBalance,
    ) -> Result<TrialBalance, PaymentsError> {
        self.through(async |payments: PaymentsClient| payments.get_trial_balance(call, request).await)
            .await
    }

    async fn create_payment(
        &self,
        call: &CallContext,
        request: CreatePayment,
    ) -> Result<PaymentView, PaymentsError> {
        self.through(async |payments: PaymentsClient| payments.create_payment(call, request).await)
            .await
    }

    async fn assign_payment(&self, call: &CallContext, request: AssignPayment) -> Result<(), PaymentsError> {
        self.through(async |payments: PaymentsClient| payments.assign_payment(call, request).await)
            .await
    }

    async fn find_payment(
        &self,
        call: &CallContext,
        request: FindPayment,
    ) -> Result<Option<PaymentView>, PaymentsError> {
        self.through(async |payments: PaymentsClient| payments.find_payment(call, request).await)
            .await
    }

    async fn open_checkout(
        &self,
        call: &CallContext,
        request: OpenPaymentCheckout,
    ) -> Result<CheckoutView, PaymentsError> {
        self.through(async |payments: PaymentsClient| payments.open_checkout(call, request).await)
            .await
    }

    async fn cancel_payment(&self, call: &CallContext, request: CancelPayment) -> Result<(), PaymentsError> {
        self.through(async |payments: PaymentsClient| payments.cancel_payment(call, request).await)
            .await
    }

    async fn refund_payment(
        &self,
        call: &CallContext,
        request: RefundPayment,
    ) -> Result<RefundView, PaymentsError> {
        self.through(async |payments: PaymentsClient| payments.refund_payment(call, request).await)
            .await
    }
}
