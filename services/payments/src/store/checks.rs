//! What must be true of the tables at every moment, whatever happened before: of the ledger, and of payments of orders.

use kit_db::{Session, StoreError, sql};

/// A rule, and the statement that finds the rows by which it is broken, each by one text.
const RULES: [(&str, &str); 8] = [
    (
        "a ledger transaction sums to zero in each currency",
        "SELECT ledger_transaction_id FROM ledger_entries JOIN accounts ON accounts.id = account_id \
         GROUP BY ledger_transaction_id, currency HAVING SUM(amount_minor) <> 0",
    ),
    (
        "a ledger transaction has two entries at least",
        "SELECT id FROM ledger_transactions WHERE \
         (SELECT COUNT(*) FROM ledger_entries WHERE ledger_transaction_id = ledger_transactions.id) < 2",
    ),
    (
        "a payment is captured once at most, by one attempt",
        "SELECT id FROM payments WHERE captured_minor NOT IN (0, amount_minor) OR \
           (SELECT COUNT(*) FROM payment_attempts WHERE payment_id = payments.id AND status = 'succeeded') \
           <> (CASE WHEN captured_minor = 0 THEN 0 ELSE 1 END)",
    ),
    (
        "a payment that succeeded is captured",
        "SELECT id FROM payments WHERE status = 'succeeded' AND captured_minor = 0",
    ),
    (
        "no more is paid back than was captured",
        "SELECT id FROM payments WHERE refunding_minor > captured_minor OR refunded_minor > refunding_minor",
    ),
    (
        "what is paid back is the sum of the refunds",
        "SELECT id FROM payments WHERE \
           refunded_minor <> (SELECT COALESCE(SUM(amount_minor), 0) FROM payment_refunds \
                              WHERE payment_id = payments.id AND status = 'succeeded') OR \
           refunding_minor <> (SELECT COALESCE(SUM(amount_minor), 0) FROM payment_refunds \
                               WHERE payment_id = payments.id AND status <> 'failed')",
    ),
    (
        "what was captured and paid back is posted",
        "SELECT id FROM payments WHERE captured_minor - refunded_minor <> COALESCE(( \
           SELECT SUM(ledger_entries.amount_minor) FROM ledger_transactions \
           JOIN ledger_entries ON ledger_transaction_id = ledger_transactions.id \
           JOIN accounts ON accounts.id = account_id \
           WHERE accounts.kind = 'cash' AND accounts.currency = payments.currency AND ( \
             reference = payments.id OR reference IN ( \
               SELECT id FROM payment_refunds WHERE payment_id = payments.id))), 0)",
    ),
    (
        "a payment that can be paid has no attempt under way",
        "SELECT id FROM payments WHERE status = 'open' AND EXISTS (SELECT 1 FROM payment_attempts \
           WHERE payment_id = payments.id AND status IN ('created', 'dispatched', 'unknown'))",
    ),
];

/// The rules that are broken, each with a row that breaks it.
pub(crate) async fn list_broken_rules(
    on: &mut impl Session,
) -> Result<Vec<(&'static str, String)>, StoreError> {
    let mut broken = Vec::new();
    for (rule, statement) in RULES {
        for row in sql(statement).all(on).await? {
            broken.push((rule, row.get(0)?));
        }
    }
    Ok(broken)
}
