//! What is provisioned, or was.

use kit_db::{Row, Session, Statement, StoreError, Tx, sql};

use super::{and_names, and_set, and_values};
use crate::{Goods, Provisioned, ProvisionedOf};

const COLUMNS: &str =
    "instance_id, user_id, sku, state, binding_id, rotations, activated_at, created_at, updated_at";

/// Adds the names of the service's own columns.
fn and_own<G: Goods>(statement: Statement) -> Statement {
    let statement = and_names(statement, &[G::RESOURCE]);
    and_names(and_names(statement, G::TERMS), G::KEYS)
}

/// All columns; `rest` is what follows.
fn select<G: Goods>(rest: &'static str) -> Statement {
    and_own::<G>(sql("SELECT ").push(COLUMNS))
        .push(" FROM services ")
        .push(rest)
}

fn read<G: Goods>(row: &Row) -> Result<ProvisionedOf<G>, StoreError> {
    Ok(Provisioned {
        instance_id: row.get("instance_id")?,
        user_id: row.get("user_id")?,
        sku: row.parse("sku")?,
        terms: G::read_terms(row)?,
        resource: row.get(G::RESOURCE)?,
        state: row.parse("state")?,
        binding_id: row.get("binding_id")?,
        keys: G::read_keys(row)?,
        rotations: row.get("rotations")?,
        activated_at: row.get("activated_at")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

async fn row<G: Goods>(
    statement: Statement,
    on: &mut impl Session,
) -> Result<Option<ProvisionedOf<G>>, StoreError> {
    statement.optional(on).await?.as_ref().map(read::<G>).transpose()
}

pub(crate) async fn insert_service<G: Goods>(
    tx: &mut Tx,
    service: &ProvisionedOf<G>,
) -> Result<(), StoreError> {
    let statement = and_own::<G>(sql("INSERT INTO services (").push(COLUMNS)).push(") VALUES ");
    let statement = statement.push_rows([service], |row, service| {
        let row = row
            .bind(&service.instance_id)
            .bind(&service.user_id)
            .bind(service.sku.as_str())
            .bind(service.state.as_str())
            .bind(service.binding_id.clone())
            .bind(service.rotations)
            .bind(service.activated_at)
            .bind(service.created_at)
            .bind(service.updated_at)
            .bind(&service.resource);
        let row = and_values(row, G::write_terms(&service.terms));
        and_values(row, G::write_keys(service.keys.as_ref()))
    });
    statement.execute(tx).await?;
    Ok(())
}

/// Writes all that can change. The caller holds the row.
pub(crate) async fn save_service<G: Goods>(
    tx: &mut Tx,
    service: &ProvisionedOf<G>,
) -> Result<(), StoreError> {
    let statement = sql(
        "UPDATE services SET sku = $1, state = $2, binding_id = $3, rotations = $4, activated_at = $5, \
         created_at = $6, updated_at = $7",
    )
    .bind(service.sku.as_str())
    .bind(service.state.as_str())
    .bind(service.binding_id.clone())
    .bind(service.rotations)
    .bind(service.activated_at)
    .bind(service.created_at)
    .bind(service.updated_at);
    let statement = and_set(statement, G::TERMS, G::write_terms(&service.terms));
    and_set(statement, G::KEYS, G::write_keys(service.keys.as_ref()))
        .push(" WHERE instance_id = ")
        .push_bind(&service.instance_id)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn find_service<G: Goods>(
    on: &mut impl Session,
    instance_id: &str,
) -> Result<Option<ProvisionedOf<G>>, StoreError> {
    let statement = select::<G>("WHERE instance_id = $1").bind(instance_id);
    row::<G>(statement, on).await
}

/// The service, which nobody changes until the transaction ends.
pub(crate) async fn find_service_for_update<G: Goods>(
    tx: &mut Tx,
    instance_id: &str,
) -> Result<Option<ProvisionedOf<G>>, StoreError> {
    let statement = select::<G>("WHERE instance_id = $1").bind(instance_id);
    row::<G>(statement.for_update(), tx).await
}

/// The user's newest service, of those that are kept where there is one.
const OF_USER: &str = "WHERE user_id = $1 ORDER BY \
    CASE WHEN state IN ('provisioning', 'active', 'suspended') THEN 0 ELSE 1 END, created_at DESC, instance_id DESC \
    LIMIT 1";

pub(crate) async fn find_service_of_user<G: Goods>(
    on: &mut impl Session,
    user_id: &str,
) -> Result<Option<ProvisionedOf<G>>, StoreError> {
    row::<G>(select::<G>(OF_USER).bind(user_id), on).await
}

/// As [`find_service_of_user`], and nobody changes it until the transaction ends.
pub(crate) async fn find_service_of_user_for_update<G: Goods>(
    tx: &mut Tx,
    user_id: &str,
) -> Result<Option<ProvisionedOf<G>>, StoreError> {
    let statement = select::<G>(OF_USER).bind(user_id);
    row::<G>(statement.for_update(), tx).await
}

/// At most `limit` that have keys, by identifier, after the one given.
pub(crate) async fn list_bound_services<G: Goods>(
    on: &mut impl Session,
    after: &str,
    limit: u32,
) -> Result<Vec<ProvisionedOf<G>>, StoreError> {
    let bound = "WHERE binding_id IS NOT NULL AND instance_id > $1 ORDER BY instance_id LIMIT $2";
    let rows = select::<G>(bound).bind(after).bind(limit).all(on).await?;
    rows.iter().map(read::<G>).collect()
}
