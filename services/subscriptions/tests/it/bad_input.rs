//! What is refused, and changes nothing.

use kit_testing::{Fixture, on_both_databases};
use serde_json::json;
use subscriptions_api::{CreateSubscription, SubscriptionsError, SubscriptionsRefusal};

use crate::app::{Shop, plan, request};

/// Spoils a request.
type Spoil = fn(&mut CreateSubscription);

on_both_databases! {
    async fn what_cannot_be_subscribed_to_is_refused(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let spoiled: [(&str, Spoil); 6] = [
            ("/plan/price/amount_minor", |request| request.plan.price.amount_minor = 0),
            ("/plan/price/amount_minor", |request| request.plan.price.amount_minor = -1),
            ("/plan/duration_days", |request| request.plan = plan(0)),
            ("/plan/duration_days", |request| request.plan = plan(3_661)),
            ("/username", |request| request.username = String::new()),
            ("/username", |request| request.username = "a".repeat(256)),
        ];
        for (pointer, spoil) in spoiled {
            let mut asked = request(&ada);
            spoil(&mut asked);
            let Err(SubscriptionsError::Invalid(errors)) = shop.create(asked).await else {
                panic!("{pointer} is taken");
            };
            assert_eq!(errors.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>(), [pointer]);
        }
        let mut asked = request(&ada);
        asked.adapter = "mq".parse().unwrap();
        let unknown = Err(SubscriptionsError::Refused(SubscriptionsRefusal::UnknownAdapter));
        assert_eq!(shop.create(asked).await, unknown);
        assert_eq!(shop.subscriptions.count("SELECT id FROM subscriptions").await, 0);
    }

    async fn what_clients_send_is_checked(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let id = shop.subscribe(&ada).await;
        let client = &ada.subscriptions.client;
        let path = format!("/subscriptions/{id}/cancel");
        for body in [json!({}), json!({ "at_period_end": "yes" }), json!({ "at_period_end": true, "why": "" })] {
            client.post(&path, &body).await.expect(400);
        }
        for path in ["/subscriptions/rubbish", "/invoices/rubbish"] {
            assert!([400, 404].contains(&client.get(path).await.status.as_u16()), "{path}");
        }
        for query in ["limit=0", "limit=101", "cursor=%21", "size=1"] {
            client.get(&format!("/subscriptions?{query}")).await.expect(400);
            client.get(&format!("/invoices?{query}")).await.expect(400);
        }
        let admin = shop.subscriptions.admin().client;
        for query in ["status=rubbish", "user_id=rubbish", "q=x"] {
            admin.get(&format!("/admin/subscriptions?{query}")).await.expect(400);
        }
        let invoice = ada.get(&id).await["latest_invoice_id"].as_str().unwrap().to_owned();
        let checkout = format!("/invoices/{invoice}/checkout");
        let closed = client.post(&checkout, &json!({})).await;
        assert_eq!(closed.expect(409)["code"], "invoice_closed");
        assert_eq!(ada.get(&id).await["status"], "active");
    }
}

#[tokio::test]
async fn what_cannot_be_configured_is_refused_at_start() {
    let target = kit_testing::db::TestTarget::sqlite();
    Fixture::run(target, async |fixture: &Fixture| {
        let shop = Shop::open(fixture).await;
        let (payments, broker) = (shop.payments.contract(), shop.broker.clone());
        shop.subscriptions.stop().await;
        for (key, value, said) in [
            ("subscriptions.poll", "0s", "poll"),
            ("subscriptions.renewal_lead", "0s", "renewal_lead"),
            (
                "subscriptions.first_payment_time_to_live",
                "0s",
                "first_payment_time_to_live",
            ),
            ("subscriptions.dunning", "", "dunning"),
            ("subscriptions.callback_secrets", "rubbish", "callback_secrets"),
            ("subscriptions.adapters.MQ", "http://127.0.0.1:1", "a-z"),
            (
                "subscriptions.adapters.mq",
                "http://127.0.0.1:1",
                "adapter_usernames.mq",
            ),
            ("subscriptions.adapter_usernames.mq", "platform", "no address"),
        ] {
            let app = crate::app::subscriptions_builder(fixture, Clone::clone(&payments), &broker).await;
            let error = app.set(key, value).try_start().await.err();
            let error = error.map(|error| format!("{error:#}")).unwrap_or_default();
            assert!(error.contains(said), "{key}: {error}");
        }
    })
    .await;
}
