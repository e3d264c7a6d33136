//! Guests are told by mail what becomes of their orders.

use kit_testing::{Person, eventually, on_both_databases};
use orders_api::{OrderId, OrderPaid};
use serde_json::Value;

use crate::app::{NotificationsApp, new_id, paid, start};

/// What was mailed to an address, the newest first.
async fn mails(admin: &Person, to: &str) -> Vec<Value> {
    let listing = admin.client.get(&format!("/mailbox?to={to}")).await.expect(200);
    listing["items"].as_array().cloned().unwrap_or_default()
}

/// Tells that an order of a guest is paid.
async fn pay(app: &NotificationsApp, order_id: OrderId, number: &str) {
    let event = paid(new_id(), number, app.now());
    let event = OrderPaid {
        order_id,
        user_id: None,
        ..event
    };
    app.orders.publish(event).await;
}

on_both_databases! {
    async fn a_guest_gets_mail_at_the_address_of_the_order_and_nobody_else_anything(fixture: &Fixture) {
        let app = start(fixture).await;
        let (admin, ada) = (app.admin(), app.sign_up("ada"));
        let (known, forgotten, late): (OrderId, OrderId, OrderId) = (new_id(), new_id(), new_id());
        app.orders_double.set_address(known, Some("guest@example.com"));
        app.orders_double.set_address(forgotten, None);
        app.orders_double.set_address(late, Some("late@example.com"));
        pay(&app, forgotten, "1").await;
        pay(&app, known, "2").await;
        let mail = eventually("the guest is told", async || mails(&admin, "Guest@example.com").await.pop()).await;
        assert_eq!((&mail["to"], &mail["subject"]), (&"guest@example.com".into(), &"Order 2 is paid".into()));
        assert_eq!(app.count("SELECT notification_id FROM notifications").await, 0);
        // Orders are away for a while; the mail comes all the same, once.
        app.orders_double.set_away(true);
        pay(&app, late, "3").await;
        app.pay_all(&ada, 4..=4).await;
        assert_eq!(mails(&admin, "late@example.com").await.len(), 0);
        app.orders_double.set_away(false);
        eventually("the guest is told", async || mails(&admin, "late@example.com").await.pop()).await;
        assert_eq!(app.count("SELECT mail_id FROM mailbox WHERE user_id IS NULL").await, 2);
    }
}
