//! What must be true of the tables at every moment, whatever happened before; and what must be true of all together once
//! nothing is under way.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use kit_db::{Reader, sql};
use kit_testing::{App, eventually};
use payments_api::PaymentStatus;

use crate::app::Shop;

/// Each gives the rows that must not be, beside what the service says itself: what counts events holds as long as they
/// are kept.
const MUST_NOT_BE: [(&str, &str); 1] = [(
    "each version of a subscription is told of once",
    "SELECT id FROM subscriptions WHERE version <> (SELECT COUNT(*) FROM outbox WHERE key = subscriptions.id)",
)];

/// Asserts all of it.
pub(crate) async fn are_in_order(app: &App) {
    for invariant in subscriptions::service().invariants {
        let broken = invariant.violations(&app.db).await.unwrap();
        assert_eq!(broken, [""; 0], "{}", invariant.rule);
    }
    for (rule, query) in MUST_NOT_BE {
        let broken = app
            .db
            .read(async move |reader: &mut Reader| sql(query).all(reader).await);
        let broken = broken.await.unwrap();
        let broken: Vec<String> = broken.iter().map(|row| row.get(0).unwrap()).collect();
        assert_eq!(broken, [""; 0], "{rule}");
    }
    assert_eq!(app.count("SELECT event_id FROM parked").await, 0);
}

/// Waits until what payments and the adapter have of each subscription is what subscriptions say of it, and asserts that
/// everything is in order then.
pub(crate) async fn agree(shop: &Shop) {
    comes_true(shop, "payments say the same of every invoice", async || {
        for row in shop
            .subscriptions
            .rows("SELECT id, status, is_given_back FROM invoices")
            .await
        {
            let (id, status): (String, String) = (row.get("id").unwrap(), row.get("status").unwrap());
            let is_given_back: bool = row.get("is_given_back").unwrap();
            let payment = shop.payment(&id).await;
            let is_kept = payment.as_ref().is_some_and(|payment| {
                payment.status == PaymentStatus::Succeeded && payment.refunded.amount_minor == 0
            });
            let is_open = payment.is_none_or(|payment| {
                matches!(payment.status, PaymentStatus::Open | PaymentStatus::Processing)
            });
            let agrees = match status.as_str() {
                "paid" => is_kept != is_given_back,
                "void" => !is_kept && (!is_open || shop.payment(&id).await.is_none()),
                _ => !is_kept,
            };
            agrees.then_some(())?;
        }
        Some(())
    })
    .await;
    comes_true(shop, "the adapter has what there should be", async || {
        let rows = shop
            .subscriptions
            .rows("SELECT id, resource FROM subscriptions")
            .await;
        let mut live = 0;
        for row in rows {
            let (id, resource): (String, String) = (row.get("id").unwrap(), row.get("resource").unwrap());
            let made = shop.broker.made(&id);
            match resource.as_str() {
                "active" | "suspended" => {
                    live += 1;
                    (made?.is_suspended == (resource == "suspended")).then_some(())?;
                }
                _ => made.is_none().then_some(())?,
            }
        }
        (live == shop.broker.count()).then_some(())
    })
    .await;
    are_in_order(&shop.subscriptions).await;
}

/// Lets time pass until something is so: what failed waits for its moment to be tried again.
async fn comes_true(shop: &Shop, what: &str, mut look: impl AsyncFnMut() -> Option<()>) {
    eventually(what, async || {
        let found = look().await;
        if found.is_none() {
            shop.subscriptions
                .process
                .time
                .advance(Duration::from_millis(100));
        }
        found
    })
    .await;
}
