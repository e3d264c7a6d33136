//! Reservations whose time to live runs out.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use catalog_api::ReservationStatus as Status;
use kit_testing::{App, Fixture, eventually, on_both_databases};

use crate::app::{Clerk as _, builder, start};
use crate::books;
use crate::orders::{Orders, order};

/// Catalog that looks for overdue reservations all the time.
async fn quick(fixture: &Fixture) -> App {
    let app = builder(fixture);
    app.set("catalog.reservation_sweep", "5ms").start().await
}

/// Waits until it was asked this often what became of orders; of which, in the order of the questions.
async fn asked(app: &App, times: usize) -> Vec<String> {
    let overdue = "SELECT key FROM outbox WHERE type = 'stock.overdue' ORDER BY position";
    let rows = eventually("orders are asked", async || {
        let rows = app.rows(overdue).await;
        (rows.len() >= times).then_some(rows)
    })
    .await;
    rows.iter().map(|row| row.get("key").unwrap()).collect()
}

on_both_databases! {
    async fn what_is_held_too_long_is_asked_about_and_stays_held(fixture: &Fixture) {
        let app = quick(fixture).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        clerk.create_simple("Mug", "mug").await;
        clerk.set_stock("mug", 5).await;
        orders.reserve(1, &[("mug", 2)]).await;
        fixture.advance(Duration::from_mins(30));
        orders.reserve(2, &[("mug", 3)]).await;
        orders.reserve(3, &[("mug", 1)]).await;
        fixture.advance(Duration::from_mins(30));
        assert_eq!(asked(&app, 1).await, [order(1).to_string()]);
        assert_eq!(app.staff().counts("mug").await, (5, 5, 0));
        fixture.advance(Duration::from_mins(30));
        assert_eq!(asked(&app, 2).await[1], order(2).to_string());
        // Where nobody has said anything, again.
        fixture.advance(Duration::from_mins(30));
        assert_eq!(asked(&app, 3).await[2], order(1).to_string());
        // It was paid, and catalog hears of it at last; what was taken or rejected is not asked about.
        assert_eq!(orders.commit(1).await.unwrap().status, Status::Committed);
        assert_eq!(orders.commit(2).await.unwrap().status, Status::Committed);
        fixture.advance(Duration::from_hours(100));
        // The token is over by now.
        app.staff().set_stock("mug", 1).await;
        orders.reserve(4, &[("mug", 1)]).await;
        fixture.advance(Duration::from_hours(1));
        assert_eq!(asked(&app, 4).await[3], order(4).to_string());
        assert_eq!(orders.status(3).await, Some(Status::Rejected));
        assert_eq!(app.staff().counts("mug").await, (1, 1, 0));
        books::are_in_order(&app).await;
    }

    async fn many_are_asked_about_by_several_processes_once_each(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, orders) = (app.staff(), Orders::of(&app));
        clerk.create_simple("Mug", "mug").await;
        clerk.set_stock("mug", 1000).await;
        for number in 0..150 {
            orders.reserve(number, &[("mug", 2)]).await;
        }
        fixture.advance(Duration::from_hours(1));
        // On SQLite a file has one process.
        let others = if fixture.is_postgres() {
            vec![quick(fixture).await, quick(fixture).await]
        } else {
            app.stop().await;
            vec![quick(fixture).await]
        };
        let mut told = asked(&others[0], 150).await;
        told.sort_unstable();
        told.dedup();
        assert_eq!(told.len(), 150);
        // Nobody is in the midst of asking once more.
        for other in others {
            let clerk = other.staff();
            assert_eq!(clerk.counts("mug").await, (1000, 300, 700));
            books::are_in_order(&other).await;
            other.stop().await;
        }
        let app = start(fixture).await;
        assert_eq!(asked(&app, 150).await.len(), 150);
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
