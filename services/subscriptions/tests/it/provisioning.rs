//! Services, and adapters that do not answer as they should.

use std::time::Duration;

use http::StatusCode;
use kit_testing::{Fixture, on_both_databases};
use serde_json::Value;

use crate::app::{Shop, User, passes};
use crate::books;
use crate::broker::Mood;

/// Somebody has paid while the adapter is in a mood, and it was asked some times.
async fn paid_while(fixture: &Fixture, shop: &Shop, mood: Mood) -> (User, String) {
    // Somebody else's is there, so that the adapter was asked before.
    shop.subscribe(&shop.user("bob")).await;
    let ada = shop.user("ada");
    let bought = shop.purchase(&ada).await;
    let id = bought.subscription_id.to_string();
    shop.broker.set(mood);
    ada.pay(&bought.invoice_id.to_string()).await.expect(200);
    ada.until(&id, |seen| seen["status"] == "active").await;
    passes(fixture, Duration::from_millis(100), async || {
        let tried = "SELECT tries FROM subscription_steps WHERE step = 'resource' AND tries > 2";
        (shop.subscriptions.count(tried).await == 1).then_some(())
    })
    .await;
    (ada, id)
}

/// Lets time pass until its service is so.
async fn comes_to(fixture: &Fixture, (user, id): (&User, &str), provisioning: &str) {
    passes(fixture, Duration::from_millis(100), async || {
        (user.get(id).await["provisioning"] == provisioning).then_some(())
    })
    .await;
}

on_both_databases! {
    async fn an_adapter_that_is_away_is_asked_until_it_is_back(fixture: &Fixture) {
        is_overcome(fixture, Mood::Answers(StatusCode::SERVICE_UNAVAILABLE)).await;
    }

    async fn an_adapter_that_has_too_much_to_do_is_asked_until_it_has_time(fixture: &Fixture) {
        is_overcome(fixture, Mood::Answers(StatusCode::TOO_MANY_REQUESTS)).await;
    }

    async fn an_adapter_that_fails_is_asked_until_it_works(fixture: &Fixture) {
        is_overcome(fixture, Mood::Answers(StatusCode::INTERNAL_SERVER_ERROR)).await;
    }

    async fn nobodys_subscription_ends_because_the_adapter_does_not_know_us(fixture: &Fixture) {
        is_overcome(fixture, Mood::Answers(StatusCode::UNAUTHORIZED)).await;
    }

    async fn what_is_lost_on_the_way_is_taken_away_before_it_is_made_again(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let (ada, id) = paid_while(fixture, &shop, Mood::LosesAnswers).await;
        assert_eq!(ada.get(&id).await["provisioning"], "pending");
        shop.broker.set(Mood::Works);
        comes_to(fixture, (&ada, &id), "active").await;
        assert!(shop.broker.done("deprovision") > 0, "the orphan was taken away");
        assert_eq!(shop.broker.count(), 2);
        books::agree(&shop).await;
    }

    async fn an_answer_that_cannot_be_read_is_as_good_as_none(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let (ada, id) = paid_while(fixture, &shop, Mood::Mumbles).await;
        shop.broker.set(Mood::Works);
        comes_to(fixture, (&ada, &id), "active").await;
        assert_eq!(shop.broker.count(), 2);
        books::agree(&shop).await;
    }

    async fn what_is_refused_ends_and_is_given_back(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let bought = shop.purchase(&ada).await;
        let (id, invoice_id) = (bought.subscription_id.to_string(), bought.invoice_id.to_string());
        shop.broker.set(Mood::Rejects);
        ada.pay(&invoice_id).await.expect(200);
        passes(fixture, Duration::from_millis(100), async || {
            (ada.get(&id).await["status"] == "cancelled").then_some(())
        })
        .await;
        assert_eq!(ada.get(&id).await["provisioning"], "failed");
        shop.is_paid_back(&invoice_id).await;
        let rows = shop.subscriptions.rows("SELECT failure, end_reason FROM subscriptions").await;
        assert!(rows[0].get::<String>("failure").unwrap().contains("there is no room"));
        assert_eq!(rows[0].get::<String>("end_reason").unwrap(), "provisioning_failed");
        shop.broker.set(Mood::Works);
        passes(fixture, Duration::from_millis(100), async || {
            (shop.subscriptions.count("SELECT step FROM subscription_steps").await == 0).then_some(())
        })
        .await;
        assert_eq!(shop.event_types(&id).await.last().map(String::as_str), Some("subscription.cancelled"));
        // Another may be begun at once.
        shop.subscribe(&ada).await;
        books::agree(&shop).await;
    }

    async fn a_service_that_is_given_up_before_it_is_there_never_is(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let (ada, id) = paid_while(fixture, &shop, Mood::LosesAnswers).await;
        ada.cancel(&id, false).await.expect(200);
        shop.broker.set(Mood::Works);
        comes_to(fixture, (&ada, &id), "deprovisioned").await;
        assert_eq!(shop.broker.count(), 1, "the other's is not touched");
        books::agree(&shop).await;
    }

    async fn what_cannot_be_suspended_now_is_suspended_later(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let ada = shop.user("ada");
        let id = shop.subscribe(&ada).await;
        shop.broker.set(Mood::Answers(StatusCode::INTERNAL_SERVER_ERROR));
        ada.cancel(&id, false).await.expect(200);
        passes(fixture, Duration::from_millis(100), async || {
            let tried = "SELECT tries FROM subscription_steps WHERE step = 'resource' AND tries > 2";
            (shop.subscriptions.count(tried).await == 1).then_some(())
        })
        .await;
        assert_eq!(ada.get(&id).await["provisioning"], "active");
        shop.broker.set(Mood::Works);
        comes_to(fixture, (&ada, &id), "suspended").await;
        books::agree(&shop).await;
    }

    async fn a_process_that_ends_in_the_middle_leaves_it_to_the_next(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let (ada, id) = paid_while(fixture, &shop, Mood::Answers(StatusCode::SERVICE_UNAVAILABLE)).await;
        let shop = shop.restart(fixture).await;
        let ada = shop.user_of(ada.identity());
        shop.broker.set(Mood::Works);
        comes_to(fixture, (&ada, &id), "active").await;
        books::agree(&shop).await;
    }

    async fn admins_see_where_adapters_are_and_whether_they_work(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        let admin = shop.subscriptions.admin().client;
        let listed = admin.get("/admin/adapters").await.expect(200);
        let adapter = named(&listed, "s3");
        assert_eq!((&adapter["name"], &adapter["place"], &adapter["health"]), (&"s3".into(), &"configured".into(), &"up".into()));
        let own = named(&listed, "queues");
        assert_eq!((&own["place"], &own["health"]), (&"nowhere".into(), &"down".into()), "it does not run here");
        shop.broker.set(Mood::Answers(StatusCode::SERVICE_UNAVAILABLE));
        let listed = admin.get("/admin/adapters").await.expect(200);
        let adapter = named(&listed, "s3");
        assert_eq!(adapter["health"], "down");
        assert!(adapter["reason"].is_string());
        assert!(!adapter.to_string().contains(crate::broker::PASSWORD));
    }
}

/// The adapter of a name; null where there is none.
fn named<'v>(listed: &'v Value, name: &str) -> &'v Value {
    let mut adapters = listed["items"].as_array().into_iter().flatten();
    adapters
        .find(|adapter| adapter["name"] == name)
        .unwrap_or(&Value::Null)
}

/// What is paid while the adapter is in a mood is provisioned when the mood is over.
async fn is_overcome(fixture: &Fixture, mood: Mood) {
    let shop = Shop::open(fixture).await;
    let (ada, id) = paid_while(fixture, &shop, mood).await;
    assert_eq!(ada.get(&id).await["provisioning"], "pending", "{mood:?}");
    assert_eq!(shop.broker.count(), 1, "the other's is not touched");
    shop.broker.set(Mood::Works);
    comes_to(fixture, (&ada, &id), "active").await;
    books::agree(&shop).await;
}
