//! Purchases.

use kit_db::{Row, Session, Statement, StoreError, Tx, sql};
use kit_token::UserId;

use super::{and_names, and_values};
use crate::{Goods, Purchase, PurchaseOf};

const COLUMNS: &str =
    "subscription_id, user_id, request_key, sku, name, price_minor, currency, duration_days, created_at";

/// All columns; `rest` is what follows.
fn select<G: Goods>(rest: &'static str) -> Statement {
    and_names(sql("SELECT ").push(COLUMNS), G::TERMS)
        .push(" FROM purchases ")
        .push(rest)
}

fn read<G: Goods>(row: &Row) -> Result<PurchaseOf<G>, StoreError> {
    Ok(Purchase {
        subscription_id: row.parse("subscription_id")?,
        user_id: row.parse("user_id")?,
        request_key: row.get("request_key")?,
        sku: row.parse("sku")?,
        name: row.parse("name")?,
        price_minor: row.get("price_minor")?,
        currency: row.parse("currency")?,
        duration_days: row.get("duration_days")?,
        terms: G::read_terms(row)?,
        created_at: row.get("created_at")?,
    })
}

/// Inserts it, unless the user has one of its request's key; false then.
pub(crate) async fn insert_purchase<G: Goods>(
    tx: &mut Tx,
    purchase: &PurchaseOf<G>,
) -> Result<bool, StoreError> {
    let statement = and_names(sql("INSERT INTO purchases (").push(COLUMNS), G::TERMS).push(") VALUES ");
    let statement = statement.push_rows([purchase], |row, purchase| {
        let row = row
            .bind(purchase.subscription_id.to_string())
            .bind(purchase.user_id.to_string())
            .bind(purchase.request_key.clone())
            .bind(purchase.sku.as_str())
            .bind(purchase.name.as_str())
            .bind(purchase.price_minor)
            .bind(purchase.currency.to_string())
            .bind(purchase.duration_days)
            .bind(purchase.created_at);
        and_values(row, G::write_terms(&purchase.terms))
    });
    let inserted = statement
        .push(" ON CONFLICT (user_id, request_key) DO NOTHING")
        .execute(tx)
        .await?;
    Ok(inserted == 1)
}

pub(crate) async fn find_purchase<G: Goods>(
    on: &mut impl Session,
    subscription_id: &str,
) -> Result<Option<PurchaseOf<G>>, StoreError> {
    let statement = select::<G>("WHERE subscription_id = $1").bind(subscription_id);
    let row = statement.optional(on).await?;
    row.as_ref().map(read::<G>).transpose()
}

/// What a user asked for under an idempotency key.
pub(crate) async fn find_purchase_of_key<G: Goods>(
    on: &mut impl Session,
    user_id: UserId,
    key: &str,
) -> Result<Option<PurchaseOf<G>>, StoreError> {
    let statement = select::<G>("WHERE user_id = $1 AND request_key = $2")
        .bind(user_id.to_string())
        .bind(key);
    let row = statement.optional(on).await?;
    row.as_ref().map(read::<G>).transpose()
}

/// Forgets one of which surely nothing came.
pub(crate) async fn delete_purchase(tx: &mut Tx, subscription_id: &str) -> Result<(), StoreError> {
    sql("DELETE FROM purchases WHERE subscription_id = $1")
        .bind(subscription_id)
        .execute(tx)
        .await?;
    Ok(())
}
