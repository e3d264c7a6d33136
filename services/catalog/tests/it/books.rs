//! What must be true of the tables at every moment, whatever happened before.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use kit_db::{Reader, sql};
use kit_testing::App;

/// Each gives the rows that must not be.
const MUST_NOT_BE: [(&str, &str); 10] = [
    (
        "every variant has its stock, and nothing else has",
        "SELECT sku FROM variants WHERE sku_key NOT IN (SELECT sku_key FROM stock) \
         UNION ALL SELECT sku FROM stock WHERE sku_key NOT IN (SELECT sku_key FROM variants)",
    ),
    (
        "counters are the sums of the movements",
        "SELECT sku FROM stock WHERE \
           on_hand <> COALESCE((SELECT SUM(on_hand_delta) FROM stock_movements WHERE sku_key = stock.sku_key), 0) OR \
           reserved <> COALESCE((SELECT SUM(reserved_delta) FROM stock_movements WHERE sku_key = stock.sku_key), 0)",
    ),
    (
        "movements are numbered without gaps",
        "SELECT sku FROM stock WHERE \
           version <> (SELECT COUNT(*) FROM stock_movements WHERE sku_key = stock.sku_key) OR \
           version <> COALESCE((SELECT MAX(number) FROM stock_movements WHERE sku_key = stock.sku_key), 0)",
    ),
    (
        "a movement begins where the one before it ended",
        "SELECT later.sku_key FROM stock_movements later JOIN stock_movements earlier \
           ON earlier.sku_key = later.sku_key AND earlier.number = later.number - 1 \
         WHERE later.on_hand <> earlier.on_hand + later.on_hand_delta \
            OR later.reserved <> earlier.reserved + later.reserved_delta OR later.at < earlier.at",
    ),
    (
        "each movement is told of once, by its key",
        "SELECT sku FROM stock WHERE version <> (SELECT COUNT(*) FROM outbox \
           WHERE type = 'stock.changed' AND key = stock.sku)",
    ),
    (
        "what is reserved is what reservations hold",
        "SELECT sku FROM stock WHERE reserved <> COALESCE((SELECT SUM(quantity) FROM reservation_items \
           JOIN reservations ON reservations.order_id = reservation_items.order_id \
           WHERE status = 'reserved' AND reservation_items.sku_key = stock.sku_key), 0)",
    ),
    (
        "each status of a reservation has its movements, and no others",
        "SELECT reservations.order_id FROM reservations JOIN reservation_items \
           ON reservation_items.order_id = reservations.order_id \
         WHERE (SELECT COUNT(*) FROM stock_movements WHERE order_id = reservations.order_id \
                AND sku_key = reservation_items.sku_key) <> \
           CASE status WHEN 'rejected' THEN 0 WHEN 'reserved' THEN 1 WHEN 'restocked' THEN 3 ELSE 2 END",
    ),
    (
        "each status of a reservation is told of once, by its order",
        "SELECT order_id FROM reservations WHERE \
           (SELECT COUNT(*) FROM outbox WHERE key = order_id) <> \
           CASE WHEN expires_at IS NULL THEN 0 WHEN status IN ('rejected', 'reserved') THEN 1 ELSE 2 END",
    ),
    (
        "a product's price is that of its cheapest variant",
        "SELECT slug FROM products WHERE price_minor <> (SELECT MIN(price_minor) FROM variants \
           WHERE product_id = products.id AND is_offered = 1)",
    ),
    (
        "the words of each product are kept",
        "SELECT slug FROM products WHERE 1 <> (SELECT COUNT(*) FROM product_words WHERE NUMBERED = products.number)",
    ),
];

/// Asserts all of it.
pub(crate) async fn are_in_order(app: &App) {
    let is_sqlite = app.db.dialect() == kit_db::Dialect::Sqlite;
    for (rule, query) in MUST_NOT_BE {
        // FTS5 calls it so.
        let column = if is_sqlite {
            "product_words.rowid"
        } else {
            "product_words.number"
        };
        let (before, after) = query.split_once("NUMBERED").unwrap_or((query, ""));
        let broken = app.db.read(async move |reader: &mut Reader| {
            let column = if after.is_empty() { "" } else { column };
            sql(before).push(column).push(after).all(reader).await
        });
        let broken: Vec<_> = broken
            .await
            .unwrap()
            .iter()
            .map(|row| row.get::<String>(0).unwrap())
            .collect();
        assert_eq!(broken, [""; 0], "{rule}");
    }
}
