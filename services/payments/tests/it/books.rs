//! What must be true of the tables at every moment, whatever happened before.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use kit_db::{Reader, sql};
use kit_testing::App;

/// Each gives the rows that must not be, beside what the service says itself: what counts events holds as long as they
/// are kept.
const MUST_NOT_BE: [(&str, &str); 2] = [
    (
        "a payment has as many events as its version says",
        "SELECT id FROM payments WHERE version <> (SELECT COUNT(*) FROM outbox \
           WHERE topic = 'payments' AND key = payments.id)",
    ),
    (
        "each transaction is told of",
        "SELECT id FROM transactions WHERE 1 <> (SELECT COUNT(*) FROM outbox \
           WHERE type = 'transaction.created' AND key = user_id AND payload LIKE '%' || id || '%')",
    ),
];

const CREATED: &str = "SELECT position FROM outbox WHERE type = 'transaction.created'";
const PAID: &str = "SELECT position FROM outbox WHERE type = 'transaction.paid'";
const SETTLEMENTS: &str = "SELECT DISTINCT settlement_id FROM transactions WHERE settlement_id IS NOT NULL";

/// And once nothing is under way any more.
const MUST_NOT_STAY: [(&str, &str); 3] = [
    (
        "every refund has ended",
        "SELECT id FROM payment_refunds WHERE status = 'pending'",
    ),
    (
        "no attempt is under way",
        "SELECT payment_id FROM payment_attempts WHERE status IN ('created', 'dispatched', 'unknown')",
    ),
    (
        "the provider has what we think it has",
        "SELECT id FROM payments WHERE captured_minor - refunded_minor <> COALESCE(( \
           SELECT SUM(sandbox_charges.amount_minor - sandbox_charges.refunded_minor) FROM payment_attempts \
           JOIN sandbox_charges ON key = payment_id || '-' || number \
           WHERE payment_id = payments.id AND sandbox_charges.status = 'succeeded'), 0)",
    ),
];

/// Asserts that nothing is under way, and the provider agrees with us.
pub(crate) async fn are_settled(app: &App) {
    none_are(app, &MUST_NOT_STAY).await;
}

async fn none_are(app: &App, rules: &[(&str, &'static str)]) {
    for (rule, query) in rules {
        let query = *query;
        let broken = app
            .db
            .read(async move |reader: &mut Reader| sql(query).all(reader).await);
        let broken: Vec<_> = broken
            .await
            .unwrap()
            .iter()
            .map(|row| row.get::<String>(0).unwrap())
            .collect();
        assert_eq!(broken, [""; 0], "{rule}");
    }
}

/// What of what the service says itself is broken, and the rows that break it.
pub(crate) async fn broken_rules(app: &App) -> Vec<(&'static str, String)> {
    let mut broken = Vec::new();
    for invariant in payments::service().invariants {
        let rows = invariant.violations(&app.db).await.unwrap();
        broken.extend(rows.into_iter().map(|row| (invariant.rule, row)));
    }
    broken
}

/// Asserts all of it.
pub(crate) async fn are_in_order(app: &App) {
    assert_eq!(broken_rules(app).await, []);
    none_are(app, &MUST_NOT_BE).await;
    let transactions = app.count(crate::app::TRANSACTIONS).await;
    assert_eq!(
        app.count(CREATED).await,
        transactions,
        "an event each, and no other"
    );
    assert_eq!(
        app.count(PAID).await,
        app.count(SETTLEMENTS).await,
        "an event for each payment that paid something, and no other"
    );
}
