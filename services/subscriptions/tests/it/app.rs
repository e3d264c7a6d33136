//! Subscriptions as the stories open them: with payments and an adapter, each as its process builds it, on databases of
//! their own, hearing each other by the bus.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use http::Method;
use kit_bus::Source;
use kit_rpc::CallContext;
use kit_runtime::FakeClock;
use kit_service::Service;
use kit_testing::{App, AppBuilder, Fixture, Identity, Person, Reply, eventually};
use kit_values::Uuid;
use payments_api::{FindPayment, PaymentView, PaymentsClient};
use serde_json::{Value, json};
use subscriptions_api::{
    CreateSubscription, SubscribedPlan, SubscriptionPurchase, SubscriptionsClient, SubscriptionsError,
};

use crate::broker::{Broker, PASSWORD, USERNAME};

pub(crate) const DAY: Duration = Duration::from_hours(24);

/// A card that is good.
pub(crate) const GOOD_CARD: &str = "4242424242424242";

/// One that is declined.
pub(crate) const BAD_CARD: &str = "4000000000000002";

/// Everything that runs.
pub(crate) struct Shop {
    pub(crate) subscriptions: App,
    pub(crate) payments: App,
    pub(crate) broker: Broker,
}

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
        "subscriptions" => fixture.target(),
        other => fixture.target_of(other).await,
    }
}

pub(crate) async fn start_payments(fixture: &Fixture, janitor_period: &str) -> App {
    let app = App::of(fixture, payments::service()).target(target_of(fixture, "payments").await);
    app.out_of_reach(orders_api::TOPICS)
        .set("payments.janitor_period", janitor_period)
        .start()
        .await
}

/// Subscriptions, not started yet.
pub(crate) async fn subscriptions_builder(
    fixture: &Fixture,
    payments: PaymentsClient,
    broker: &Broker,
) -> AppBuilder {
    let app = deaf_builder(fixture, payments, broker);
    app.log(log_of(fixture, &payments::service()).await)
}

/// The same, who hear nothing of payments yet.
pub(crate) fn deaf_builder(fixture: &Fixture, payments: PaymentsClient, broker: &Broker) -> AppBuilder {
    App::of(fixture, subscriptions::service())
        .peer(payments)
        .set("subscriptions.poll", "20ms")
        .set("subscriptions.adapters.s3", &format!("http://{}", broker.address))
        .set("subscriptions.adapter_usernames.s3", USERNAME)
        .set("subscriptions.adapter_passwords.s3", PASSWORD)
}

impl Shop {
    pub(crate) async fn open(fixture: &Fixture) -> Self {
        Self::open_with(fixture, "20ms").await
    }

    /// The same with payments that look so often for what is overdue.
    pub(crate) async fn open_with(fixture: &Fixture, janitor_period: &str) -> Self {
        let payments = start_payments(fixture, janitor_period).await;
        let broker = Broker::start(fixture).await;
        let subscriptions = subscriptions_builder(fixture, payments.contract(), &broker).await;
        Self {
            subscriptions: subscriptions.start().await,
            payments,
            broker,
        }
    }

    /// The same after the process of subscriptions has ended and another has begun.
    pub(crate) async fn restart(self, fixture: &Fixture) -> Self {
        self.subscriptions.stop().await;
        let subscriptions = subscriptions_builder(fixture, self.payments.contract(), &self.broker).await;
        Self {
            subscriptions: subscriptions.start().await,
            ..self
        }
    }

    /// The same with subscriptions that do not hear what payments publish.
    pub(crate) async fn deaf(self, fixture: &Fixture) -> Self {
        self.subscriptions.stop().await;
        let deaf = deaf_builder(fixture, self.payments.contract(), &self.broker);
        Self {
            subscriptions: deaf.out_of_reach(payments_api::TOPICS).start().await,
            ..self
        }
    }

    pub(crate) fn user(&self, username: &str) -> User {
        self.user_of(Identity::customer(username))
    }

    /// Somebody, with tokens of now.
    pub(crate) fn user_of(&self, identity: Identity) -> User {
        User {
            subscriptions: self.subscriptions.person(identity.clone()),
            payments: self.payments.person(identity),
            time: self.subscriptions.process.time.clone(),
        }
    }

    pub(crate) async fn create(
        &self,
        request: CreateSubscription,
    ) -> Result<SubscriptionPurchase, SubscriptionsError> {
        let contract: SubscriptionsClient = self.subscriptions.contract();
        contract.create_subscription(&call(), request).await
    }

    /// Begins a subscription of a month.
    pub(crate) async fn purchase(&self, user: &User) -> SubscriptionPurchase {
        self.create(request(user)).await.unwrap()
    }

    /// Begins one, pays it and waits until it can be used; its identifier.
    pub(crate) async fn subscribe(&self, user: &User) -> String {
        let bought = self.purchase(user).await;
        let id = bought.subscription_id.to_string();
        user.pay(&bought.invoice_id.to_string()).await.expect(200);
        user.is_served(&id).await;
        id
    }

    /// The payment of an invoice, as payments have it.
    pub(crate) async fn payment(&self, invoice_id: &str) -> Option<PaymentView> {
        let payable = invoice_id.parse().unwrap();
        let payments: PaymentsClient = self.payments.contract();
        payments
            .find_payment(&call(), FindPayment { payable })
            .await
            .unwrap()
    }

    /// Waits until an invoice is so far; the invoice then.
    pub(crate) async fn invoice_becomes(&self, user: &User, id: &str, status: &str) -> Value {
        let look = async || Some(user.invoice(id).await).filter(|invoice| invoice["status"] == status);
        eventually("the invoice is as it should be", look).await
    }

    /// Waits until the money of an invoice is paid back.
    pub(crate) async fn is_paid_back(&self, invoice_id: &str) {
        eventually("the money is paid back", async || {
            let payment = self.payment(invoice_id).await?;
            (payment.refunded == payment.amount).then_some(())
        })
        .await;
    }

    /// The types of the events of a subscription, in their order.
    pub(crate) async fn event_types(&self, id: &str) -> Vec<String> {
        let rows = self
            .subscriptions
            .rows("SELECT key, type FROM outbox ORDER BY position")
            .await;
        let of_it = rows.iter().filter(|row| row.get::<String>("key").unwrap() == id);
        of_it.map(|row| row.get("type").unwrap()).collect()
    }
}

/// Somebody who subscribes.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) subscriptions: Person,
    pub(crate) payments: Person,
    time: FakeClock,
}

impl User {
    pub(crate) fn identity(&self) -> Identity {
        self.subscriptions.identity.clone()
    }

    pub(crate) async fn get(&self, id: &str) -> Value {
        let path = format!("/subscriptions/{id}");
        self.subscriptions.client.get(&path).await.expect(200)
    }

    pub(crate) async fn invoice(&self, id: &str) -> Value {
        let path = format!("/invoices/{id}");
        self.subscriptions.client.get(&path).await.expect(200)
    }

    /// Waits until something is true of a subscription; the subscription then.
    pub(crate) async fn until(&self, id: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let look = async || Some(self.get(id).await).filter(|seen| is_so(seen));
        eventually("the subscription is as it should be", look).await
    }

    /// Waits until a subscription is active, and lets time pass until its service can be used.
    pub(crate) async fn is_served(&self, id: &str) -> Value {
        self.until(id, |seen| seen["status"] == "active").await;
        self.comes_to(id, "active").await
    }

    /// Lets time pass until a service is so; the subscription then.
    pub(crate) async fn comes_to(&self, id: &str, provisioning: &str) -> Value {
        eventually("the service is as it should be", async || {
            let seen = self.get(id).await;
            if seen["provisioning"] == provisioning {
                return Some(seen);
            }
            self.time.advance(Duration::from_millis(100));
            None
        })
        .await
    }

    /// Pays an invoice, whose payment may be on its way.
    pub(crate) async fn pay(&self, invoice_id: &str) -> Reply {
        self.pay_with(invoice_id, GOOD_CARD).await
    }

    pub(crate) async fn pay_with(&self, invoice_id: &str, card: &str) -> Reply {
        let body = json!({ "invoice_id": invoice_id, "method": card });
        eventually("the payment is open", async || {
            let reply = self.payments.client.post("/pay", &body).await;
            (reply.status != 404).then_some(reply)
        })
        .await
    }

    pub(crate) async fn cancel(&self, id: &str, at_period_end: bool) -> Reply {
        let body = json!({ "at_period_end": at_period_end });
        let path = format!("/subscriptions/{id}/cancel");
        self.subscriptions.client.post(&path, &body).await
    }

    pub(crate) async fn resume(&self, id: &str) -> Reply {
        let path = format!("/subscriptions/{id}/resume");
        self.subscriptions.client.send(Method::POST, &path, None).await
    }
}

pub(crate) fn plan(duration_days: u32) -> SubscribedPlan {
    SubscribedPlan {
        sku: "S3-10GB".parse().unwrap(),
        name: "Storage, 10 GB".parse().unwrap(),
        price: serde_json::from_value(json!({ "amount_minor": 499, "currency": "USD" })).unwrap(),
        duration_days,
    }
}

/// Asks for a subscription of a month.
pub(crate) fn request(user: &User) -> CreateSubscription {
    CreateSubscription {
        subscription_id: kit_runtime::Ids::system().uuid().into(),
        adapter: "s3".parse().unwrap(),
        user_id: user.identity().user_id,
        username: user.identity().username.clone(),
        plan: plan(30),
    }
}

pub(crate) fn nobody() -> Uuid {
    Uuid::nil()
}

pub(crate) fn call() -> CallContext {
    let deadline = kit_rpc::Deadline::after(Duration::from_mins(1));
    CallContext::new(kit_rpc::Actor::Service("stories".into()), deadline)
}

/// Lets time pass until something is so.
pub(crate) async fn passes<T>(
    fixture: &Fixture,
    step: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    eventually("time brings it", async || {
        let found = look().await;
        if found.is_none() {
            fixture.advance(step);
        }
        found
    })
    .await
}

/// The text of a JSON string.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
