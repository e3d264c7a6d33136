//! How many of each SKU there are, and every change of it.

use catalog_api::MovementView;
use kit_db::{Row, Session, Statement, StoreError, Tx, sql};
use kit_values::Sku;

use crate::domain::{Delta, Stock, StockChange, StockSearch};

/// What a stock is read from: its row's own columns, and whose variant it is.
const COLUMNS: &str = "sku, on_hand, reserved, version, \
     (SELECT product_id FROM variants WHERE variants.sku_key = stock.sku_key) AS product_id";

/// Whether rows are held until the transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holding {
    Read,
    ForUpdate,
}

/// The stock of a SKU.
pub(crate) async fn find_stock(
    on: &mut impl Session,
    sku: &Sku,
    holding: Holding,
) -> Result<Option<Stock>, StoreError> {
    let statement = select("WHERE sku_key = $1").bind(sku.key());
    let found = match holding {
        Holding::Read => statement.optional(on).await?,
        Holding::ForUpdate => statement.for_update().optional(on).await?,
    };
    found.as_ref().map(stock).transpose()
}

/// At most `limit` of the SKUs that products offer, or of which something is left, by SKU, after the one given.
pub(crate) async fn list_stock(
    on: &mut impl Session,
    search: &StockSearch,
    after: Option<Sku>,
    limit: i64,
) -> Result<Vec<Stock>, StoreError> {
    let mut statement = select(
        "WHERE (on_hand > 0 OR EXISTS \
         (SELECT 1 FROM variants WHERE variants.sku_key = stock.sku_key AND is_offered = 1))",
    );
    if let Some(part) = &search.part {
        // Of the signs of a SKU, `_` alone means something to LIKE.
        let pattern = format!("%{}%", part.as_str().replace('_', "\\_"));
        statement = statement
            .push(" AND sku_key LIKE ")
            .push_bind(pattern)
            .push(" ESCAPE '\\'");
    }
    if let Some(below) = search.below {
        statement = statement.push(" AND on_hand - reserved < ").push_bind(below);
    }
    if let Some(after) = after {
        statement = statement.push(" AND sku_key > ").push_bind(after.key());
    }
    let rows = statement
        .push(" ORDER BY sku_key LIMIT ")
        .push_bind(limit)
        .all(on)
        .await?;
    rows.iter().map(stock).collect()
}

/// Writes a change and the stock after it. The caller holds the row.
pub(crate) async fn record_change(tx: &mut Tx, change: &StockChange) -> Result<(), StoreError> {
    let stock = &change.stock;
    sql("UPDATE stock SET on_hand = $2, reserved = $3, version = $4 WHERE sku_key = $1")
        .bind(stock.sku.key())
        .bind(stock.on_hand)
        .bind(stock.reserved)
        .bind(stock.version)
        .execute(tx)
        .await?;
    insert_movements(tx, std::slice::from_ref(change)).await
}

/// The stock of SKUs, by SKU, which is the order in which rows are held; one that there never was is left out.
pub(crate) async fn list_stock_of(
    on: &mut impl Session,
    skus: &[Sku],
    holding: Holding,
) -> Result<Vec<Stock>, StoreError> {
    let statement = select("WHERE sku_key IN ")
        .push_list(skus.iter().map(Sku::key))
        .push(" ORDER BY sku_key");
    let rows = match holding {
        Holding::Read => statement.all(on).await?,
        Holding::ForUpdate => statement.for_update().all(on).await?,
    };
    rows.iter().map(stock).collect()
}

/// Moves stock, if afterwards there is not less on hand than is reserved, and holds the row; the stock after it.
pub(crate) async fn move_stock(tx: &mut Tx, sku: &Sku, delta: Delta) -> Result<Option<Stock>, StoreError> {
    let moved = sql(
        "UPDATE stock SET on_hand = on_hand + $2, reserved = reserved + $3, version = version + 1 \
         WHERE sku_key = $1 AND reserved + $3 >= 0 AND on_hand + $2 >= reserved + $3 RETURNING ",
    )
    .push(COLUMNS)
    .bind(sku.key())
    .bind(delta.on_hand)
    .bind(delta.reserved)
    .optional(tx)
    .await?;
    moved.as_ref().map(stock).transpose()
}

/// Undoes a reservation that this transaction has made, as if it had never been: it is no movement.
pub(crate) async fn put_back(tx: &mut Tx, sku: &Sku, quantity: i64) -> Result<(), StoreError> {
    sql("UPDATE stock SET reserved = reserved - $2, version = version - 1 WHERE sku_key = $1")
        .bind(sku.key())
        .bind(quantity)
        .execute(tx)
        .await?;
    Ok(())
}

/// Adds rows for changes that were made.
pub(crate) async fn insert_movements(tx: &mut Tx, changes: &[StockChange]) -> Result<(), StoreError> {
    let statement = sql(
        "INSERT INTO stock_movements (sku_key, number, kind, on_hand_delta, reserved_delta, \
         on_hand, reserved, reason, user_id, order_id, at) VALUES ",
    )
    .push_rows(changes, |row, StockChange { stock, movement }| {
        row.bind(stock.sku.key())
            .bind(movement.number)
            .bind(movement.kind.as_str())
            .bind(movement.on_hand_delta)
            .bind(movement.reserved_delta)
            .bind(movement.on_hand)
            .bind(movement.reserved)
            .bind(movement.reason.as_deref())
            .bind(movement.user_id.map(|id| id.to_string()))
            .bind(movement.order_id.map(|id| id.to_string()))
            .bind(movement.at)
    });
    statement.execute(tx).await?;
    Ok(())
}

/// At most `limit` changes of a SKU's stock, the newest first, from before the number given.
pub(crate) async fn list_movements(
    on: &mut impl Session,
    sku: &Sku,
    before: i64,
    limit: i64,
) -> Result<Vec<MovementView>, StoreError> {
    let rows = sql(
        "SELECT number, kind, on_hand_delta, reserved_delta, on_hand, reserved, reason, user_id, order_id, at \
         FROM stock_movements WHERE sku_key = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
    )
    .bind(sku.key())
    .bind(before)
    .bind(limit)
    .all(on)
    .await?;
    let movement = |row: &kit_db::Row| {
        Ok(MovementView {
            number: row.get("number")?,
            kind: row.parse("kind")?,
            on_hand_delta: row.get("on_hand_delta")?,
            reserved_delta: row.get("reserved_delta")?,
            on_hand: row.get("on_hand")?,
            reserved: row.get("reserved")?,
            reason: row.get("reason")?,
            user_id: row.parse_optional("user_id")?,
            order_id: row.parse_optional("order_id")?,
            at: row.get("at")?,
        })
    };
    rows.iter().map(movement).collect()
}

fn select(rest: &'static str) -> Statement {
    sql("SELECT ").push(COLUMNS).push(" FROM stock ").push(rest)
}

fn stock(row: &Row) -> Result<Stock, StoreError> {
    Ok(Stock {
        sku: row.parse("sku")?,
        product_id: row.parse("product_id")?,
        on_hand: row.get("on_hand")?,
        reserved: row.get("reserved")?,
        version: row.get("version")?,
    })
}
