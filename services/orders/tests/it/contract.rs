//! What other services ask of orders, in each of the three ways to ask.

use kit_testing::on_both_databases;
use kit_values::Uuid;
use orders_api::{FindOrder, OrderStatus, OrdersClient};

use crate::app::{Shop, call};

on_both_databases! {
    async fn an_order_is_told_in_every_way(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let id = shop.buyer("ada").confirm(&[("mug", 2)]).await;
        for (transport, orders) in &shop.orders.each_transport::<OrdersClient>().await {
            let asked = FindOrder { order_id: id.parse().unwrap() };
            let order = orders.find_order(&call(), asked).await.unwrap().unwrap();
            assert_eq!((order.status, order.total.amount_minor), (OrderStatus::Confirmed, 200), "{transport}");
            let nobody = FindOrder { order_id: Uuid::nil().into() };
            assert_eq!(orders.find_order(&call(), nobody).await, Ok(None));
        }
    }
}
