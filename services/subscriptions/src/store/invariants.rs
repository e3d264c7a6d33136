//! What must hold of the tables of subscriptions, whatever happened before; and what others know too.

use kit_service::{Fact, Invariant};

pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant {
        rule: "invoices are numbered without gaps",
        violations: "SELECT id FROM invoices WHERE number IS NULL OR number > (SELECT COUNT(*) FROM invoices) OR number < 1 \
         UNION ALL SELECT 'the counter' FROM invoice_numbers WHERE last <> (SELECT COUNT(*) FROM invoices)",
    },
    Invariant {
        rule: "an invoice has lines, and comes to their sum",
        violations: "SELECT id FROM invoices WHERE total_minor <> COALESCE( \
           (SELECT SUM(amount_minor) FROM invoice_lines WHERE invoice_id = invoices.id), 0)",
    },
    Invariant {
        rule: "what is paid says when, and nothing else does",
        violations: "SELECT id FROM invoices WHERE (status = 'paid') <> (paid_at IS NOT NULL) \
           OR (status <> 'paid' AND is_given_back = 1)",
    },
    Invariant {
        rule: "a user has one subscription that lives at an adapter",
        violations: "SELECT user_id FROM subscriptions WHERE status IN ('incomplete', 'active', 'past_due') \
         GROUP BY user_id, adapter HAVING COUNT(*) > 1",
    },
    Invariant {
        rule: "a subscription owes what its open invoice says",
        violations: "SELECT id FROM subscriptions WHERE COALESCE(open_invoice_id, '') <> COALESCE( \
           (SELECT invoices.id FROM invoices WHERE subscription_id = subscriptions.id AND invoices.status = 'open'), '')",
    },
    Invariant {
        rule: "as many periods are paid as invoices",
        violations: "SELECT id FROM subscriptions WHERE paid_periods <> \
           (SELECT COUNT(*) FROM invoices WHERE subscription_id = subscriptions.id AND invoices.status = 'paid')",
    },
    Invariant {
        rule: "a subscription that is over owes nothing, and says when and why it ended",
        violations: "SELECT id FROM subscriptions WHERE (status IN ('cancelled', 'expired')) <> (ended_at IS NOT NULL) \
           OR (ended_at IS NULL) <> (end_reason IS NULL) OR (ended_at IS NOT NULL AND open_invoice_id IS NOT NULL)",
    },
    Invariant {
        rule: "a service is wanted as its money says, and only of who has paid",
        violations: "SELECT id FROM subscriptions WHERE (anchor IS NULL) <> (wanted = 'nothing') \
           OR (anchor IS NULL) <> (paid_periods = 0) OR (anchor IS NULL AND resource <> 'absent') \
           OR (anchor IS NOT NULL AND resource = 'absent') OR (status = 'active' AND wanted <> 'running') \
           OR (status IN ('cancelled', 'expired') AND wanted = 'running')",
    },
    Invariant {
        rule: "a service that is not what is wanted of it is worked at",
        violations: "SELECT id FROM subscriptions WHERE NOT (resource IN ('absent', 'failed', 'gone') \
           OR (resource = 'active' AND wanted = 'running') OR (resource = 'suspended' AND wanted = 'suspended')) \
         AND NOT EXISTS (SELECT 1 FROM subscription_steps WHERE subscription_id = subscriptions.id AND step = 'resource')",
    },
    Invariant {
        rule: "something happens by itself to a subscription that lives, or whose service is kept",
        violations: "SELECT id FROM subscriptions WHERE (status IN ('incomplete', 'active', 'past_due') \
           OR wanted = 'suspended') <> EXISTS (SELECT 1 FROM subscription_steps \
             WHERE subscription_id = subscriptions.id AND step = 'timer')",
    },
    Invariant {
        rule: "what nobody could use is given back, and nothing else is",
        violations: "SELECT invoices.id FROM invoices JOIN subscriptions ON subscriptions.id = subscription_id \
         WHERE invoices.status = 'paid' \
           AND (resource IN ('failing', 'failed') AND is_given_back = 0 \
             OR resource NOT IN ('failing', 'failed', 'gone') AND is_given_back = 1)",
    },
];

pub(crate) const FACTS: &[Fact] = &[
    Fact {
        name: "services provisioned by storage",
        rows: "SELECT id, resource FROM subscriptions WHERE adapter = 's3' AND resource IN ('active', 'suspended')",
    },
    Fact {
        name: "services provisioned by queues",
        rows: "SELECT id, resource FROM subscriptions WHERE adapter = 'queues' AND resource IN ('active', 'suspended')",
    },
    Fact {
        name: "invoices paid",
        rows: "SELECT id, CAST(total_minor AS TEXT) || ' ' || currency FROM invoices \
               WHERE status = 'paid' AND is_given_back = 0",
    },
];
