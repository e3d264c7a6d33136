//! Writes rows from 32 tasks for as long as it lives and prints the identifier of each once it is
//! acknowledged. The tests kill it and look for what it printed.
//!
//! `acknowledge sqlite FILE ROUND` or `acknowledge postgres URL SCHEMA ROUND`; the tables are there already.

use std::error::Error;
use std::io::Write as _;

use kit_db::{Db, DbTarget, Migrations, StoreError, Tx, sql};
use kit_runtime::{Lifecycle, Secret};
use kit_testing::db::{SERVICE, deps, patient};

static MIGRATIONS: Migrations =
    Migrations::new(&[("0001_shop.sql", include_str!("../tests/migrations/0001_shop.sql"))]);

const WRITERS: usize = 32;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (target, round) = match arguments[..] {
        ["sqlite", file, round] => (DbTarget::Sqlite { file: file.into() }, round),
        ["postgres", url, schema, round] => {
            let (url, schema) = (Secret::new(url.to_owned()), schema.to_owned());
            (DbTarget::Postgres { url, schema }, round)
        }
        _ => return Err("which database?".into()),
    };
    let lifecycle = Lifecycle::new();
    let db = Db::open(patient(SERVICE, target), &MIGRATIONS, &deps(&lifecycle)).await?;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(db.clone(), format!("{round}-{writer}")));
    }
    match writers.join_next().await {
        Some(Ok(Err(error))) => Err(error.to_string().into()),
        _ => Err("a writer ended".into()),
    }
}

/// Two rows a unit, so that a half unit would be seen.
async fn write(db: Db, writer: String) -> Result<(), StoreError> {
    for number in 0_u64.. {
        let id = format!("{writer}-{number}.");
        let unit = id.clone();
        db.write(async move |tx: &mut Tx| {
            insert(tx, unit.clone()).await?;
            insert(tx, format!("{unit}+")).await
        })
        .await?;
        // One call of the system a line, so that lines of several writers do not mix.
        let line = format!("{id}\n");
        if std::io::stdout().write_all(line.as_bytes()).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

async fn insert(tx: &mut Tx, id: String) -> Result<(), StoreError> {
    sql("INSERT INTO accounts (id, username) VALUES ($1, $1)")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}
