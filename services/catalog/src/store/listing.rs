//! Looking for products. What a search leaves out is said in one place, so that lists and facets agree.

use catalog_api::{CategoryId, PriceFacet, ProductId, ProductSort};
use kit_db::{Session, Statement, StoreError, sql};

use super::words::with_hits;
use crate::domain::{CategoryRef, ListingKey, ProductSearch, Reference};

/// A part of a search that is left out, where what it would find otherwise is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeftOut {
    Nothing,
    Category,
    Price,
}

/// At most `limit` products in the order that is asked for, after the one given, and where each stands.
pub(crate) async fn list_products(
    on: &mut impl Session,
    search: &ProductSearch,
    after: Option<ListingKey>,
    limit: i64,
) -> Result<Vec<(ListingKey, ProductId)>, StoreError> {
    let (value, direction) = match search.sort {
        ProductSort::Relevance => ("hits.score", " DESC"),
        ProductSort::Price => ("products.price_minor", ""),
        ProductSort::PriceDescending => ("products.price_minor", " DESC"),
        ProductSort::Newest => ("products.number", " DESC"),
    };
    let statement = begin(on, search)
        .push("SELECT products.id AS id, products.number AS number, ")
        .push(value)
        .push(" AS sort_value FROM products");
    let mut statement = narrow(statement, search, LeftOut::Nothing);
    if let Some(key) = after {
        statement = statement
            .push(" AND (")
            .push(value)
            .push(", products.number) ")
            .push(if direction.is_empty() { "> (" } else { "< (" })
            .push_bind(key.value)
            .push(", ")
            .push_bind(key.number)
            .push(")");
    }
    statement = statement.push(" ORDER BY ").push(value).push(direction);
    let rows = statement
        .push(", products.number")
        .push(direction)
        .push(" LIMIT ")
        .push_bind(limit)
        .all(on)
        .await?;
    let listed = |row: &kit_db::Row| {
        let key = ListingKey {
            sort: search.sort,
            value: row.get("sort_value")?,
            number: row.get("number")?,
        };
        Ok((key, row.parse("id")?))
    };
    rows.iter().map(listed).collect()
}

/// How many products stand in each category itself, whichever category is asked for.
pub(crate) async fn count_by_category(
    on: &mut impl Session,
    search: &ProductSearch,
) -> Result<Vec<(CategoryId, u64)>, StoreError> {
    let statement = begin(on, search).push("SELECT category_id, COUNT(*) AS products FROM products");
    let rows = narrow(statement, search, LeftOut::Category)
        .push(" AND category_id IS NOT NULL GROUP BY category_id")
        .all(on)
        .await?;
    rows.iter()
        .map(|row| Ok((row.parse("category_id")?, row.get("products")?)))
        .collect()
}

/// What variants cost, whichever prices are asked for.
pub(crate) async fn price_range(
    on: &mut impl Session,
    search: &ProductSearch,
) -> Result<PriceFacet, StoreError> {
    let mut statement = begin(on, search).push(
        "SELECT MIN(offered.price_minor) AS lowest, MAX(offered.price_minor) AS highest FROM products \
         JOIN variants offered ON offered.product_id = products.id AND offered.is_offered = 1",
    );
    if search.in_stock {
        statement = statement.push(
            " JOIN stock counted ON counted.sku_key = offered.sku_key AND counted.on_hand > counted.reserved",
        );
    }
    let row = narrow(statement, search, LeftOut::Price).one(on).await?;
    Ok(PriceFacet {
        min: row.get("lowest")?,
        max: row.get("highest")?,
    })
}

fn begin(on: &impl Session, search: &ProductSearch) -> Statement {
    match &search.words {
        Some(words) => with_hits(on.dialect(), words),
        None => sql(""),
    }
}

/// What follows `FROM products` and further joins.
fn narrow(mut statement: Statement, search: &ProductSearch, left_out: LeftOut) -> Statement {
    if search.words.is_some() {
        statement = statement.push(" JOIN hits ON hits.number = products.number");
    }
    statement = statement
        .push(" WHERE products.status = ")
        .push_bind(search.status.as_str());
    if let Some(currency) = search.currency {
        statement = statement
            .push(" AND products.currency = ")
            .push_bind(currency.to_string());
    }
    if let Some(category) = search.category.as_ref().filter(|_| left_out != LeftOut::Category) {
        statement = within(statement, category);
    }
    let (least, most) = match left_out {
        LeftOut::Price => (None, None),
        LeftOut::Nothing | LeftOut::Category => (search.min_price, search.max_price),
    };
    // One variant must be all of it: in stock, and neither too cheap nor too dear.
    if !search.in_stock && least.is_none() && most.is_none() {
        return statement;
    }
    statement = statement.push(
        " AND EXISTS (SELECT 1 FROM variants JOIN stock ON stock.sku_key = variants.sku_key \
         WHERE variants.product_id = products.id AND variants.is_offered = 1",
    );
    if search.in_stock {
        statement = statement.push(" AND stock.on_hand > stock.reserved");
    }
    if let Some(least) = least {
        statement = statement.push(" AND variants.price_minor >= ").push_bind(least);
    }
    if let Some(most) = most {
        statement = statement.push(" AND variants.price_minor <= ").push_bind(most);
    }
    statement.push(")")
}

/// In a category or in one below it. `UNION` ends also where the tree were none.
fn within(statement: Statement, category: &CategoryRef) -> Statement {
    let statement = statement.push(
        " AND products.category_id IN (WITH RECURSIVE subtree (id) AS ( \
         SELECT id FROM categories WHERE archived_at IS NULL AND ",
    );
    let statement = match category {
        Reference::Id(id) => statement.push("id = ").push_bind(id.to_string()),
        Reference::Slug(slug) => statement.push("slug = ").push_bind(slug.as_str()),
    };
    statement.push(
        " UNION SELECT categories.id FROM categories JOIN subtree ON categories.parent_id = subtree.id) \
         SELECT id FROM subtree)",
    )
}
