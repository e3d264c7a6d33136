//! Many changes of the same stock at the same moment.

use futures::future::join_all;
use kit_testing::on_both_databases;

use crate::app::{Clerk as _, MOVEMENTS, start};
use crate::books;

on_both_databases! {
    async fn what_many_take_away_at_once_is_never_more_than_there_was(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "mug").await;
        clerk.set_stock("mug", 10).await;
        let taking = (0..30).map(|_| {
            let clerk = clerk.clone();
            async move { clerk.send_adjust("mug", -1).await.status.as_u16() }
        });
        let statuses = join_all(taking).await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 10, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 20, "{statuses:?}");
        assert_eq!(clerk.counts("mug").await, (0, 0, 0));
        assert_eq!(app.count(MOVEMENTS).await, 11);
        books::are_in_order(&app).await;
    }

    async fn counts_and_adjustments_at_once_leave_the_books_in_order(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        for sku in ["a", "b"] {
            clerk.create_simple("Mug", sku).await;
        }
        let working = (0..60).map(|number: i64| {
            let clerk = clerk.clone();
            async move {
                let sku = if number % 2 == 0 { "a" } else { "b" };
                let reply = match number % 5 {
                    0 => clerk.send_stock(sku, number).await,
                    1 => clerk.send_adjust(sku, -3).await,
                    _ => clerk.send_adjust(sku, 2).await,
                };
                assert!([200, 409].contains(&reply.status.as_u16()), "{}", reply.status);
            }
        });
        join_all(working).await;
        books::are_in_order(&app).await;
    }
}
