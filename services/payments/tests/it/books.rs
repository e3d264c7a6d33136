//! What must be true of the tables at every moment, whatever happened before.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use kit_db::{Reader, sql};
use kit_testing::App;

/// Each gives the rows that must not be.
const MUST_NOT_BE: [(&str, &str); 9] = [
    (
        "each transaction is posted, with its amount and to its user",
        "SELECT transactions.id FROM transactions WHERE NOT EXISTS ( \
           SELECT 1 FROM ledger_transactions JOIN ledger_entries ON ledger_transaction_id = ledger_transactions.id \
           JOIN accounts ON accounts.id = account_id \
           WHERE reference = transactions.id AND ledger_transactions.kind = 'transaction_created' \
             AND accounts.kind = 'receivable' AND accounts.user_id = transactions.user_id \
             AND ledger_entries.amount_minor = transactions.amount_minor)",
    ),
    (
        "each payment is posted, with the sum of what it paid",
        "SELECT settlement_id FROM transactions WHERE settlement_id IS NOT NULL GROUP BY settlement_id, user_id \
         HAVING SUM(amount_minor) <> COALESCE(( \
           SELECT SUM(-ledger_entries.amount_minor) FROM ledger_transactions \
           JOIN ledger_entries ON ledger_transaction_id = ledger_transactions.id \
           JOIN accounts ON accounts.id = account_id \
           WHERE reference = settlement_id AND ledger_transactions.kind = 'transactions_paid' \
             AND accounts.kind = 'receivable' AND accounts.user_id = transactions.user_id), 0)",
    ),
    (
        "nothing is posted that did not happen",
        "SELECT id FROM ledger_transactions WHERE reference NOT IN (SELECT id FROM transactions) \
         AND reference NOT IN (SELECT settlement_id FROM transactions WHERE settlement_id IS NOT NULL) \
         AND reference NOT IN (SELECT id FROM payments WHERE captured_minor > 0) \
         AND reference NOT IN (SELECT id FROM payment_refunds WHERE status = 'succeeded')",
    ),
    (
        "the provider charged a payment once at most",
        "SELECT payment_id FROM payment_attempts JOIN sandbox_charges ON key = payment_id || '-' || number \
         WHERE sandbox_charges.status = 'succeeded' GROUP BY payment_id HAVING COUNT(*) > 1",
    ),
    (
        "a payment has as many events as its version says",
        "SELECT id FROM payments WHERE version <> (SELECT COUNT(*) FROM outbox \
           WHERE topic = 'payments' AND key = payments.id)",
    ),
    (
        "what a user has made and owes is what their transactions say",
        "SELECT spending.user_id FROM spending WHERE \
           created_minor <> (SELECT SUM(amount_minor) FROM transactions WHERE user_id = spending.user_id) OR \
           spending.transactions <> (SELECT MAX(number) FROM transactions WHERE user_id = spending.user_id) OR \
           spending.transactions <> (SELECT COUNT(*) FROM transactions WHERE user_id = spending.user_id) OR \
           unpaid_minor <> (SELECT COALESCE(SUM(amount_minor), 0) FROM transactions \
                            WHERE user_id = spending.user_id AND status = 'pending')",
    ),
    (
        "what a user owes stands on their account",
        "SELECT user_id FROM spending WHERE unpaid_minor <> COALESCE(( \
           SELECT SUM(amount_minor) FROM ledger_entries JOIN accounts ON accounts.id = account_id \
           WHERE accounts.kind = 'receivable' AND accounts.user_id = spending.user_id), 0)",
    ),
    (
        "each transaction is told of",
        "SELECT id FROM transactions WHERE 1 <> (SELECT COUNT(*) FROM outbox \
           WHERE type = 'transaction.created' AND key = user_id AND payload LIKE '%' || id || '%')",
    ),
    (
        "a user's times are in the order of their numbers",
        "SELECT later.id FROM transactions later JOIN transactions earlier \
           ON earlier.user_id = later.user_id AND earlier.number < later.number \
         WHERE earlier.created_at > later.created_at",
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

/// Asserts all of it.
pub(crate) async fn are_in_order(app: &App) {
    assert_eq!(payments::verify(&app.db).await.unwrap(), []);
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
