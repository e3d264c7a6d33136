//! What users are told of their orders.

use kit_event::Event as _;
use kit_testing::on_both_databases;
use orders_api::{
    CancelReason, OrderCancelled, OrderConfirmed, OrderDelivered, OrderPaid, OrderRefunded, OrderRejected,
    StockShortage,
};
use serde_json::json;

use crate::app::{NOTIFICATIONS, list, new_id, paid, payload, shipped, start, titles, until_titled, usd};

on_both_databases! {
    async fn whoever_ordered_is_told_what_becomes_of_it(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, at) = (app.sign_up("ada"), app.now());
        let (order_id, user_id) = (new_id(), Some(ada.identity.user_id));
        let (number, total) = ("10001".parse::<orders_api::OrderNumber>().unwrap(), usd(1_250));
        app.orders.publish(OrderConfirmed {
            order_id, number: number.clone(), version: 2, user_id, total, payment_id: new_id(), timestamp: at,
        }).await;
        let told = until_titled(&ada, "Order 10001 is confirmed").await;
        assert_eq!(told["items"][0]["body"], "What you ordered is reserved for you. It comes to 12.50 USD and waits for your payment.");
        app.orders.publish(OrderPaid { order_id, ..paid(ada.identity.user_id, "10001", at) }).await;
        let told = until_titled(&ada, "Order 10001 is paid").await;
        assert_eq!(told["items"][0]["body"], "We have received your payment of 12.50 USD, and get your order ready.");
        let first = &told["items"][0];
        assert_eq!(first, &json!({
            "id": first["id"], "kind": "order.paid", "title": "Order 10001 is paid", "body": first["body"],
            "link": format!("/orders/{order_id}"), "created_at": "2030-01-01T00:00:00.000000Z", "read_at": null,
        }));
        app.orders.publish(shipped(order_id, ada.identity.user_id, at)).await;
        let told = until_titled(&ada, "Order 10001 is on its way").await;
        assert_eq!(told["items"][0]["body"], "DHL brings it; the tracking number is 0034.");
        app.orders.publish(OrderDelivered { order_id, number: number.clone(), version: 5, user_id, total, timestamp: at }).await;
        until_titled(&ada, "Order 10001 has arrived").await;
        // Of an order that was cancelled, the last refund leaves nothing and is no end of it.
        let refund = |amount, refunded| OrderRefunded {
            order_id, number: number.clone(), version: 6, user_id, total, refund_id: new_id(), amount, refunded,
            items: Vec::new(), is_whole: false, timestamp: at,
        };
        app.orders.publish(refund(usd(250), usd(250))).await;
        let told = until_titled(&ada, "A part of order 10001 is refunded").await;
        assert_eq!(told["items"][0]["body"], "2.50 USD is on the way back to you.");
        app.orders.publish(refund(usd(1_000), total)).await;
        let told = until_titled(&ada, "Order 10001 is refunded").await;
        assert_eq!(told["unread_count"], 6);
    }

    async fn whoever_gets_nothing_is_told_why(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, timestamp) = (app.sign_up("ada"), app.now());
        let (user_id, total) = (Some(ada.identity.user_id), usd(1_250));
        let shortage = |sku: &str, quantity, available| StockShortage { sku: sku.parse().unwrap(), quantity, available };
        app.orders.publish(OrderRejected {
            order_id: new_id(), number: "1".parse().unwrap(), version: 2, user_id, total,
            shortages: vec![shortage("MUG", 3, 1), shortage("CUP", 2, 0)], timestamp,
        }).await;
        let told = until_titled(&ada, "Order 1 cannot be delivered").await;
        assert_eq!(
            told["items"][0]["body"],
            "There is not enough of MUG (you ordered 3, there is 1), CUP (you ordered 2, there are none). Nothing was charged."
        );
        for (number, reason, was_paid, expected) in [
            ("2", CancelReason::Requested, true, "It was cancelled as requested. You get back what you have paid."),
            ("3", CancelReason::PaymentExpired, false, "It was not paid in time. Nothing was charged."),
            ("4", CancelReason::ReservationExpired, false, "It was not paid in time. Nothing was charged."),
            ("5", CancelReason::PaymentFailed, false, "The payment failed. Nothing was charged."),
            ("6", CancelReason::StockTimeout, false, "We could not complete it. Nothing was charged."),
        ] {
            app.orders.publish(OrderCancelled {
                order_id: new_id(), number: number.parse().unwrap(), version: 2, user_id, items: Vec::new(), total,
                was_paid, reason, timestamp,
            }).await;
            let told = until_titled(&ada, &format!("Order {number} is cancelled")).await;
            assert_eq!(told["items"][0]["body"], expected);
        }
    }

    async fn an_event_that_comes_again_is_told_once(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.pay(&ada, "1").await;
        until_titled(&ada, "Order 1 is paid").await;
        // Delivered again from the beginning.
        app.execute("DELETE FROM positions").await;
        app.process.lifecycle.end().await;
        let app = start(fixture).await;
        app.pay(&ada, "2").await;
        let ada = app.person(ada.identity.clone());
        let told = until_titled(&ada, "Order 2 is paid").await;
        assert_eq!(titles(&told), ["Order 2 is paid", "Order 1 is paid"]);
        app.until_done(2).await;
        assert_eq!(app.count(NOTIFICATIONS).await, 2);
        assert_eq!(app.count("SELECT position FROM outbox").await, 2);
    }

    async fn what_templates_say_is_what_was_ordered_and_no_template(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let mut event = shipped(new_id(), ada.identity.user_id, app.now());
        event.carrier = "{{ 7 * 7 }}{% raw %}<b>".to_owned();
        app.orders.publish(event).await;
        let told = until_titled(&ada, "Order 10001 is on its way").await;
        assert_eq!(told["items"][0]["body"], "{{ 7 * 7 }}{% raw %}<b> brings it; the tracking number is 0034.");
    }

    async fn guests_and_old_news_are_passed_over(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let guest = OrderPaid { user_id: None, ..paid(ada.identity.user_id, "1", app.now()) };
        app.orders.publish(guest).await;
        let half_a_year = std::time::Duration::from_hours(24 * 180);
        let old = paid(ada.identity.user_id, "2", app.now().minus(half_a_year + std::time::Duration::from_secs(1)));
        app.orders.publish(old).await;
        app.orders.publish(paid(ada.identity.user_id, "3", app.now().minus(half_a_year))).await;
        app.pay(&ada, "4").await;
        app.until_done(4).await;
        assert_eq!(titles(&list(&ada).await).len(), 2);
    }

    async fn words_that_are_not_known_yet_are_no_obstacle(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, timestamp) = (app.sign_up("ada"), app.now());
        let event = OrderCancelled {
            order_id: new_id(), number: "7".parse().unwrap(), version: 2, user_id: Some(ada.identity.user_id), items: Vec::new(),
            total: usd(5), was_paid: false, reason: CancelReason::Requested, timestamp,
        };
        let mut said = payload(&event);
        said["reason"] = json!("struck_by_lightning");
        said["weather"] = json!({ "sky": "dark" });
        app.orders.publish_raw(("orders", OrderCancelled::TYPE), &event.key(), &said.to_string()).await;
        let told = until_titled(&ada, "Order 7 is cancelled").await;
        assert_eq!(told["items"][0]["body"], "We could not complete it. Nothing was charged.");
    }
}
