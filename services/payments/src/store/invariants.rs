//! What must hold of the tables of payments, whatever happened before; and what others know too.

use kit_service::{Fact, Invariant};

pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant {
        rule: "each transaction is posted, with its amount and to its user",
        violations: "SELECT transactions.id FROM transactions WHERE NOT EXISTS ( \
           SELECT 1 FROM ledger_transactions JOIN ledger_entries ON ledger_transaction_id = ledger_transactions.id \
           JOIN accounts ON accounts.id = account_id \
           WHERE reference = transactions.id AND ledger_transactions.kind = 'transaction_created' \
             AND accounts.kind = 'receivable' AND accounts.user_id = transactions.user_id \
             AND ledger_entries.amount_minor = transactions.amount_minor)",
    },
    Invariant {
        rule: "each payment is posted, with the sum of what it paid",
        violations: "SELECT settlement_id FROM transactions WHERE settlement_id IS NOT NULL GROUP BY settlement_id, user_id \
         HAVING SUM(amount_minor) <> COALESCE(( \
           SELECT SUM(-ledger_entries.amount_minor) FROM ledger_transactions \
           JOIN ledger_entries ON ledger_transaction_id = ledger_transactions.id \
           JOIN accounts ON accounts.id = account_id \
           WHERE reference = settlement_id AND ledger_transactions.kind = 'transactions_paid' \
             AND accounts.kind = 'receivable' AND accounts.user_id = transactions.user_id), 0)",
    },
    Invariant {
        rule: "nothing is posted that did not happen",
        violations: "SELECT id FROM ledger_transactions WHERE reference NOT IN (SELECT id FROM transactions) \
         AND reference NOT IN (SELECT settlement_id FROM transactions WHERE settlement_id IS NOT NULL) \
         AND reference NOT IN (SELECT id FROM payments WHERE captured_minor > 0) \
         AND reference NOT IN (SELECT id FROM payment_refunds WHERE status = 'succeeded') \
         AND reference NOT IN (SELECT payment_id || '-' || number FROM held_charges) \
         AND reference NOT IN (SELECT refund_id FROM held_charges WHERE status = 'returned')",
    },
    Invariant {
        rule: "the provider charged a payment once at most, but for what is held",
        violations: "SELECT payment_id FROM payment_attempts JOIN sandbox_charges ON key = payment_id || '-' || number \
         WHERE sandbox_charges.status = 'succeeded' AND NOT EXISTS (SELECT 1 FROM held_charges \
           WHERE held_charges.payment_id = payment_attempts.payment_id AND held_charges.number = payment_attempts.number) \
         GROUP BY payment_id HAVING COUNT(*) > 1",
    },
    Invariant {
        rule: "what a user has made and owes is what their transactions say",
        violations: "SELECT spending.user_id FROM spending WHERE \
           created_minor <> (SELECT SUM(amount_minor) FROM transactions WHERE user_id = spending.user_id) OR \
           spending.transactions <> (SELECT MAX(number) FROM transactions WHERE user_id = spending.user_id) OR \
           spending.transactions <> (SELECT COUNT(*) FROM transactions WHERE user_id = spending.user_id) OR \
           unpaid_minor <> (SELECT COALESCE(SUM(amount_minor), 0) FROM transactions \
                            WHERE user_id = spending.user_id AND status = 'pending')",
    },
    Invariant {
        rule: "what a user owes stands on their account",
        violations: "SELECT user_id FROM spending WHERE unpaid_minor <> COALESCE(( \
           SELECT SUM(amount_minor) FROM ledger_entries JOIN accounts ON accounts.id = account_id \
           WHERE accounts.kind = 'receivable' AND accounts.user_id = spending.user_id), 0)",
    },
    Invariant {
        rule: "a user's times are in the order of their numbers",
        violations: "SELECT later.id FROM transactions later JOIN transactions earlier \
           ON earlier.user_id = later.user_id AND earlier.number < later.number \
         WHERE earlier.created_at > later.created_at",
    },
    Invariant {
        rule: "a ledger transaction sums to zero in each currency",
        violations: "SELECT ledger_transaction_id FROM ledger_entries JOIN accounts ON accounts.id = account_id \
         GROUP BY ledger_transaction_id, currency HAVING SUM(amount_minor) <> 0",
    },
    Invariant {
        rule: "a ledger transaction has two entries at least",
        violations: "SELECT id FROM ledger_transactions WHERE \
         (SELECT COUNT(*) FROM ledger_entries WHERE ledger_transaction_id = ledger_transactions.id) < 2",
    },
    Invariant {
        rule: "a payment is captured once at most, by one attempt",
        violations: "SELECT id FROM payments WHERE captured_minor NOT IN (0, amount_minor) OR \
           (SELECT COUNT(*) FROM payment_attempts WHERE payment_id = payments.id AND status = 'succeeded') \
           <> (CASE WHEN captured_minor = 0 THEN 0 ELSE 1 END)",
    },
    Invariant {
        rule: "a payment that succeeded is captured",
        violations: "SELECT id FROM payments WHERE status = 'succeeded' AND captured_minor = 0",
    },
    Invariant {
        rule: "no more is paid back than was captured",
        violations: "SELECT id FROM payments WHERE refunding_minor > captured_minor OR refunded_minor > refunding_minor",
    },
    Invariant {
        rule: "what is paid back is the sum of the refunds",
        violations: "SELECT id FROM payments WHERE \
           refunded_minor <> (SELECT COALESCE(SUM(amount_minor), 0) FROM payment_refunds \
                              WHERE payment_id = payments.id AND status = 'succeeded') OR \
           refunding_minor <> (SELECT COALESCE(SUM(amount_minor), 0) FROM payment_refunds \
                               WHERE payment_id = payments.id AND status <> 'failed')",
    },
    Invariant {
        rule: "what was captured and paid back is posted",
        violations: "SELECT id FROM payments WHERE captured_minor - refunded_minor <> COALESCE(( \
           SELECT SUM(ledger_entries.amount_minor) FROM ledger_transactions \
           JOIN ledger_entries ON ledger_transaction_id = ledger_transactions.id \
           JOIN accounts ON accounts.id = account_id \
           WHERE accounts.kind = 'cash' AND accounts.currency = payments.currency AND ( \
             reference = payments.id OR reference IN ( \
               SELECT id FROM payment_refunds WHERE payment_id = payments.id))), 0)",
    },
    Invariant {
        rule: "what is held of a provider's money is posted, and what is paid back is not any more",
        violations: "SELECT payment_id FROM held_charges WHERE \
           (CASE status WHEN 'returned' THEN 0 ELSE amount_minor END) <> COALESCE(( \
             SELECT SUM(-ledger_entries.amount_minor) FROM ledger_transactions \
             JOIN ledger_entries ON ledger_transaction_id = ledger_transactions.id \
             JOIN accounts ON accounts.id = account_id \
             WHERE accounts.kind = 'held' AND accounts.currency = held_charges.currency AND ( \
               reference = payment_id || '-' || number OR reference = refund_id)), 0)",
    },
    Invariant {
        rule: "a payment that can be paid has no attempt under way",
        violations: "SELECT id FROM payments WHERE status = 'open' AND EXISTS (SELECT 1 FROM payment_attempts \
           WHERE payment_id = payments.id AND status IN ('created', 'dispatched', 'unknown'))",
    },
];

pub(crate) const FACTS: &[Fact] = &[
    Fact {
        name: "what was paid for an order and not paid back",
        rows: "SELECT payable, CAST(captured_minor - refunded_minor AS TEXT) || ' ' || currency FROM payments \
               WHERE refunded_minor < captured_minor AND payable LIKE 'ord%'",
    },
    Fact {
        name: "the payment of an order that can be paid or is",
        rows: "SELECT payable, payments.id FROM payments JOIN payables ON payables.id = payable \
               WHERE payable LIKE 'ord%' AND cancelled = 0 AND status IN ('open', 'processing', 'succeeded')",
    },
    Fact {
        name: "invoices paid",
        rows: "SELECT payable, CAST(captured_minor AS TEXT) || ' ' || currency FROM payments \
               JOIN payables ON payables.id = payable \
               WHERE payable LIKE 'inv%' AND cancelled = 0 AND status = 'succeeded'",
    },
    Fact {
        name: "what a user's transactions come to",
        rows: "SELECT user_id, CAST(COUNT(*) AS TEXT) || ' made, ' || CAST(SUM(amount_minor) AS TEXT) || ' minor, ' \
                 || CAST(SUM(CASE status WHEN 'paid' THEN 1 ELSE 0 END) AS TEXT) || ' paid' \
               FROM transactions GROUP BY user_id",
    },
];
