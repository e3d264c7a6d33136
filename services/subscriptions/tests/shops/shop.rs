//! A shop that provisions what is subscribed to, as its stories start it, and what people and subscriptions do with it.
//! Which shop it is says the module that this one is in: how it is built (`builder`, `service`), and a plan of it.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::ops::Deref;
use std::time::Duration;

use http::Method;
use kit_adapter::{AdapterClient, Instance, InstanceContext, InstanceParameters, OperationState, Progress};
use kit_rpc::Deadline;
use kit_service::PeerLocation;
use kit_testing::{App, AppBuilder, Client, Fixture, Person, Reply, eventually};
use kit_values::{Currency, Money};
use serde_json::{Value, json};

use super::{builder, plan, service};
use crate::subscriptions_double::SubscriptionsDouble;

/// Every subscription that somebody asked for.
pub(crate) const PURCHASES: &str = "SELECT subscription_id FROM purchases";

/// The shop, running.
pub(crate) struct Shop {
    pub(crate) app: App,
    pub(crate) subscriptions: SubscriptionsDouble,
}

impl Deref for Shop {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl Shop {
    pub(crate) async fn start(fixture: &Fixture) -> Self {
        Self::start_with(fixture, SubscriptionsDouble::default(), |app| app).await
    }

    /// As a story wants it.
    pub(crate) async fn start_with(
        fixture: &Fixture,
        subscriptions: SubscriptionsDouble,
        with: impl FnOnce(AppBuilder) -> AppBuilder,
    ) -> Self {
        let app = with(builder(fixture, subscriptions.clone())).start().await;
        Self { app, subscriptions }
    }

    /// With a plan.
    pub(crate) async fn with(self, sku: &str) -> Self {
        self.admin().client.post("/plans", &plan(sku)).await.expect(201);
        self
    }

    /// What subscriptions calls it by.
    pub(crate) fn adapter(&self) -> AdapterClient {
        let mut locations = self.peers.locations().into_iter();
        let Some((_, Some(PeerLocation::Hosted(routes)))) = locations.next() else {
            panic!("the shop does not run here");
        };
        AdapterClient::local(routes, self.process.internal_keys())
    }

    /// Purchases a plan; the instance that is to be provisioned once it is paid.
    pub(crate) async fn purchase(&self, person: &Person, sku: &str) -> Instance {
        let bought = person.client.purchase(sku).await.expect(201);
        instance(bought["subscription_id"].as_str().unwrap(), person, sku)
    }

    /// Provisions an instance, and waits until it is there.
    pub(crate) async fn provision(&self, instance: &Instance) {
        let progress = self.adapter().provision(instance, soon()).await.unwrap();
        self.settle(instance, progress).await;
    }

    pub(crate) async fn deprovision(&self, instance: &Instance) {
        let progress = self.adapter().deprovision(instance, soon()).await.unwrap();
        if matches!(progress, Progress::InProgress { .. }) {
            let gone = async || {
                let progress = self.adapter().deprovision(instance, soon()).await.unwrap();
                matches!(progress, Progress::Done).then_some(())
            };
            eventually("the instance is gone", gone).await;
        }
    }

    pub(crate) async fn bind(&self, instance: &Instance) -> Value {
        let bound = self.adapter().bind(instance, &instance.id, soon()).await;
        bound.unwrap().unwrap()
    }

    /// Purchases, provisions and binds; the instance and its credentials.
    pub(crate) async fn serve(&self, person: &Person, sku: &str) -> (Instance, Value) {
        let instance = self.purchase(person, sku).await;
        self.provision(&instance).await;
        let credentials = self.bind(&instance).await;
        (instance, credentials)
    }

    async fn settle(&self, instance: &Instance, progress: Progress) {
        let Progress::InProgress { operation } = progress else {
            return;
        };
        let adapter = self.adapter();
        let done = async || match adapter
            .last_operation(instance, operation.as_deref(), soon())
            .await
            .unwrap()
        {
            OperationState::InProgress => None,
            OperationState::Succeeded => Some(()),
            OperationState::Failed { description } => panic!("{description}"),
            OperationState::Gone => panic!("nobody knows the instance"),
        };
        eventually("the instance is there", done).await;
    }

    /// Everything that must hold of the tables.
    pub(crate) async fn check_invariants(&self) {
        check_invariants(&self.app).await;
    }

    /// What the shop says that it has provisioned.
    pub(crate) async fn provisioned(&self) -> Vec<(String, String)> {
        let facts = service().facts;
        facts[0].read(&self.db).await.unwrap().into_iter().collect()
    }
}

/// Everything that must hold of a shop's tables.
pub(crate) async fn check_invariants(app: &App) {
    for invariant in service().invariants {
        let broken = invariant.violations(&app.db).await.unwrap();
        assert_eq!(broken, [""; 0], "{}", invariant.rule);
    }
}

pub(crate) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(30))
}

/// What is asked for once a subscription is paid.
pub(crate) fn instance(id: &str, person: &Person, sku: &str) -> Instance {
    Instance {
        id: id.to_owned(),
        plan_id: sku.to_owned(),
        context: InstanceContext {
            platform: "stoa".to_owned(),
            user_id: person.id.clone(),
            username: person.identity.username.clone(),
        },
        parameters: InstanceParameters {
            sku: sku.parse().unwrap(),
            price: Money {
                amount_minor: 499,
                currency: Currency::USD,
            },
            duration_days: 30,
        },
    }
}

/// What somebody does with the shop.
pub(crate) trait Customer {
    async fn purchase(&self, sku: &str) -> Reply;
    async fn patch(&self, sku: &str, change: Value) -> Reply;
    /// Their service, as it is shown.
    async fn service(&self) -> Value;
    async fn rotate(&self) -> Reply;
}

impl Customer for Client {
    async fn purchase(&self, sku: &str) -> Reply {
        self.post(&format!("/plans/{sku}/purchase"), &json!({})).await
    }

    async fn patch(&self, sku: &str, change: Value) -> Reply {
        self.send(Method::PATCH, &format!("/plans/{sku}"), Some(&change))
            .await
    }

    async fn service(&self) -> Value {
        self.get("/service").await.expect(200)
    }

    async fn rotate(&self) -> Reply {
        self.send(Method::POST, "/service/credentials/rotate", None).await
    }
}
