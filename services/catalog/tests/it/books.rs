//! What must be true of the tables at every moment, whatever happened before.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use kit_db::{Reader, sql};
use kit_testing::App;

/// Each gives the rows that must not be, beside what the service says itself: what counts events holds as long as they
/// are kept.
const MUST_NOT_BE: [(&str, &str); 3] = [
    (
        "each movement is told of once, by its key",
        "SELECT sku FROM stock WHERE version <> (SELECT COUNT(*) FROM outbox \
           WHERE type = 'stock.changed' AND key = stock.sku)",
    ),
    (
        "each status of a reservation is told of once, by its order",
        "SELECT order_id FROM reservations WHERE \
           (SELECT COUNT(*) FROM outbox WHERE key = order_id AND type <> 'stock.overdue') <> \
           CASE WHEN expires_at IS NULL THEN 0 WHEN status IN ('rejected', 'reserved') THEN 1 ELSE 2 END",
    ),
    (
        "the words of each product are kept",
        "SELECT slug FROM products WHERE 1 <> (SELECT COUNT(*) FROM product_words WHERE NUMBERED = products.number)",
    ),
];

/// Asserts all of it.
pub(crate) async fn are_in_order(app: &App) {
    for invariant in catalog::service().invariants {
        let broken = invariant.violations(&app.db).await.unwrap();
        assert_eq!(broken, [""; 0], "{}", invariant.rule);
    }
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
