//! Sending orders.

use http::Method;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::Shop;
use crate::books;

on_both_databases! {
    async fn only_what_is_paid_is_sent_and_once(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.confirm(&[("mug", 1)]).await;
        let tracking = json!({ "carrier": "DHL", "tracking_number": "TRK-1" });
        shop.act(&id, "ship", Some(&tracking)).await.expect_error(409, "an order that is confirmed cannot be shipped");
        shop.act(&id, "deliver", None).await.expect_error(409, "an order that is confirmed cannot be delivered");
        ada.pay(&id).await.expect(200);
        ada.becomes(&id, "paid").await;
        for _ in 0..2 {
            shop.act(&id, "ship", Some(&tracking)).await.expect(200);
        }
        let other = json!({ "carrier": "DHL", "tracking_number": "TRK-2" });
        shop.act(&id, "ship", Some(&other)).await.expect_error(409, "an order that is shipped cannot be shipped");
        for _ in 0..2 {
            shop.act(&id, "deliver", None).await.expect(200);
        }
        assert_eq!(ada.timeline(&id).await, ["pending", "confirmed", "paid", "shipped", "delivered"]);
        let timeline = ada.orders.client.get(&format!("/orders/{id}/timeline")).await.expect(200);
        assert_eq!(timeline["items"][3]["tracking_number"], "TRK-1");
        books::agree(&shop).await;
    }

    async fn of_a_shipment_and_a_cancellation_at_once_one_happens(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 9).await;
        let ada = shop.buyer("ada");
        let tracking = json!({ "carrier": "DHL", "tracking_number": "TRK-1" });
        for _ in 0..8 {
            let id = ada.buy(&[("mug", 1)]).await;
            let both = futures::future::join(shop.act(&id, "ship", Some(&tracking)), ada.cancel(&id)).await;
            let codes = [both.0.status.as_u16(), both.1.status.as_u16()];
            assert!(codes == [200, 409] || codes == [409, 200], "{codes:?}");
        }
        books::agree(&shop).await;
    }

    async fn staff_say_where_it_goes_until_it_leaves(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.buy(&[("mug", 1)]).await;
        let path = format!("/orders/{id}/shipping-address");
        let address = json!({ "name": "Ada", "line1": "1 Main St", "city": "London", "country": "GB" });
        ada.orders.client.put(&path, &address).await.expect(403);
        let seen = shop.clerk.client.get(&format!("/admin/orders/{id}")).await;
        let etag = seen.header("etag").to_owned();
        let client = shop.clerk.client.with("if-match", &etag);
        let set = client.put(&path, &address).await.expect(200);
        assert_eq!(set["shipping_address"]["name"], "Ada");
        client.put(&path, &address).await.expect(412);
        for wrong in [json!({ "name": "Ada" }), json!({ "name": "", "line1": "1", "city": "L", "country": "GB" }),
            json!({ "name": "A", "line1": "1", "city": "L", "country": "Britain" })] {
            shop.clerk.client.put(&path, &wrong).await.expect(400);
        }
        let tracking = json!({ "carrier": "DHL", "tracking_number": "TRK-1" });
        shop.act(&id, "ship", Some(&tracking)).await.expect(200);
        shop.clerk.client.put(&path, &address).await.expect_error(409, "the address of an order that is shipped cannot be changed");
        shop.clerk.client.send(Method::POST, &format!("/admin/orders/{id}/ship"), Some(&json!({}))).await.expect(400);
        books::agree(&shop).await;
    }
}
