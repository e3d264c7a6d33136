//! A shop with the real subscriptions and real payments beside it, which reach its adapter over HTTP as another platform
//! would.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kit_bus::Source;
use kit_rpc::{CallContext, CallError};
use kit_service::Service;
use kit_testing::{App, Fixture, Identity, eventually};
use payments_api::PaymentsClient;
use serde_json::Value;
use subscriptions_api::{
    CreateSubscription, FindSubscription, SubscriptionPurchase, SubscriptionView, Subscriptions,
    SubscriptionsClient, SubscriptionsError,
};

use crate::app::{builder, service};

/// The real subscriptions, which is started after the shop, since it is given its address.
#[derive(Clone, Default)]
struct LateSubscriptions(Arc<OnceLock<SubscriptionsClient>>);

impl LateSubscriptions {
    fn client(&self) -> Result<&SubscriptionsClient, SubscriptionsError> {
        self.0.get().ok_or(CallError::Unavailable)
    }
}

impl Subscriptions for LateSubscriptions {
    async fn create_subscription(
        &self,
        call: &CallContext,
        request: CreateSubscription,
    ) -> Result<SubscriptionPurchase, SubscriptionsError> {
        self.client()?.create_subscription(call, request).await
    }

    async fn find_subscription(
        &self,
        call: &CallContext,
        request: FindSubscription,
    ) -> Result<Option<SubscriptionView>, SubscriptionsError> {
        self.client()?.find_subscription(call, request).await
    }
}

/// By which subscriptions reaches the adapter.
const PASSWORD: &str = "the password of the platform";

pub(crate) struct Platform {
    pub shop: App,
    pub subscriptions: App,
    pub payments: App,
}

impl Platform {
    /// Of a shop that subscriptions knows by the name of its adapter.
    pub(crate) async fn start(fixture: &Fixture, adapter: &str) -> Self {
        let (late, name) = (LateSubscriptions::default(), service().name);
        let shop = builder(fixture, late.clone())
            .set(&format!("{name}.adapter.username"), "stoa")
            .set(&format!("{name}.adapter.password"), PASSWORD)
            .start()
            .await;
        let log = Source {
            service: "payments",
            topics: payments::service().topics,
            target: fixture.target_of("payments").await,
            published: None,
        };
        let payments = App::of(fixture, payments::service())
            .target(fixture.target_of("payments").await)
            .out_of_reach(orders_api::TOPICS)
            .set("payments.janitor_period", "20ms")
            .start()
            .await;
        let subscriptions = App::of(fixture, subscriptions::service())
            .target(fixture.target_of("subscriptions").await)
            .peer(payments.contract::<PaymentsClient>())
            .set("subscriptions.poll", "20ms")
            .set(
                &format!("subscriptions.adapters.{adapter}"),
                &format!("http://{}", shop.address),
            )
            .set(&format!("subscriptions.adapter_usernames.{adapter}"), "stoa")
            .set(&format!("subscriptions.adapter_passwords.{adapter}"), PASSWORD)
            .log(log)
            .start()
            .await;
        assert!(late.0.set(subscriptions.contract()).is_ok());
        Self {
            shop,
            subscriptions,
            payments,
        }
    }

    /// Somebody's service, once it stands so. Time goes on meanwhile, since what is not done at once is done later.
    pub(crate) async fn until(&self, fixture: &Fixture, identity: &Identity, status: &str) -> Value {
        let stands = async || {
            let ada = self.shop.person(identity.clone()).client;
            let service = ada.get("/service").await.json();
            if service["status"] == status {
                return Some(service);
            }
            fixture.advance(Duration::from_millis(100));
            None
        };
        eventually(&format!("the service is {status}"), stands).await
    }

    /// Both say the same of what is provisioned.
    pub(crate) async fn agree(&self, fixture: &Fixture, expected: &[(&str, &str)]) {
        let owned = |(id, state): &(&str, &str)| ((*id).to_owned(), (*state).to_owned());
        let expected = expected.iter().map(owned).collect();
        let name = format!("services provisioned by {}", service().name);
        let states = async |service: Service, app: &App| {
            let mut facts = service.facts.iter();
            let fact = facts.find(|fact| fact.name == name).unwrap();
            fact.read(&app.db).await.unwrap()
        };
        let agree = async || {
            let here = states(service(), &self.shop).await;
            let there = states(subscriptions::service(), &self.subscriptions).await;
            if here == expected && there == expected {
                return Some(());
            }
            fixture.advance(Duration::from_millis(100));
            None
        };
        eventually("the shop and subscriptions agree", agree).await;
    }
}
