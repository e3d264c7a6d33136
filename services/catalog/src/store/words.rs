//! The index of words: FTS5 on SQLite, a `tsvector` on PostgreSQL.
//!
//! Both are given words of letters and digits alone (`domain/words.rs`), so quotes around them are all that their
//! languages need.

use std::fmt::Write as _;

use kit_db::{Dialect, Session, Statement, StoreError, Tx, sql};

use crate::domain::{ProductWords, SearchWords};

/// Writes what a product is found by.
pub(crate) async fn save_words(tx: &mut Tx, number: i64, words: &ProductWords) -> Result<(), StoreError> {
    match tx.dialect() {
        Dialect::Sqlite => {
            sql("DELETE FROM product_words WHERE rowid = $1")
                .bind(number)
                .execute(tx)
                .await?;
            sql("INSERT INTO product_words (rowid, name, sku, description) VALUES ($1, $2, $3, $4)")
                .bind(number)
                .bind(&words.name)
                .bind(&words.sku)
                .bind(&words.description)
                .execute(tx)
                .await?;
        }
        Dialect::Postgres => {
            sql(
                "INSERT INTO product_words (number, words) VALUES ($1, CAST($2 AS tsvector)) \
                 ON CONFLICT (number) DO UPDATE SET words = excluded.words",
            )
            .bind(number)
            .bind(vector(words))
            .execute(tx)
            .await?;
        }
    }
    Ok(())
}

/// Begins a statement with a table `hits` of the products that have these words: `number`, and `score`, which is
/// larger where they fit better.
pub(super) fn with_hits(dialect: Dialect, words: &SearchWords) -> Statement {
    match dialect {
        Dialect::Sqlite => sql("WITH hits AS MATERIALIZED (SELECT rowid AS number, \
             CAST(-bm25(product_words, 10.0, 6.0, 1.0) * 1000000000 AS INTEGER) AS score \
             FROM product_words WHERE product_words MATCH $1) ")
        .bind(expression(words, (" AND ", "\"", "*"))),
        Dialect::Postgres => sql("WITH hits AS MATERIALIZED (SELECT number, \
             CAST(ts_rank('{0.1, 0.2, 0.6, 1}', words, CAST($1 AS tsquery)) * 1000000000 AS BIGINT) AS score \
             FROM product_words WHERE words @@ CAST($1 AS tsquery)) ")
        .bind(expression(words, (" & ", "'", ":*"))),
    }
}

/// All words in quotes, the last one as the beginning of a word.
fn expression(words: &SearchWords, (and, quote, prefix): (&str, &str, &str)) -> String {
    let quoted = words.all().iter().map(|word| format!("{quote}{word}{quote}"));
    quoted.collect::<Vec<_>>().join(and) + prefix
}

/// A `tsvector` as it is written: each word with its place, and the weight of the part it stands in.
fn vector(words: &ProductWords) -> String {
    let parts = [(&words.name, "A"), (&words.sku, "B"), (&words.description, "D")];
    let weighted = parts
        .into_iter()
        .flat_map(|(part, weight)| part.split(' ').map(move |word| (word, weight)))
        .filter(|(word, _)| !word.is_empty());
    let mut vector = String::new();
    for (place, (word, weight)) in (1..).zip(weighted) {
        // Writing into a string cannot fail.
        let _ = write!(vector, "'{word}':{place}{weight} ");
    }
    vector
}
