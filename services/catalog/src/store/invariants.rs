//! What must hold of catalog's tables, whatever happened before.

use kit_service::{Fact, Invariant};

pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant {
        rule: "every variant has its stock, and nothing else has",
        violations: "SELECT sku FROM variants WHERE sku_key NOT IN (SELECT sku_key FROM stock) \
         UNION ALL SELECT sku FROM stock WHERE sku_key NOT IN (SELECT sku_key FROM variants)",
    },
    Invariant {
        rule: "counters are the sums of the movements",
        violations: "SELECT sku FROM stock WHERE \
           on_hand <> COALESCE((SELECT SUM(on_hand_delta) FROM stock_movements WHERE sku_key = stock.sku_key), 0) OR \
           reserved <> COALESCE((SELECT SUM(reserved_delta) FROM stock_movements WHERE sku_key = stock.sku_key), 0)",
    },
    Invariant {
        rule: "movements are numbered without gaps",
        violations: "SELECT sku FROM stock WHERE \
           version <> (SELECT COUNT(*) FROM stock_movements WHERE sku_key = stock.sku_key) OR \
           version <> COALESCE((SELECT MAX(number) FROM stock_movements WHERE sku_key = stock.sku_key), 0)",
    },
    Invariant {
        rule: "a movement begins where the one before it ended",
        violations: "SELECT later.sku_key FROM stock_movements later JOIN stock_movements earlier \
           ON earlier.sku_key = later.sku_key AND earlier.number = later.number - 1 \
         WHERE later.on_hand <> earlier.on_hand + later.on_hand_delta \
            OR later.reserved <> earlier.reserved + later.reserved_delta OR later.at < earlier.at",
    },
    Invariant {
        rule: "what is reserved is what reservations hold",
        violations: "SELECT sku FROM stock WHERE reserved <> COALESCE((SELECT SUM(quantity) FROM reservation_items \
           JOIN reservations ON reservations.order_id = reservation_items.order_id \
           WHERE status = 'reserved' AND reservation_items.sku_key = stock.sku_key), 0)",
    },
    Invariant {
        rule: "each status of a reservation has its movements, and no others",
        violations: "SELECT reservations.order_id FROM reservations JOIN reservation_items \
           ON reservation_items.order_id = reservations.order_id \
         WHERE (SELECT COUNT(*) FROM stock_movements WHERE order_id = reservations.order_id \
                AND sku_key = reservation_items.sku_key) <> \
           CASE status WHEN 'rejected' THEN 0 WHEN 'reserved' THEN 1 WHEN 'restocked' THEN 3 ELSE 2 END",
    },
    Invariant {
        rule: "a product's price is that of its cheapest variant",
        violations: "SELECT slug FROM products WHERE price_minor <> (SELECT MIN(price_minor) FROM variants \
           WHERE product_id = products.id AND is_offered = 1)",
    },
];

pub(crate) const FACTS: &[Fact] = &[Fact {
    name: "what is held or was taken for an order",
    rows: "SELECT order_id, status FROM reservations WHERE status IN ('reserved', 'committed')",
}];
