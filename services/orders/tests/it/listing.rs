//! Looking orders up, and who may.

use kit_testing::on_both_databases;
use serde_json::Value;

use crate::app::{Shop, text};

fn ids(page: &Value) -> Vec<String> {
    page["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|order| text(&order["id"]))
        .collect()
}

on_both_databases! {
    async fn buyers_see_their_own_orders_the_newest_first(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 50).await;
        let (ada, eve) = (shop.buyer("ada"), shop.buyer("eve"));
        let mut own = Vec::new();
        for _ in 0..5 {
            own.insert(0, ada.create(&[("mug", 1)]).await);
            eve.create(&[("mug", 1)]).await;
        }
        let first = ada.orders.client.get("/orders?limit=3").await;
        let first = first.expect(200);
        let cursor = text(&first["next_cursor"]);
        let second = ada.orders.client.get(&format!("/orders?limit=3&cursor={cursor}")).await.expect(200);
        assert_eq!((ids(&first), ids(&second)), (own[..3].to_vec(), own[3..].to_vec()));
        assert!(second["next_cursor"].is_null());
        for query in ["limit=0", "limit=101", "cursor=nope", "status=paid"] {
            ada.orders.client.get(&format!("/orders?{query}")).await.expect(400);
        }
    }

    async fn anothers_order_is_not_there(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 50).await;
        let (ada, eve) = (shop.buyer("ada"), shop.buyer("eve"));
        let id = ada.confirm(&[("mug", 1)]).await;
        for path in [format!("/orders/{id}"), format!("/orders/{id}/timeline"), format!("/orders/{id}/events")] {
            eve.orders.client.get(&path).await.expect_error(404, "Order not found");
        }
        let path = format!("/orders/{id}");
        assert_eq!(shop.clerk.client.get(&path).await.expect(200)["id"], id.as_str());
        assert_eq!(shop.orders.admin().client.get(&path).await.expect(200)["id"], id.as_str());
        eve.orders.client.get("/orders/ord_0190c2a4-7c1e-7b3e-9c53-000000000000").await.expect(404);
        eve.orders.client.get("/orders/nope").await.expect(400);
        eve.orders.client.get(&format!("/admin/orders/{id}")).await.expect(403);
    }

    async fn staff_find_orders_by_what_they_are_called(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 50).await;
        let (ada, eve) = (shop.buyer("ada"), shop.buyer("eve"));
        let paid = ada.buy(&[("mug", 1)]).await;
        let open = eve.confirm(&[("mug", 1)]).await;
        let find = async |query: String| {
            ids(&shop.clerk.client.get(&format!("/admin/orders?{query}")).await.expect(200))
        };
        assert_eq!(find(String::new()).await, [open.clone(), paid.clone()]);
        assert_eq!(find("status=paid".into()).await, std::slice::from_ref(&paid));
        let order = ada.order(&paid).await;
        for called in [&order["number"], &order["id"], &order["payment_id"], &order["user_id"]] {
            assert_eq!(find(format!("q={}", text(called))).await, std::slice::from_ref(&paid), "{called}");
        }
        assert_eq!(find("q=10002&status=paid".into()).await, [""; 0]);
        assert_eq!(find("q=%25'--".into()).await, [""; 0]);
        shop.clerk.client.get("/admin/orders?q=a%00b").await.expect(400);
        shop.clerk.client.get("/admin/orders?status=lost").await.expect(400);
        ada.orders.client.get("/admin/orders").await.expect(403);
    }
}
