//! Many orders of the same stock at the same moment: nothing is sold twice, and nobody is answered with an error.

use catalog_api::ReservationStatus as Status;
use futures::future::join_all;
use kit_testing::on_both_databases;
use serde_json::json;

use crate::app::{Clerk as _, start, variant};
use crate::books;
use crate::orders::{Orders, items};

fn counted(statuses: &[Status], status: Status) -> usize {
    statuses.iter().filter(|one| **one == status).count()
}

on_both_databases! {
    async fn of_thirty_buyers_of_ten_ten_get_one(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        clerk.create_simple("Mug", "mug").await;
        clerk.set_stock("mug", 10).await;
        let buying = (0..30).map(|number| {
            let orders = orders.clone();
            async move {
                let view = orders.ask(number, &[("mug", 1)]).await.unwrap();
                if view.status == Status::Rejected {
                    assert_eq!(items(&view), [("mug", 1, 0)], "a clear reason");
                }
                view.status
            }
        });
        let statuses = join_all(buying).await;
        assert_eq!((counted(&statuses, Status::Reserved), counted(&statuses, Status::Rejected)), (10, 20));
        assert_eq!(clerk.counts("mug").await, (10, 10, 0));
        books::are_in_order(&app).await;
    }

    async fn orders_of_the_same_skus_in_any_order_do_not_stand_in_each_others_way(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        let skus = ["a", "b", "c", "d"];
        clerk.create(&json!({ "name": "Mug", "variants": skus.map(|sku| variant(sku, 5)) })).await;
        for sku in skus {
            clerk.set_stock(sku, 25).await;
        }
        let buying = (0..40_usize).map(|number| {
            let orders = orders.clone();
            async move {
                let mut lines = skus.map(|sku| (sku, 1));
                lines.rotate_left(number % 4);
                let of = &lines[..=number % 4];
                orders.ask(number as u128, of).await.unwrap().status
            }
        });
        let statuses = join_all(buying).await;
        assert_eq!(statuses.len(), counted(&statuses, Status::Reserved) + counted(&statuses, Status::Rejected));
        assert!(counted(&statuses, Status::Reserved) >= 25);
        books::are_in_order(&app).await;
    }

    async fn an_order_that_gets_only_a_part_holds_nothing(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        clerk.create(&json!({ "name": "Mug", "variants": [variant("a", 5), variant("z", 5)] })).await;
        clerk.set_stock("a", 100).await;
        clerk.set_stock("z", 10).await;
        let buying = (0..40_u128).map(|number| {
            let orders = orders.clone();
            async move { orders.ask(number, &[("a", 2), ("z", 1)]).await.unwrap().status }
        });
        let statuses = join_all(buying).await;
        assert_eq!(counted(&statuses, Status::Reserved), 10);
        assert_eq!((clerk.counts("a").await, clerk.counts("z").await), ((100, 20, 80), (10, 10, 0)));
        books::are_in_order(&app).await;
    }

    async fn the_same_order_sent_by_many_is_held_once(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        clerk.create_simple("Mug", "mug").await;
        clerk.set_stock("mug", 100).await;
        let sending = (0..50).map(|_| {
            let orders = orders.clone();
            async move { orders.ask(1, &[("mug", 3)]).await.unwrap() }
        });
        let views = join_all(sending).await;
        assert!(views.iter().all(|view| *view == views[0]), "{views:?}");
        assert_eq!(clerk.counts("mug").await, (100, 3, 97));
        let ending = (0..30).map(|number| {
            let orders = orders.clone();
            async move {
                match number % 2 {
                    0 => orders.release(1).await.status,
                    _ => orders.commit(1).await.unwrap().status,
                }
            }
        });
        let statuses = join_all(ending).await;
        assert!(statuses.iter().all(|status| *status == statuses[0]), "one way only: {statuses:?}");
        let expected = if statuses[0] == Status::Committed { (97, 0, 97) } else { (100, 0, 100) };
        assert_eq!(clerk.counts("mug").await, expected);
        books::are_in_order(&app).await;
    }

    async fn of_a_reservation_and_a_release_at_once_nothing_is_held(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        clerk.create_simple("Mug", "mug").await;
        clerk.set_stock("mug", 100).await;
        for number in 0..20 {
            let lines = [("mug", 2)];
            let (reserved, released) = tokio::join!(orders.ask(number, &lines), orders.release(number));
            assert_eq!(released.status, Status::Released);
            assert!([Status::Reserved, Status::Released].contains(&reserved.unwrap().status));
            assert_eq!(orders.status(number).await, Some(Status::Released));
        }
        assert_eq!(clerk.counts("mug").await, (100, 0, 100));
        books::are_in_order(&app).await;
    }

    async fn buyers_and_staff_at_once_leave_the_books_in_order(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        clerk.create(&json!({ "name": "Mug", "variants": [variant("a", 5), variant("b", 5)] })).await;
        let working = (0..80_u128).map(|number| {
            let (clerk, orders) = (clerk.clone(), orders.clone());
            async move {
                match number % 8 {
                    0 => drop(clerk.send_adjust("a", 5).await),
                    1 => drop(clerk.send_adjust("b", 4).await),
                    2 => drop(clerk.send_adjust("a", -2).await),
                    3 => drop(clerk.send_stock("b", 3).await),
                    4 | 5 => drop(orders.ask(number, &[("b", 1), ("a", 2)]).await.unwrap()),
                    6 => drop(orders.release(number - 2).await),
                    _ => drop(orders.commit(number - 2).await),
                }
            }
        });
        join_all(working).await;
        books::are_in_order(&app).await;
    }
}
