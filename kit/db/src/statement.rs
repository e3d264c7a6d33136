//! Statements: SQL text with its values, run on a transaction or a reader.
//!
//! The text is `&'static str` or put together from such pieces, so a value can get into a statement only as a
//! bind. Every statement is prepared once per connection. Written for both databases at once: `$1`
//! placeholders, `RETURNING`, `ON CONFLICT … DO UPDATE`, row comparisons and CTEs mean the same on both.

use std::borrow::Cow;
use std::fmt::Write as _;

use kit_runtime::Timestamp;

use crate::dialect::Dialect;
use crate::driver::Answer;
use crate::error::StoreError;
use crate::read_db::Table;
use crate::row::Row;
use crate::unit::{Session, Tx};
use crate::value::Value;

/// Begins a statement.
pub fn sql(text: &'static str) -> Statement {
    Statement {
        text: Cow::Borrowed(text),
        values: Vec::new(),
        locks: "",
    }
}

/// SQL text with its values.
#[must_use = "a statement does nothing until it is run"]
pub struct Statement {
    text: Cow<'static, str>,
    values: Vec<Value>,
    /// What PostgreSQL gets to hear at the end, and SQLite does not.
    locks: &'static str,
}

impl Statement {
    /// The next value, `$1` first.
    pub fn bind(mut self, value: impl Bind) -> Self {
        self.values.push(value.into_value());
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
        if on.dialect() == Dialect::Postgres && !self.locks.is_empty() {
            self.text.to_mut().push_str(self.locks);
        }
        let link = on.link()?;
        let ended = link.connection.run(self.text, self.values).await;
        ended.map_err(|error| link.fail(error))
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

/// A value that a statement can take.
pub trait Bind {
    #[doc(hidden)]
    fn into_value(self) -> Value;
}

macro_rules! bind_as {
    ($($kind:ty => $convert:expr),+ $(,)?) => {$(
        impl Bind for $kind {
            fn into_value(self) -> Value {
                let convert = $convert;
                Some(convert(self)).into()
            }
        }

        impl Bind for Option<$kind> {
            fn into_value(self) -> Value {
                self.map($convert).into()
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
