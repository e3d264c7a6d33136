//! Statements: SQL text with its values, run on a transaction or a reader.
//!
//! The text is `&'static str` or put together from such pieces, so a value can get into a statement only as a
//! bind. Every statement is prepared once per connection. Written for both databases at once: `$1`
//! placeholders, `RETURNING`, `ON CONFLICT … DO UPDATE`, row comparisons and CTEs mean the same on both.

use std::borrow::Cow;
use std::fmt::Write as _;

use futures::TryStreamExt;
use kit_runtime::Timestamp;
use sqlx::any::AnyArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Executor as _};

use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::read_db::Table;
use crate::row::Row;
use crate::unit::{Session, Tx};

/// Begins a statement.
pub fn sql(text: &'static str) -> Statement {
    Statement {
        text: Cow::Borrowed(text),
        values: AnyArguments::default(),
        refused: None,
        locks: "",
    }
}

/// SQL text with its values.
#[must_use = "a statement does nothing until it is run"]
pub struct Statement {
    text: Cow<'static, str>,
    values: AnyArguments,
    refused: Option<String>,
    /// What PostgreSQL gets to hear at the end, and SQLite does not.
    locks: &'static str,
}

impl Statement {
    /// The next value, `$1` first.
    pub fn bind(mut self, value: impl Bind) -> Self {
        if let Err(reason) = value.add_to(&mut self.values) {
            self.refused = Some(reason.to_string());
        }
        self
    }

    /// More text, for statements with optional parts.
    pub fn push(mut self, text: &'static str) -> Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// The name of a table in another service's schema.
    pub fn push_table(mut self, table: &Table) -> Self {
        self.text.to_mut().push_str(table.name());
        self
    }

    /// The placeholder of one more value, and the value.
    pub fn push_bind(mut self, value: impl Bind) -> Self {
        let number = self.values.len() + 1;
        // Writing into a string cannot fail.
        let _ = write!(self.text.to_mut(), "${number}");
        self.bind(value)
    }

    /// A list of values in parentheses, for `IN`. An empty list is `(NULL)`, which nothing is in.
    pub fn push_list<V: Bind>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        let mut lead = "(";
        for value in values {
            self = self.push(lead).push_bind(value);
            lead = ", ";
        }
        self.push(if lead == "(" { "(NULL)" } else { ")" })
    }

    /// A row of values in parentheses for each item, for `VALUES`: `add` binds those of one. There must be at least
    /// one item.
    pub fn push_rows<I>(
        mut self,
        items: impl IntoIterator<Item = I>,
        mut add: impl FnMut(RowValues, I) -> RowValues,
    ) -> Self {
        let mut lead = "(";
        for item in items {
            let row = RowValues {
                statement: self.push(lead),
                lead: "",
            };
            self = add(row, item).statement.push(")");
            lead = ", (";
        }
        self
    }

    /// Locks the rows until the transaction ends. Nothing on SQLite, where the writer is alone anyway.
    pub fn for_update(mut self) -> Self {
        self.locks = " FOR UPDATE";
        self
    }

    /// Locks the rows that nobody else has locked and leaves out the others: for workers that share a queue.
    pub fn for_update_skip_locked(mut self) -> Self {
        self.locks = " FOR UPDATE SKIP LOCKED";
        self
    }

    /// Keeps others from changing the rows until the transaction ends; several may hold them so. Nothing on
    /// SQLite, where the writer is alone anyway.
    pub fn for_share(mut self) -> Self {
        self.locks = " FOR SHARE";
        self
    }

    /// Runs it; how many rows it changed.
    pub async fn execute(self, tx: &mut Tx) -> Result<u64, StoreError> {
        Ok(self.run(tx).await?.changed)
    }

    /// All rows.
    pub async fn all(self, on: &mut impl Session) -> Result<Vec<Row>, StoreError> {
        Ok(self.run(on).await?.rows)
    }

    /// The row, if there is one; more than one is an error.
    pub async fn optional(self, on: &mut impl Session) -> Result<Option<Row>, StoreError> {
        let mut rows = self.run(on).await?.rows;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            found => Err(StoreError::RowCount { found }),
        }
    }

    /// The one row; none or more is an error.
    pub async fn one(self, on: &mut impl Session) -> Result<Row, StoreError> {
        let row = self.optional(on).await?;
        row.ok_or(StoreError::RowCount { found: 0 })
    }

    async fn run(mut self, on: &mut impl Session) -> Result<Answer, StoreError> {
        if let Some(reason) = self.refused {
            return Err(StoreError::Database(reason.into()));
        }
        if on.dialect() == Dialect::Postgres && !self.locks.is_empty() {
            self.text.to_mut().push_str(self.locks);
        }
        let query = sqlx::query_with(AssertSqlSafe(self.text), self.values);
        let mut answer = Answer::default();
        let link = on.link()?;
        let ended = async {
            let mut steps = link.connection.fetch_many(query);
            while let Some(step) = steps.try_next().await? {
                match step {
                    sqlx::Either::Left(done) => answer.changed += done.rows_affected(),
                    sqlx::Either::Right(row) => answer.rows.push(Row::new(row)),
                }
            }
            Ok(())
        }
        .await;
        match ended {
            Ok(()) => Ok(answer),
            Err(error) => Err(link.fail(error)),
        }
    }
}

/// The values of one row, in the order of the columns ([`Statement::push_rows`]).
#[must_use = "the row is what its values are given back as"]
pub struct RowValues {
    statement: Statement,
    lead: &'static str,
}

impl RowValues {
    /// The next value.
    pub fn bind(self, value: impl Bind) -> Self {
        Self {
            statement: self.statement.push(self.lead).push_bind(value),
            lead: ", ",
        }
    }
}

#[derive(Default)]
struct Answer {
    changed: u64,
    rows: Vec<Row>,
}

type BindResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// A value that a statement can take.
pub trait Bind {
    #[doc(hidden)]
    fn add_to(self, values: &mut AnyArguments) -> BindResult;
}

macro_rules! bind_as {
    ($($kind:ty => $convert:expr),+ $(,)?) => {$(
        impl Bind for $kind {
            fn add_to(self, values: &mut AnyArguments) -> BindResult {
                let convert = $convert;
                values.add(convert(self))
            }
        }

        impl Bind for Option<$kind> {
            fn add_to(self, values: &mut AnyArguments) -> BindResult {
                values.add(self.map($convert))
            }
        }
    )+};
}

bind_as! {
    String => |text: String| text,
    &String => |text: &String| text.clone(),
    &str => |text: &str| text.to_owned(),
    Cow<'_, str> => |text: Cow<'_, str>| text.into_owned(),
    i64 => |number: i64| number,
    i32 => |number: i32| i64::from(number),
    u32 => |number: u32| i64::from(number),
    u16 => |number: u16| i64::from(number),
    bool => |flag: bool| i64::from(flag),
    Timestamp => |moment: Timestamp| moment.as_micros(),
    Vec<u8> => |bytes: Vec<u8>| bytes,
    &[u8] => |bytes: &[u8]| bytes.to_vec(),
}
