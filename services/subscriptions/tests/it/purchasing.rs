//! How subscriptions begin.

use futures::future::join_all;
use kit_testing::on_both_databases;
use subscriptions_api::{FindSubscription, SubscriptionsClient, SubscriptionsError, SubscriptionsRefusal};

use crate::app::{Shop, call, nobody, plan, request, text};
use crate::books;
use crate::broker::CREDENTIALS;

on_both_databases! {
    async fn what_is_bought_and_paid_is_provisioned(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let bought = shop.purchase(&ada).await;
        let (id, invoice_id) = (bought.subscription_id.to_string(), bought.invoice_id.to_string());
        assert!(bought.checkout_url.contains("/api/checkout/"), "{}", bought.checkout_url);
        let begun = ada.get(&id).await;
        assert_eq!((&begun["status"], &begun["provisioning"]), (&"incomplete".into(), &"none".into()));
        assert!(begun["current_period"].is_null());
        assert_eq!(begun["latest_invoice_id"], invoice_id);
        let invoice = ada.invoice(&invoice_id).await;
        assert_eq!((&invoice["number"], &invoice["status"]), (&"INV-000001".into(), &"open".into()));
        assert_eq!(invoice["due_at"], "2030-01-01T23:00:00.000000Z");
        assert_eq!(shop.broker.count(), 0, "nothing is provisioned that is not paid");
        ada.pay(&invoice_id).await.expect(200);
        let paid = ada.is_served(&id).await;
        assert_eq!(paid["status"], "active");
        assert_eq!(paid["current_period"]["start"], "2030-01-01T00:00:00.000000Z");
        assert_eq!(paid["current_period"]["end"], "2030-02-01T00:00:00.000000Z");
        let made = shop.broker.made(&id).unwrap();
        assert_eq!((made.username.as_str(), made.duration_days, made.bindings), ("ada", 30, 1));
        let invoice = ada.invoice(&invoice_id).await;
        assert_eq!((&invoice["status"], &invoice["paid_at"]), (&"paid".into(), &"2030-01-01T00:00:00.000000Z".into()));
        assert_eq!(
            shop.event_types(&id).await,
            ["subscription.created", "invoice.issued", "invoice.paid", "subscription.activated", "service.provisioned"]
        );
        books::agree(&shop).await;
    }

    async fn credentials_are_kept_nowhere(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.subscribe(&shop.user("ada")).await;
        let rows = shop.subscriptions.rows("SELECT payload FROM outbox UNION ALL SELECT operation FROM subscriptions").await;
        for row in rows {
            let text: Option<String> = row.get(0).unwrap();
            assert!(!text.unwrap_or_default().contains(CREDENTIALS));
        }
    }

    async fn a_second_one_is_refused_while_the_first_lives(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let exists = Err(SubscriptionsError::Refused(SubscriptionsRefusal::ServiceExists));
        let first = shop.purchase(&ada).await;
        assert_eq!(shop.create(request(&ada)).await, exists, "not paid yet");
        ada.pay(&first.invoice_id.to_string()).await.expect(200);
        ada.until(&first.subscription_id.to_string(), |seen| seen["status"] == "active").await;
        assert_eq!(shop.create(request(&ada)).await, exists, "paid");
        shop.purchase(&shop.user("bob")).await;
        ada.cancel(&first.subscription_id.to_string(), false).await.expect(200);
        shop.purchase(&ada).await;
        assert_eq!(shop.subscriptions.count("SELECT id FROM invoices").await, 3, "what was refused has no number");
        books::agree(&shop).await;
    }

    async fn fifty_at_once_are_one(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let all = join_all((0..50).map(|_| shop.create(request(&ada)))).await;
        assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1);
        let exists = Err(SubscriptionsError::Refused(SubscriptionsRefusal::ServiceExists));
        assert_eq!(all.iter().filter(|one| **one == exists).count(), 49);
        books::agree(&shop).await;
    }

    async fn the_same_fifty_times_is_the_same(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let same = request(&ada);
        let all = join_all((0..50).map(|_| shop.create(same.clone()))).await;
        // Each closes the checkout of the one before; who comes while that is being done is told to come again.
        let busy = Err(SubscriptionsError::Refused(SubscriptionsRefusal::PaymentProcessing));
        for one in all {
            assert!(one == busy || one.is_ok_and(|one| one.subscription_id == same.subscription_id));
        }
        assert_eq!(shop.create(same.clone()).await.unwrap().subscription_id, same.subscription_id);
        assert_eq!(shop.subscriptions.count("SELECT id FROM invoices").await, 1);
        let mut other = same.clone();
        other.plan = plan(90);
        let differs = Err(SubscriptionsError::Refused(SubscriptionsRefusal::SubscriptionDiffers));
        assert_eq!(shop.create(other).await, differs);
        books::agree(&shop).await;
    }

    async fn numbers_have_no_gaps_however_many_buy_at_once(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let users: Vec<_> = (0..30).map(|number| shop.user(&format!("user{number}"))).collect();
        let asked = users.iter().flat_map(|user| [request(user), request(user)]);
        let all = join_all(asked.map(|request| shop.create(request))).await;
        assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 30);
        let mut numbers = Vec::new();
        for user in &users {
            let list = user.subscriptions.client.get("/invoices").await.expect(200);
            numbers.push(text(&list["items"][0]["number"]));
        }
        numbers.sort_unstable();
        let expected: Vec<_> = (1..=30).map(|number| format!("INV-{number:06}")).collect();
        assert_eq!(numbers, expected);
        books::agree(&shop).await;
    }

    async fn it_is_asked_in_every_way(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        for (transport, client) in &shop.subscriptions.each_transport::<SubscriptionsClient>().await {
            let user = shop.user(transport);
            let asked = request(&user);
            let bought = client.create_subscription(&call(), asked.clone()).await.unwrap();
            let again = client.create_subscription(&call(), request(&user)).await;
            assert_eq!(again, Err(SubscriptionsError::Refused(SubscriptionsRefusal::ServiceExists)), "{transport}");
            let find = FindSubscription { subscription_id: asked.subscription_id };
            let found = client.find_subscription(&call(), find).await.unwrap().unwrap();
            assert_eq!(found.latest_invoice_id, bought.invoice_id);
            let nobody = FindSubscription { subscription_id: nobody().into() };
            assert_eq!(client.find_subscription(&call(), nobody).await, Ok(None));
        }
    }
}
