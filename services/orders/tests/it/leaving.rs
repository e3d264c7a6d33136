//! Accounts that are deleted.

use auth_api::UserDeleted;
use kit_runtime::Timestamp;
use kit_testing::{EventLog, Fixture, eventually, on_both_databases};
use serde_json::{Value, json};

use crate::app::{Buyer, Shop, builder, text};
use crate::books;

/// A shop whose orders hear of accounts.
pub(crate) async fn open(fixture: &Fixture) -> (Shop, EventLog) {
    open_with(fixture, &[]).await
}

pub(crate) async fn open_with(fixture: &Fixture, settings: &[(&str, &str)]) -> (Shop, EventLog) {
    let shop = Shop::open(fixture).await;
    shop.orders.stop().await;
    let accounts = EventLog::open(fixture, &fixture.process(), "auth", auth_api::TOPICS).await;
    let heard = [catalog::service(), payments::service()];
    let orders = builder(fixture, orders::service(), &heard).await;
    let orders = orders
        .log(accounts.source())
        .peer(shop.catalog.contract::<catalog_api::CatalogClient>())
        .peer(shop.cart.contract::<cart_api::CartClient>())
        .peer(payments_api::PaymentsClient::local(shop.line.clone()))
        .set("orders.poll", "20ms")
        .set_all(settings)
        .start()
        .await;
    let clerk = orders.staff();
    let shop = Shop {
        orders,
        clerk,
        ..shop
    };
    (shop, accounts)
}

async fn create(buyer: &Buyer) -> String {
    let address = json!({ "name": "Ada", "line1": "1 Main St", "city": "London", "country": "GB" });
    let items = json!([{ "sku": "mug", "quantity": 1 }]);
    let body = json!({ "items": items, "shipping_address": address, "note": "Ring twice" });
    text(&buyer.orders.client.post("/orders", &body).await.expect(201)["id"])
}

fn is_forgotten(order: &Value) -> bool {
    order["shipping_address"].is_null() && order["note"].is_null() && order["email"].is_null()
}

on_both_databases! {
    async fn what_is_personal_goes_and_the_books_stay(fixture: &Fixture) {
        let (shop, accounts) = open(fixture).await;
        shop.sell("mug", 100, 9).await;
        let (ada, eve) = (shop.buyer("ada"), shop.buyer("eve"));
        let (over, sent, other) = (create(&ada).await, create(&ada).await, create(&eve).await);
        for id in [&over, &sent] {
            ada.becomes(id, "confirmed").await;
        }
        eve.becomes(&other, "confirmed").await;
        for (buyer, id) in [(&ada, &over), (&eve, &other)] {
            buyer.cancel(id).await.expect(200);
        }
        ada.pay(&sent).await.expect(200);
        ada.becomes(&sent, "paid").await;
        let deleted = UserDeleted {
            user_id: ada.orders.identity.user_id,
            timestamp: Timestamp::from_micros(1),
        };
        accounts.publish(deleted).await;
        let seen = async |id: &str| shop.clerk.client.get(&format!("/orders/{id}")).await.expect(200);
        eventually("what is over is forgotten", async || is_forgotten(&seen(&over).await).then_some(())).await;
        assert_eq!(seen(&over).await["total"]["amount_minor"], 100);
        // What is paid still has to arrive somewhere.
        assert!(!is_forgotten(&seen(&sent).await));
        assert!(!is_forgotten(&seen(&other).await), "somebody else's");
        let tracking = json!({ "carrier": "DHL", "tracking_number": "1" });
        shop.act(&sent, "ship", Some(&tracking)).await.expect(200);
        let delivered = shop.act(&sent, "deliver", None).await.expect(200);
        assert!(is_forgotten(&delivered), "{delivered}");
        books::agree(&shop).await;
    }
}
