//! Carts and their lines.

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use kit_values::{Money, Quantity};

use crate::domain::{Owner, StoredCart, StoredLine};

/// Somebody's cart with its lines, in one statement.
pub(crate) async fn find_cart(
    on: &mut impl Session,
    owner: &Owner,
) -> Result<Option<StoredCart>, StoreError> {
    let rows = sql(
        "SELECT version, sku, product_id, name, quantity, price_minor, currency, added_version \
         FROM carts LEFT JOIN cart_lines ON cart_lines.owner = carts.owner \
         WHERE carts.owner = $1 ORDER BY added_version, sku_key",
    )
    .bind(owner.to_string())
    .all(on)
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    // A cart without lines is one row without a line.
    let is_empty = first.get::<Option<String>>("sku")?.is_none();
    let lines = if is_empty { &[] } else { &rows[..] };
    Ok(Some(StoredCart {
        version: first.get("version")?,
        lines: lines.iter().map(line).collect::<Result<_, _>>()?,
    }))
}

fn line(row: &Row) -> Result<StoredLine, StoreError> {
    Ok(StoredLine {
        sku: row.parse("sku")?,
        product_id: row.parse("product_id")?,
        name: row.get("name")?,
        quantity: Quantity::clamped(row.get("quantity")?),
        price: Money {
            amount_minor: row.get("price_minor")?,
            currency: row.parse("currency")?,
        },
        added_version: row.get("added_version")?,
    })
}

/// As [`find_cart`], held until the transaction ends.
pub(crate) async fn find_cart_for_update(
    tx: &mut Tx,
    owner: &Owner,
) -> Result<Option<StoredCart>, StoreError> {
    let held = sql("SELECT version FROM carts WHERE owner = $1")
        .bind(owner.to_string())
        .for_update()
        .optional(tx)
        .await?;
    match held {
        // A statement of its own, after the row is held: what others have committed until then is in it.
        Some(_) => find_cart(tx, owner).await,
        None => Ok(None),
    }
}

/// Makes a cart in which nothing is, unless there is one; the cart, held until the transaction ends.
pub(crate) async fn find_or_insert_cart(
    tx: &mut Tx,
    owner: &Owner,
    now: Timestamp,
) -> Result<StoredCart, StoreError> {
    // The update changes nothing, and holds a row that is there already.
    sql(
        "INSERT INTO carts (owner, is_guest, version, updated_at) VALUES ($1, $2, 0, $3) \
         ON CONFLICT (owner) DO UPDATE SET is_guest = excluded.is_guest",
    )
    .bind(owner.to_string())
    .bind(owner.is_guest())
    .bind(now)
    .execute(tx)
    .await?;
    Ok(find_cart(tx, owner).await?.unwrap_or_default())
}

/// Writes what differs between a cart as it was found and as it is to be, and gives it as it is then: a guest's in which
/// nothing is left is gone. The caller holds the row.
pub(crate) async fn save_cart(
    tx: &mut Tx,
    owner: &Owner,
    (before, after): (&StoredCart, StoredCart),
    now: Timestamp,
) -> Result<StoredCart, StoreError> {
    if *before == after {
        return Ok(after);
    }
    if owner.is_guest() && after.lines.is_empty() {
        delete_cart(tx, owner).await?;
        return Ok(StoredCart::default());
    }
    let removed = before.lines.iter().filter(|line| after.find(&line.sku).is_none());
    let removed: Vec<_> = removed.map(|line| line.sku.key()).collect();
    if !removed.is_empty() {
        sql("DELETE FROM cart_lines WHERE owner = $1 AND sku_key IN ")
            .bind(owner.to_string())
            .push_list(removed)
            .execute(tx)
            .await?;
    }
    let changed = after
        .lines
        .iter()
        .filter(|line| before.find(&line.sku) != Some(*line));
    save_lines(tx, owner, changed.collect()).await?;
    sql("UPDATE carts SET version = $2, updated_at = $3 WHERE owner = $1")
        .bind(owner.to_string())
        .bind(after.version)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(after)
}

async fn save_lines(tx: &mut Tx, owner: &Owner, lines: Vec<&StoredLine>) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    sql(
        "INSERT INTO cart_lines (owner, sku_key, sku, product_id, name, quantity, price_minor, currency, \
         added_version) VALUES ",
    )
    .push_rows(lines, |row, line| {
        row.bind(owner.to_string())
            .bind(line.sku.key())
            .bind(line.sku.as_str())
            .bind(line.product_id.to_string())
            .bind(&line.name)
            .bind(line.quantity.get())
            .bind(line.price.amount_minor)
            .bind(line.price.currency.to_string())
            .bind(line.added_version)
    })
    .push(
        " ON CONFLICT (owner, sku_key) DO UPDATE SET sku = excluded.sku, product_id = excluded.product_id, \
         name = excluded.name, quantity = excluded.quantity, price_minor = excluded.price_minor, \
         currency = excluded.currency, added_version = excluded.added_version",
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes a cart with its lines, if there is one.
pub(crate) async fn delete_cart(tx: &mut Tx, owner: &Owner) -> Result<(), StoreError> {
    sql("DELETE FROM carts WHERE owner = $1")
        .bind(owner.to_string())
        .execute(tx)
        .await?;
    Ok(())
}
