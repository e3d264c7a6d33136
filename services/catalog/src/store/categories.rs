//! Categories. Those that are archived are not found; their slugs stay taken.

use catalog_api::CategoryId;
use kit_db::{Session, StoreError, Tx, select, sql};
use kit_runtime::Timestamp;
use kit_values::Slug;

use crate::domain::{Category, CategoryRef, Reference};

kit_db::table_row! {
    Category in "categories" {
        id: text,
        slug: text,
        name: value,
        parent_id: optional_text,
        version: value,
        created_at: value,
        updated_at: value,
    }
}

/// Waits until nobody else changes the tree, and keeps others from it until the transaction ends.
pub(crate) async fn hold_tree(tx: &mut Tx) -> Result<(), StoreError> {
    sql("SELECT id FROM category_tree WHERE id = 1")
        .for_update()
        .one(tx)
        .await?;
    Ok(())
}

/// Inserts it; false where its slug is taken.
pub(crate) async fn insert_category(tx: &mut Tx, category: &Category) -> Result<bool, StoreError> {
    let inserted = kit_db::insert(category)
        .push(" ON CONFLICT (slug) DO NOTHING")
        .execute(tx)
        .await?;
    Ok(inserted == 1)
}

/// Writes all that can change. The caller holds the row. Where the slug is taken, [`super::is_slug_taken`].
pub(crate) async fn update_category(tx: &mut Tx, category: &Category) -> Result<(), StoreError> {
    sql("UPDATE categories SET slug = $2, name = $3, parent_id = $4, version = $5, updated_at = $6 WHERE id = $1")
        .bind(category.id.to_string())
        .bind(category.slug.as_str())
        .bind(&category.name)
        .bind(category.parent_id.map(|id| id.to_string()))
        .bind(category.version)
        .bind(category.updated_at)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn archive_category(tx: &mut Tx, id: CategoryId, at: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE categories SET archived_at = $2, version = version + 1 WHERE id = $1")
        .bind(id.to_string())
        .bind(at)
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether products or other categories stand in it, those that are archived aside.
pub(crate) async fn is_category_used(tx: &mut Tx, id: CategoryId) -> Result<bool, StoreError> {
    let used = sql(
        "SELECT id FROM products WHERE category_id = $1 AND status = 'active' \
         UNION ALL SELECT id FROM categories WHERE parent_id = $1 AND archived_at IS NULL LIMIT 1",
    )
    .bind(id.to_string())
    .optional(tx)
    .await?;
    Ok(used.is_some())
}

/// All of them.
pub(crate) async fn list_categories(on: &mut impl Session) -> Result<Vec<Category>, StoreError> {
    select::<Category>("WHERE archived_at IS NULL").rows(on).await
}

/// At most `limit`, by slug, after the one given.
pub(crate) async fn list_category_page(
    on: &mut impl Session,
    after: Option<Slug>,
    limit: i64,
) -> Result<Vec<Category>, StoreError> {
    let mut statement = select::<Category>("WHERE archived_at IS NULL");
    if let Some(after) = after {
        statement = statement.push(" AND slug > ").push_bind(after.as_str());
    }
    statement
        .push(" ORDER BY slug LIMIT ")
        .push_bind(limit)
        .rows(on)
        .await
}

pub(crate) async fn find_category(
    on: &mut impl Session,
    reference: &CategoryRef,
) -> Result<Option<Category>, StoreError> {
    let statement = match reference {
        Reference::Id(id) => select::<Category>("WHERE archived_at IS NULL AND id = $1").bind(id.to_string()),
        Reference::Slug(slug) => {
            select::<Category>("WHERE archived_at IS NULL AND slug = $1").bind(slug.as_str())
        }
    };
    statement.row(on).await
}

/// The category, which nobody changes until the transaction ends.
pub(crate) async fn find_category_for_update(
    tx: &mut Tx,
    id: CategoryId,
) -> Result<Option<Category>, StoreError> {
    select::<Category>("WHERE archived_at IS NULL AND id = $1")
        .bind(id.to_string())
        .for_update()
        .row(tx)
        .await
}

/// The category, which nobody archives until the transaction ends.
pub(crate) async fn find_category_for_share(
    tx: &mut Tx,
    id: CategoryId,
) -> Result<Option<Category>, StoreError> {
    select::<Category>("WHERE archived_at IS NULL AND id = $1")
        .bind(id.to_string())
        .for_share()
        .row(tx)
        .await
}

/// Those of these slugs, which nobody archives until the transaction ends.
pub(crate) async fn list_categories_for_share(
    tx: &mut Tx,
    slugs: Vec<Slug>,
) -> Result<Vec<Category>, StoreError> {
    select::<Category>("WHERE archived_at IS NULL AND slug IN ")
        .push_list(slugs.iter().map(Slug::as_str))
        .push(" ORDER BY id")
        .for_share()
        .rows(tx)
        .await
}
