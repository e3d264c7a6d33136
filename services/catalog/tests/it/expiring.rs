//! Reservations whose time to live runs out.

use std::time::Duration;

use catalog_api::ReservationStatus as Status;
use kit_testing::{App, Fixture, eventually, on_both_databases};

use crate::app::{Clerk as _, builder, start};
use crate::books;
use crate::orders::Orders;

/// Catalog that looks for overdue reservations all the time.
async fn quick(fixture: &Fixture) -> App {
    let app = builder(fixture);
    app.set("catalog.reservation_sweep", "5ms").start().await
}

async fn becomes(orders: &Orders, number: u128, expected: Status) {
    let looks = async || (orders.status(number).await == Some(expected)).then_some(());
    eventually("the reservation is swept", looks).await;
}

on_both_databases! {
    async fn what_is_held_too_long_is_free_again(fixture: &Fixture) {
        let app = quick(fixture).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        clerk.create_simple("Mug", "mug").await;
        clerk.set_stock("mug", 5).await;
        orders.reserve(1, &[("mug", 2)]).await;
        fixture.advance(Duration::from_mins(30));
        orders.reserve(2, &[("mug", 3)]).await;
        orders.reserve(3, &[("mug", 1)]).await;
        fixture.advance(Duration::from_mins(30));
        becomes(&orders, 1, Status::Expired).await;
        assert_eq!(orders.status(2).await, Some(Status::Reserved));
        assert_eq!(app.staff().counts("mug").await, (5, 3, 2));
        // It stays over, and what is paid in time is not touched.
        assert_eq!(orders.commit(1).await.unwrap().status, Status::Expired);
        assert_eq!(orders.release(1).await.status, Status::Expired);
        assert_eq!(orders.reserve(1, &[("mug", 2)]).await.status, Status::Expired);
        orders.commit(2).await.unwrap();
        fixture.advance(Duration::from_hours(100));
        orders.reserve(4, &[("mug", 1)]).await;
        fixture.advance(Duration::from_hours(1));
        becomes(&orders, 4, Status::Expired).await;
        assert_eq!(orders.status(2).await, Some(Status::Committed));
        assert_eq!(orders.status(3).await, Some(Status::Rejected));
        // Her token is over too.
        assert_eq!(app.staff().counts("mug").await, (2, 0, 2));
        books::are_in_order(&app).await;
    }

    async fn many_are_swept_by_several_processes_once_each(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        clerk.create_simple("Mug", "mug").await;
        clerk.set_stock("mug", 1000).await;
        for number in 0..150 {
            orders.reserve(number, &[("mug", 2)]).await;
        }
        assert_eq!(clerk.counts("mug").await, (1000, 300, 700));
        fixture.advance(Duration::from_hours(1));
        // On SQLite a file has one process.
        let others = if fixture.is_postgres() {
            vec![quick(fixture).await, quick(fixture).await]
        } else {
            app.stop().await;
            vec![quick(fixture).await]
        };
        let clerk = others[0].staff();
        let free = async || (clerk.counts("mug").await.1 == 0).then_some(());
        eventually("everything is free", free).await;
        let told = others[0].count("SELECT position FROM outbox WHERE type = 'stock.released'").await;
        assert_eq!(told, 150);
        books::are_in_order(&others[0]).await;
    }
}

#[tokio::test]
async fn a_time_to_live_of_nothing_is_refused_at_start() {
    let target = kit_testing::db::TestTarget::sqlite();
    Fixture::run(target, async |fixture: &Fixture| {
        for key in ["catalog.reservation_time_to_live", "catalog.reservation_sweep"] {
            let started = builder(fixture).set(key, "0s").try_start().await;
            let error = started
                .err()
                .map(|error| format!("{error:#}"))
                .unwrap_or_default();
            assert!(error.contains(key), "{error}");
        }
    })
    .await;
}
