//! Plans. Those that are retired stay, and keep their SKU.

use kit_db::{Row, Session, Statement, StoreError, Tx, sql};
use kit_values::Sku;

use super::{and_names, and_set, and_values};
use crate::{Goods, Plan, PlanOf};

const COLUMNS: &str = "sku_key, sku, name, description, price_minor, currency, duration_days, features, retired, \
                       version, created_at, updated_at";

/// All columns; `rest` is what follows.
fn select<G: Goods>(rest: &'static str) -> Statement {
    and_names(sql("SELECT ").push(COLUMNS), G::TERMS)
        .push(" FROM plans ")
        .push(rest)
}

fn read<G: Goods>(row: &Row) -> Result<PlanOf<G>, StoreError> {
    Ok(Plan {
        sku_key: row.get("sku_key")?,
        sku: row.parse("sku")?,
        name: row.parse("name")?,
        description: row.parse("description")?,
        price_minor: row.get("price_minor")?,
        currency: row.parse("currency")?,
        duration_days: row.get("duration_days")?,
        terms: G::read_terms(row)?,
        features: row.parse("features")?,
        is_retired: row.get("retired")?,
        version: row.get("version")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

async fn row<G: Goods>(statement: Statement, on: &mut impl Session) -> Result<Option<PlanOf<G>>, StoreError> {
    statement.optional(on).await?.as_ref().map(read::<G>).transpose()
}

/// Inserts it; false where its SKU is taken.
pub(crate) async fn insert_plan<G: Goods>(tx: &mut Tx, plan: &PlanOf<G>) -> Result<bool, StoreError> {
    let statement = and_names(sql("INSERT INTO plans (").push(COLUMNS), G::TERMS).push(") VALUES ");
    let statement = statement.push_rows([plan], |row, plan| {
        let row = row
            .bind(&plan.sku_key)
            .bind(plan.sku.as_str())
            .bind(plan.name.as_str())
            .bind(plan.description.as_str())
            .bind(plan.price_minor)
            .bind(plan.currency.to_string())
            .bind(plan.duration_days)
            .bind(plan.features.to_string())
            .bind(plan.is_retired)
            .bind(plan.version)
            .bind(plan.created_at)
            .bind(plan.updated_at);
        and_values(row, G::write_terms(&plan.terms))
    });
    let inserted = statement
        .push(" ON CONFLICT (sku_key) DO NOTHING")
        .execute(tx)
        .await?;
    Ok(inserted == 1)
}

/// Writes all that can change. The caller holds the row.
pub(crate) async fn save_plan<G: Goods>(tx: &mut Tx, plan: &PlanOf<G>) -> Result<(), StoreError> {
    let statement = sql(
        "UPDATE plans SET name = $1, description = $2, price_minor = $3, currency = $4, duration_days = $5, \
         features = $6, retired = $7, version = $8, updated_at = $9",
    )
    .bind(plan.name.as_str())
    .bind(plan.description.as_str())
    .bind(plan.price_minor)
    .bind(plan.currency.to_string())
    .bind(plan.duration_days)
    .bind(plan.features.to_string())
    .bind(plan.is_retired)
    .bind(plan.version)
    .bind(plan.updated_at);
    and_set(statement, G::TERMS, G::write_terms(&plan.terms))
        .push(" WHERE sku_key = ")
        .push_bind(&plan.sku_key)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn find_plan<G: Goods>(
    on: &mut impl Session,
    sku: &Sku,
) -> Result<Option<PlanOf<G>>, StoreError> {
    let statement = select::<G>("WHERE sku_key = $1").bind(sku.key());
    row::<G>(statement, on).await
}

/// The plan, which nobody changes until the transaction ends.
pub(crate) async fn find_plan_for_update<G: Goods>(
    tx: &mut Tx,
    sku: &Sku,
) -> Result<Option<PlanOf<G>>, StoreError> {
    let statement = select::<G>("WHERE sku_key = $1").bind(sku.key());
    row::<G>(statement.for_update(), tx).await
}

/// At most `limit` that can be purchased, by SKU, after the one given.
pub(crate) async fn list_plans<G: Goods>(
    on: &mut impl Session,
    after: Option<String>,
    limit: i64,
) -> Result<Vec<PlanOf<G>>, StoreError> {
    let mut statement = select::<G>("WHERE retired = 0");
    if let Some(after) = after {
        statement = statement.push(" AND sku_key > ").push_bind(after);
    }
    let rows = statement
        .push(" ORDER BY sku_key LIMIT ")
        .push_bind(limit)
        .all(on)
        .await?;
    rows.iter().map(read::<G>).collect()
}

/// The keys of retired plans of which something was sold that nobody could use yet: it may still be paid, or made again.
pub(crate) async fn list_owed_plans(on: &mut impl Session) -> Result<Vec<String>, StoreError> {
    let rows = sql("SELECT sku_key FROM plans WHERE retired = 1 AND EXISTS ( \
         SELECT 1 FROM purchases WHERE purchases.sku = plans.sku AND NOT EXISTS ( \
           SELECT 1 FROM services WHERE instance_id = subscription_id AND activated_at IS NOT NULL))")
    .all(on)
    .await?;
    rows.iter().map(|row| row.get("sku_key")).collect()
}

/// All of them, by SKU.
pub(crate) async fn list_all_plans<G: Goods>(on: &mut impl Session) -> Result<Vec<PlanOf<G>>, StoreError> {
    let rows = select::<G>("ORDER BY sku_key").all(on).await?;
    rows.iter().map(read::<G>).collect()
}
