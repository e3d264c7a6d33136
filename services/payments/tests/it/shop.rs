//! Orders as payments know them: what they ask of it, and what they publish.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use kit_rpc::{Actor, CallContext, Deadline};
use kit_runtime::{Clock, Timestamp};
use kit_testing::{App, EventLog, Fixture, Person, Reply, TestProcess, eventually};
use kit_values::{Money, Uuid};
use orders_api::{CancelReason, OrderCancelled, OrderId, PaymentId, RefundId};
use payments_api::{
    CreatePayment, FindPayment, PaymentStatus, PaymentView, PaymentsClient, PaymentsError, RefundPayment,
    RefundView,
};
use serde_json::{Value, json};
use subscriptions_api::InvoiceId;

pub(crate) const GOOD: &str = "4242 4242 4242 4242";
pub(crate) const DECLINED: &str = "4000000000000002";
pub(crate) const ACTION: &str = "4000000000003220";
pub(crate) const LOST: &str = "4000000000000341";
pub(crate) const MORE: &str = "4000000000000259";

/// What holds where a story says nothing else: all is looked at at once, and the sandbox's webhooks get lost.
const USUAL: [(&str, &str); 2] = [
    ("payments.janitor_period", "5ms"),
    ("payments.sandbox.drop", "100"),
];

pub(crate) fn call() -> CallContext {
    let deadline = Deadline::after(Duration::from_mins(1));
    CallContext::new(Actor::Service("orders".into()), deadline)
}

pub(crate) fn order(number: u128) -> OrderId {
    Uuid::from_u128(number).into()
}

pub(crate) fn invoice(number: u128) -> InvoiceId {
    Uuid::from_u128(number).into()
}

pub(crate) fn refund_id(number: u128) -> RefundId {
    Uuid::from_u128(number).into()
}

pub(crate) fn dollars(amount_minor: i64) -> Money {
    money(amount_minor, "USD")
}

pub(crate) fn money(amount_minor: i64, currency: &str) -> Money {
    Money {
        amount_minor,
        currency: currency.parse().unwrap(),
    }
}

/// An event of topic `payments`: its type, and its payload.
pub(crate) type Event = (String, Value);

/// Payments beside a log of orders.
pub(crate) struct Shop {
    app: App,
    pub(crate) log: EventLog,
    pub(crate) payments: PaymentsClient,
}

impl Deref for Shop {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl Shop {
    pub(crate) async fn start(fixture: &Fixture) -> Self {
        Self::start_with(fixture, &[]).await
    }

    /// Ends the process at once, whatever it is at.
    pub(crate) async fn stop(self) {
        self.app.stop().await;
    }

    pub(crate) async fn start_with(fixture: &Fixture, settings: &[(&str, &str)]) -> Self {
        let process = fixture.process();
        let clock = process.clock();
        Self::start_in(fixture, process, (settings, clock)).await
    }

    /// By another clock than the process's.
    pub(crate) async fn start_at(fixture: &Fixture, settings: &[(&str, &str)], clock: Clock) -> Self {
        Self::start_in(fixture, fixture.process(), (settings, clock)).await
    }

    async fn start_in(
        fixture: &Fixture,
        process: Arc<TestProcess>,
        (settings, clock): (&[(&str, &str)], Clock),
    ) -> Self {
        let log = EventLog::open(fixture, &process, "orders", orders_api::TOPICS).await;
        let builder = App::of(fixture, payments::service())
            .process(process)
            .clock(clock);
        let quick = USUAL
            .iter()
            .filter(|(key, _)| settings.iter().all(|(other, _)| other != key));
        let app = quick
            .fold(builder, |builder, (key, value)| builder.set(key, value))
            .set_all(settings)
            .log(log.source())
            .start()
            .await;
        let payments = app.contract();
        Self { app, log, payments }
    }

    pub(crate) fn draft(&self, person: &Person, number: u128, amount: Money) -> CreatePayment {
        CreatePayment {
            payable: order(number).into(),
            user_id: Some(person.identity.user_id),
            guest_token: None,
            amount,
            description: format!("Order {number}"),
            expires_at: self.process.clock().now().plus(Duration::from_mins(30)),
            callback_url: None,
        }
    }

    /// The payment of a new order of somebody.
    pub(crate) async fn owe(&self, person: &Person, number: u128, amount_minor: i64) -> PaymentId {
        let draft = self.draft(person, number, dollars(amount_minor));
        self.payments.create_payment(&call(), draft).await.unwrap().id
    }

    pub(crate) async fn find(&self, number: u128) -> PaymentView {
        let request = FindPayment {
            payable: order(number).into(),
        };
        self.payments
            .find_payment(&call(), request)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn refund(
        &self,
        number: u128,
        (refund, amount_minor): (u128, i64),
    ) -> Result<RefundView, PaymentsError> {
        let request = RefundPayment {
            payable: order(number).into(),
            refund_id: refund_id(refund),
            amount: dollars(amount_minor),
        };
        self.payments.refund_payment(&call(), request).await
    }

    /// Orders publishes that an order was cancelled.
    pub(crate) async fn cancel(&self, number: u128) {
        self.log
            .publish(OrderCancelled {
                order_id: order(number),
                number: number.to_string().parse().unwrap(),
                version: 3,
                user_id: None,
                items: Vec::new(),
                total: dollars(1),
                was_paid: false,
                reason: CancelReason::Requested,
                timestamp: Timestamp::from_micros(0),
            })
            .await;
    }

    /// What was published on topic `payments`, in its order.
    pub(crate) async fn events(&self) -> Vec<Event> {
        let rows = self
            .rows("SELECT type, payload FROM outbox WHERE topic = 'payments' ORDER BY position")
            .await;
        let event = |row: &kit_db::Row| (row.get("type").unwrap(), row.json("payload").unwrap());
        rows.iter().map(event).collect()
    }

    pub(crate) async fn event_types(&self) -> Vec<String> {
        self.events().await.into_iter().map(|(kind, _)| kind).collect()
    }
}

/// What somebody does with what they owe.
pub(crate) trait Payer {
    /// Asks to pay, in these words.
    async fn send_pay_for(&self, body: Value) -> Reply;
    /// Pays the order of a number with a card.
    async fn pay_order(&self, number: u128, card: &str) -> Reply;
    /// One of their payments.
    async fn payment(&self, id: PaymentId) -> Value;
}

impl Payer for Person {
    async fn send_pay_for(&self, body: Value) -> Reply {
        self.client.post("/pay", &body).await
    }

    async fn pay_order(&self, number: u128, card: &str) -> Reply {
        self.send_pay_for(json!({ "order_id": order(number), "method": card }))
            .await
    }

    async fn payment(&self, id: PaymentId) -> Value {
        self.client.get(&format!("/payments/{id}")).await.expect(200)
    }
}

/// Returns once the payment of an order has this status.
pub(crate) async fn becomes(shop: &Shop, number: u128, status: PaymentStatus) {
    let looks = async || (shop.find(number).await.status == status).then_some(());
    eventually("the payment has this status", looks).await;
}

/// Returns once so much of an order is paid back.
pub(crate) async fn is_refunded(shop: &Shop, number: u128, amount_minor: i64) {
    let looks = async || (shop.find(number).await.refunded.amount_minor == amount_minor).then_some(());
    eventually("it is paid back", looks).await;
}
