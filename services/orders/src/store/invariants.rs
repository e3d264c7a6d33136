//! What must hold of the tables of orders, whatever happened before; and what others know too.

use kit_service::{Fact, Invariant};

pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant {
        rule: "orders are numbered without gaps",
        violations: "SELECT id FROM orders WHERE number IS NULL OR number > 10000 + (SELECT COUNT(*) FROM orders) OR number <= 10000 \
         UNION ALL SELECT 'the counter' FROM order_numbers WHERE last <> 10000 + (SELECT COUNT(*) FROM orders)",
    },
    Invariant {
        rule: "a total is the sum of the order's items",
        violations: "SELECT id FROM orders WHERE total_minor <> \
           (SELECT SUM(quantity * unit_price_minor) FROM order_items WHERE order_id = orders.id)",
    },
    Invariant {
        rule: "versions have no gaps",
        violations: "SELECT id FROM orders WHERE version <> (SELECT COUNT(*) FROM order_history WHERE order_id = orders.id) \
           OR version <> (SELECT MAX(version) FROM order_history WHERE order_id = orders.id)",
    },
    Invariant {
        rule: "the newest row of its history says what an order says",
        violations: "SELECT orders.id FROM orders JOIN order_history ON order_id = orders.id \
           AND order_history.version = orders.version WHERE order_history.status <> orders.status",
    },
    Invariant {
        rule: "a history is a path of the legal graph, and goes forward",
        violations: "SELECT later.order_id FROM order_history later JOIN order_history earlier \
           ON earlier.order_id = later.order_id AND earlier.version = later.version - 1 \
         WHERE later.at < earlier.at OR earlier.status || '>' || later.status NOT IN ( \
           'pending>confirmed', 'pending>rejected', 'pending>cancelled', 'confirmed>paid', 'confirmed>cancelled', \
           'paid>shipped', 'paid>cancelled', 'paid>paid', 'paid>refunded', 'shipped>delivered', 'shipped>shipped', \
           'shipped>refunded', 'delivered>delivered', 'delivered>refunded', 'cancelled>cancelled')",
    },
    Invariant {
        rule: "it begins with the order",
        violations: "SELECT order_id FROM order_history WHERE version = 1 AND status <> 'pending'",
    },
    Invariant {
        rule: "what was paid back is the sum of the refunds that succeeded",
        violations: "SELECT id FROM orders WHERE refunded_minor <> COALESCE((SELECT SUM(amount_minor) FROM refunds \
           WHERE order_id = orders.id AND status = 'succeeded'), 0) \
         OR refunded_minor <> COALESCE((SELECT SUM(refunded_minor) FROM order_history \
           WHERE order_id = orders.id), 0)",
    },
    Invariant {
        rule: "refunds that were asked for here and are done or under way come to no more than the order",
        violations: "SELECT id FROM orders WHERE status <> 'cancelled' AND total_minor < COALESCE((SELECT SUM(amount_minor) \
           FROM refunds WHERE order_id = orders.id AND status <> 'failed' AND actor <> 'payments'), 0)",
    },
    Invariant {
        rule: "no item is refunded twice",
        violations: "SELECT order_items.order_id FROM order_items WHERE quantity < COALESCE((SELECT SUM(refund_items.quantity) \
           FROM refund_items JOIN refunds ON refunds.id = refund_id WHERE refunds.order_id = order_items.order_id \
           AND refund_items.sku_key = order_items.sku_key AND status <> 'failed'), 0)",
    },
    Invariant {
        rule: "an order that was answered to a key is there",
        violations: "SELECT key FROM idempotency_keys WHERE scope LIKE '%:create_order' AND status = 201 \
           AND SUBSTR(body, 8, 40) NOT IN (SELECT id FROM orders)",
    },
    Invariant {
        rule: "something is to be done for an order as long as it waits for others, and then no more",
        violations: "SELECT id FROM orders WHERE (SELECT COUNT(*) FROM order_steps WHERE order_id = orders.id \
           AND step IN ('await_stock', 'open_payment', 'await_payment')) <> \
           CASE WHEN status IN ('pending', 'confirmed') THEN 1 ELSE 0 END",
    },
    Invariant {
        rule: "a guest's order counts as long as it waits to be paid, and only then",
        violations: "SELECT order_id FROM unpaid_guest_orders JOIN orders ON orders.id = order_id \
           WHERE status NOT IN ('pending', 'confirmed') \
         UNION SELECT guest_orders.order_id FROM guest_orders JOIN orders ON orders.id = guest_orders.order_id \
           WHERE status IN ('pending', 'confirmed') AND NOT EXISTS \
           (SELECT 1 FROM unpaid_guest_orders WHERE unpaid_guest_orders.order_id = guest_orders.order_id)",
    },
    Invariant {
        rule: "it is counted how many orders of a guest wait to be paid",
        violations: "SELECT subject FROM unpaid_guest_counts WHERE unpaid <> (SELECT COUNT(*) FROM unpaid_guest_orders \
           WHERE unpaid_guest_orders.subject = unpaid_guest_counts.subject) \
         UNION SELECT subject FROM unpaid_guest_orders WHERE NOT EXISTS (SELECT 1 FROM unpaid_guest_counts \
           WHERE unpaid_guest_counts.subject = unpaid_guest_orders.subject)",
    },
    Invariant {
        rule: "an order is somebody's, or its guest is known until that is forgotten with the guest's address",
        violations: "SELECT id FROM orders WHERE user_id IS NULL AND email IS NOT NULL \
           AND NOT EXISTS (SELECT 1 FROM guest_orders WHERE order_id = orders.id)",
    },
];

pub(crate) const FACTS: &[Fact] = &[
    Fact {
        name: "what is held or was taken for an order",
        rows: "SELECT id, CASE status WHEN 'confirmed' THEN 'reserved' ELSE 'committed' END FROM orders \
               WHERE status IN ('confirmed', 'paid', 'shipped', 'delivered', 'refunded')",
    },
    Fact {
        name: "what was paid for an order and not paid back",
        rows: "SELECT id, CAST(total_minor - refunded_minor AS TEXT) || ' ' || currency FROM orders \
               WHERE status IN ('paid', 'shipped', 'delivered', 'refunded') AND refunded_minor < total_minor",
    },
    Fact {
        name: "the payment of an order that can be paid or is",
        rows: "SELECT id, payment_id FROM orders \
               WHERE status IN ('confirmed', 'paid', 'shipped', 'delivered', 'refunded')",
    },
    Fact {
        name: "how much has happened to an order",
        rows: "SELECT id, CAST(version AS TEXT) FROM orders",
    },
    Fact {
        name: "what orders came to, by currency",
        rows: "SELECT currency, CAST(SUM(total_minor - refunded_minor) AS TEXT) FROM orders \
               WHERE status IN ('paid', 'shipped', 'delivered', 'refunded') \
               GROUP BY currency HAVING SUM(total_minor - refunded_minor) <> 0",
    },
];
