//! Holding stock for orders, and letting go of it.

use std::time::Duration;

use catalog_api::{CatalogClient, CatalogError, CatalogRefusal, ReservationStatus as Status, ReserveStock};
use kit_testing::{App, Fixture, on_both_databases};
use serde_json::json;

use crate::app::{Clerk as _, MOVEMENTS, builder, start, variant};
use crate::books;
use crate::orders::{Orders, call, items, line, order};

/// Catalog with so many of each of these SKUs.
async fn stocked(fixture: &Fixture, stock: &[(&str, i64)]) -> App {
    let app = start(fixture).await;
    let clerk = app.staff();
    let variants: Vec<_> = stock.iter().map(|(sku, _)| variant(sku, 1000)).collect();
    clerk
        .create(&json!({ "name": "Mug", "variants": variants }))
        .await;
    for (sku, on_hand) in stock {
        clerk.set_stock(sku, *on_hand).await;
    }
    app
}

on_both_databases! {
    async fn an_order_goes_from_its_reservation_to_its_payment(fixture: &Fixture) {
        let app = stocked(fixture, &[("MUG", 5), ("pot", 2)]).await;
        let clerk = app.staff();
        for (number, (transport, client)) in (1..).zip(app.each_transport::<CatalogClient>().await) {
            clerk.set_stock("mug", 5).await;
            clerk.set_stock("pot", 2).await;
            let orders = Orders(client);
            let reserved = orders.reserve(number, &[("pot", 1), ("mug", 2)]).await;
            assert_eq!(reserved.status, Status::Reserved, "{transport}");
            assert_eq!(items(&reserved), [("MUG", 2, 3), ("pot", 1, 1)]);
            assert_eq!(reserved.expires_at.map(|at| at.to_string()).as_deref(), Some("2030-01-01T01:00:00.000000Z"));
            assert_eq!((clerk.counts("mug").await, clerk.counts("pot").await), ((5, 2, 3), (2, 1, 1)));
            let committed = orders.commit(number).await.unwrap();
            assert_eq!((committed.status, items(&committed)), (Status::Committed, vec![("MUG", 2, 3), ("pot", 1, 1)]));
            assert_eq!((clerk.counts("mug").await, clerk.counts("pot").await), ((3, 0, 3), (1, 0, 1)));
            assert_eq!(orders.status(number).await, Some(Status::Committed));
            assert_eq!(orders.status(99).await, None);
        }
        assert_eq!(app.stranger().get("/products/mug").await.expect(200)["variants"][0]["available"], 3);
        books::are_in_order(&app).await;
    }

    async fn an_order_that_is_given_up_frees_its_stock(fixture: &Fixture) {
        let app = stocked(fixture, &[("mug", 5)]).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        orders.reserve(1, &[("mug", 4)]).await;
        let released = orders.release(1).await;
        assert_eq!((released.status, items(&released)), (Status::Released, vec![("mug", 4, 5)]));
        assert_eq!(clerk.counts("mug").await, (5, 0, 5));
        // After it was paid it comes back into stock.
        orders.reserve(2, &[("mug", 4)]).await;
        orders.commit(2).await.unwrap();
        let restocked = orders.restock(2).await.unwrap();
        assert_eq!((restocked.status, items(&restocked)), (Status::Restocked, vec![("mug", 4, 5)]));
        assert_eq!(clerk.counts("mug").await, (5, 0, 5));
        books::are_in_order(&app).await;
    }

    async fn all_lines_or_none(fixture: &Fixture) {
        let app = stocked(fixture, &[("a", 5), ("b", 1), ("c", 5)]).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        let rejected = orders.reserve(1, &[("c", 6), ("a", 5), ("b", 2), ("nope", 1)]).await;
        assert_eq!(rejected.status, Status::Rejected);
        assert_eq!(items(&rejected), [("b", 2, 1), ("c", 6, 5), ("nope", 1, 0)], "which, and how many there were");
        for sku in ["a", "b", "c"] {
            assert_eq!(clerk.counts(sku).await.1, 0, "{sku}");
        }
        // It stays so, whatever comes into stock.
        clerk.set_stock("b", 100).await;
        clerk.set_stock("c", 100).await;
        let again = orders.reserve(1, &[("c", 6), ("a", 5), ("b", 2), ("nope", 1)]).await;
        assert_eq!(again, rejected);
        assert_eq!(orders.release(1).await.status, Status::Rejected);
        assert_eq!(orders.commit(1).await.unwrap().status, Status::Rejected);
        assert_eq!(orders.restock(1).await.unwrap().status, Status::Rejected);
        books::are_in_order(&app).await;
    }

    async fn lines_of_one_sku_are_added_up(fixture: &Fixture) {
        let app = stocked(fixture, &[("mug", 5)]).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        let rejected = orders.reserve(1, &[("mug", 3), ("MUG", 3)]).await;
        assert_eq!((rejected.status, items(&rejected)), (Status::Rejected, vec![("mug", 6, 5)]));
        let reserved = orders.reserve(2, &[("Mug", 2), ("mug", 3)]).await;
        assert_eq!((reserved.status, items(&reserved)), (Status::Reserved, vec![("mug", 5, 0)]));
        assert_eq!(clerk.counts("mug").await, (5, 5, 0));
        books::are_in_order(&app).await;
    }

    async fn the_same_order_is_held_once(fixture: &Fixture) {
        let app = stocked(fixture, &[("mug", 5), ("pot", 5)]).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        let first = orders.reserve(1, &[("mug", 2), ("pot", 1)]).await;
        clerk.set_stock("mug", 50).await;
        // In another order, and in more lines, it is the same request.
        for lines in [&[("mug", 2), ("pot", 1)][..], &[("POT", 1), ("mug", 1), ("mug", 1)]] {
            assert_eq!(orders.reserve(1, lines).await, first);
        }
        assert_eq!((clerk.counts("mug").await.1, clerk.counts("pot").await.1), (2, 1));
        // Other lines are another request.
        for lines in [&[("mug", 2)][..], &[("mug", 3), ("pot", 1)], &[("mug", 2), ("pot", 1), ("x", 1)]] {
            let refused = orders.ask(1, lines).await;
            assert_eq!(refused, Err(CatalogError::Refused(CatalogRefusal::ReservationDiffers)));
        }
        for _ in 0..3 {
            assert_eq!(orders.commit(1).await.unwrap().status, Status::Committed);
        }
        assert_eq!((clerk.counts("mug").await, clerk.counts("pot").await), ((48, 0, 48), (4, 0, 4)));
        for _ in 0..3 {
            assert_eq!(orders.restock(1).await.unwrap().status, Status::Restocked);
        }
        assert_eq!((clerk.counts("mug").await, clerk.counts("pot").await), ((50, 0, 50), (5, 0, 5)));
        books::are_in_order(&app).await;
    }

    async fn a_release_that_arrives_first_wins(fixture: &Fixture) {
        let app = stocked(fixture, &[("mug", 5)]).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        let mark = orders.release(1).await;
        assert_eq!((mark.status, items(&mark), mark.expires_at), (Status::Released, Vec::new(), None));
        for _ in 0..2 {
            assert_eq!(orders.reserve(1, &[("mug", 2)]).await, mark);
            assert_eq!(orders.release(1).await, mark);
        }
        assert_eq!(orders.commit(1).await.unwrap().status, Status::Released);
        assert_eq!(clerk.counts("mug").await, (5, 0, 5));
        books::are_in_order(&app).await;
    }

    async fn what_comes_too_late_changes_nothing(fixture: &Fixture) {
        let app = stocked(fixture, &[("mug", 5)]).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        assert_eq!(orders.commit(1).await, Err(CatalogError::NotFound("Reservation".into())));
        assert_eq!(orders.restock(1).await, Err(CatalogError::NotFound("Reservation".into())));
        orders.reserve(1, &[("mug", 2)]).await;
        assert_eq!(orders.restock(1).await.unwrap().status, Status::Reserved, "nothing has left");
        orders.release(1).await;
        assert_eq!(orders.commit(1).await.unwrap().status, Status::Released, "paid too late");
        assert_eq!(clerk.counts("mug").await, (5, 0, 5));
        orders.reserve(2, &[("mug", 2)]).await;
        orders.commit(2).await.unwrap();
        assert_eq!(orders.release(2).await.status, Status::Committed, "what is paid is restocked, not released");
        assert_eq!(clerk.counts("mug").await, (3, 0, 3));
        books::are_in_order(&app).await;
    }

    async fn staff_cannot_take_away_what_is_reserved(fixture: &Fixture) {
        let app = stocked(fixture, &[("mug", 5), ("pot", 1)]).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        orders.reserve(1, &[("mug", 3)]).await;
        let refused = clerk.send_stock("mug", 2).await;
        refused.expect_error(409, "on hand cannot be less than what is reserved, which is 3");
        clerk.send_adjust("mug", -3).await.expect(409);
        clerk.set_stock("mug", 3).await;
        assert_eq!(clerk.counts("mug").await, (3, 3, 0));
        let below = clerk.client.get("/stock?below=1").await.expect(200);
        assert_eq!(below["items"].as_array().map(Vec::len), Some(1));
        let history = clerk.client.get("/stock/mug/movements").await.expect(200);
        assert_eq!(history["items"][1]["order_id"], json!(order(1)));
        assert_eq!((&history["items"][1]["kind"], &history["items"][1]["reserved_delta"]), (&json!("reserved"), &json!(3)));
        books::are_in_order(&app).await;
    }

    async fn an_order_is_one_line_to_two_hundred(fixture: &Fixture) {
        let skus: Vec<_> = (0..100).map(|number| format!("s-{number}")).collect();
        let stock: Vec<_> = skus.iter().map(|sku| (sku.as_str(), 10)).collect();
        let app = stocked(fixture, &stock).await;
        let orders = Orders::of(&app);
        let before = app.count(MOVEMENTS).await;
        for count in [0, 201] {
            let lines = vec![("s-1", 1); count];
            let refused = orders.ask(1, &lines).await;
            assert!(matches!(refused, Err(CatalogError::Invalid(_))), "{refused:?}");
        }
        assert_eq!(orders.status(1).await, None);
        let lines: Vec<_> = skus.iter().chain(&skus).map(|sku| (sku.as_str(), 2)).collect();
        let reserved = orders.reserve(1, &lines).await;
        assert_eq!((reserved.status, reserved.items.len()), (Status::Reserved, 100));
        orders.commit(1).await.unwrap();
        assert_eq!(app.count(MOVEMENTS).await, before + 200);
        books::are_in_order(&app).await;
    }

    async fn a_call_that_comes_too_late_is_surely_not_done(fixture: &Fixture) {
        let app = stocked(fixture, &[("mug", 5)]).await;
        let late = kit_rpc::CallContext::new(kit_rpc::Actor::Anonymous, kit_rpc::Deadline::after(Duration::ZERO));
        for (transport, catalog) in app.each_transport::<CatalogClient>().await {
            let request = ReserveStock { order_id: order(1), lines: vec![line("mug", 1)] };
            let result = catalog.reserve_stock(&late, request).await;
            assert_eq!(result, Err(CatalogError::Unavailable), "{transport}");
        }
        assert_eq!(Orders::of(&app).status(1).await, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_with_a_reservation_leaves_all_of_it_or_nothing() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let (app, proxy) = builder(fixture).start_behind_proxy().await;
        let clerk = app.staff();
        clerk
            .create(&json!({ "name": "Mug", "variants": [variant("a", 5), variant("b", 5)] }))
            .await;
        clerk.set_stock("a", 1000).await;
        clerk.set_stock("b", 1000).await;
        let catalog = app.contract::<CatalogClient>();
        for number in 1..=20_u128 {
            let lines = vec![line("a", 1), line("b", 2)];
            let request = ReserveStock {
                order_id: order(number),
                lines,
            };
            let moment = async {
                for _ in 0..number * 4 {
                    tokio::task::yield_now().await;
                }
                proxy.cut();
            };
            let context = call();
            let (_, ()) = tokio::join!(catalog.reserve_stock(&context, request.clone()), moment);
            proxy.mend();
            // Whatever became of it, asking again settles it.
            let settled = catalog.reserve_stock(&call(), request).await.unwrap();
            assert_eq!(settled.status, Status::Reserved);
        }
        assert_eq!((clerk.counts("a").await.1, clerk.counts("b").await.1), (20, 40));
        books::are_in_order(&app).await;
    })
    .await;
}
