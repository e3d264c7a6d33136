//! A connection to PostgreSQL, by sqlx.

use std::borrow::Cow;

use futures::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Decode, Either, Executor as _,
    PgConnection, Postgres, Row as _, TypeInfo as _, ValueRef as _,
};

use super::{Answer, DriverError};
use crate::row::Row;
use crate::value::{Cell, Names, Value};

pub(crate) struct PostgresConnection(PgConnection);

impl PostgresConnection {
    pub(crate) async fn open(options: &PgConnectOptions) -> Result<Self, DriverError> {
        Ok(Self(options.connect().await?))
    }

    pub(super) async fn run(
        &mut self,
        text: Cow<'static, str>,
        values: Vec<Value>,
    ) -> Result<Answer, DriverError> {
        let query = sqlx::query(AssertSqlSafe(text));
        let query = values.into_iter().fold(query, |query, value| match value {
            Value::Integer(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
        });
        let mut answer = Answer::default();
        let mut names = None;
        let mut steps = self.0.fetch_many(query);
        while let Some(step) = steps.try_next().await? {
            match step {
                Either::Left(done) => answer.changed += done.rows_affected(),
                Either::Right(row) => {
                    let names = names.get_or_insert_with(|| names_of(&row));
                    answer.rows.push(Row::new(names.clone(), cells(&row)?));
                }
            }
        }
        Ok(answer)
    }

    pub(super) async fn script(&mut self, text: &str) -> Result<(), DriverError> {
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut self.0).await?;
        Ok(())
    }

    pub(super) async fn close(self) {
        if let Err(error) = self.0.close().await {
            tracing::debug!(%error, "a connection was not closed in order");
        }
    }
}

fn names_of(row: &PgRow) -> Names {
    row.columns().iter().map(|column| column.name().into()).collect()
}

fn cells(row: &PgRow) -> Result<Vec<Cell>, DriverError> {
    (0..row.len()).map(|column| cell(row, column)).collect()
}

fn cell(row: &PgRow, column: usize) -> Result<Cell, DriverError> {
    let raw = row.try_get_raw(column)?;
    if raw.is_null() {
        return Ok(Cell::Null);
    }
    let kind = raw.type_info();
    let cell = match kind.name() {
        "INT8" => i64::decode(raw).map(Cell::Integer),
        "INT4" => <i32 as Decode<Postgres>>::decode(raw).map(|number| Cell::Integer(number.into())),
        "INT2" => <i16 as Decode<Postgres>>::decode(raw).map(|number| Cell::Integer(number.into())),
        "TEXT" | "VARCHAR" | "NAME" | "CHAR" | "UNKNOWN" => String::decode(raw).map(Cell::Text),
        "BYTEA" => Vec::decode(raw).map(Cell::Bytes),
        other => return Err(DriverError::Type(other.to_owned())),
    };
    cell.map_err(|source| sqlx::Error::Decode(source).into())
}
