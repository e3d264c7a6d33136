//! Rows of one table as values: a column is named in the migration and here, and nowhere else.

use std::collections::HashMap;
use std::hash::Hash;

use crate::error::StoreError;
use crate::row::Row;
use crate::statement::{Statement, sql};
use crate::unit::Session;

/// A value that is a row of one table. Made by [`table_row!`](crate::table_row).
pub trait TableRow: Sized {
    /// `SELECT`, all columns, `FROM` and the table, with a space at the end.
    const SELECT: &'static str;
    /// `INSERT INTO`, the table and all columns, `VALUES`, with a space at the end.
    const INSERT: &'static str;

    /// Reads the row.
    fn read(row: &Row) -> Result<Self, StoreError>;

    /// Adds the values of all columns in parentheses, each as a placeholder and a bind.
    fn push_values(&self, statement: Statement) -> Statement;
}

/// Begins `SELECT … FROM …` of all columns; `rest` is what follows, such as `WHERE id = $1`.
pub fn select<T: TableRow>(rest: &'static str) -> Statement {
    sql(T::SELECT).push(rest)
}

/// `INSERT` of a row; what follows, such as `ON CONFLICT`, is pushed.
pub fn insert<T: TableRow>(row: &T) -> Statement {
    row.push_values(sql(T::INSERT))
}

impl Statement {
    /// All rows, read.
    pub async fn rows<T: TableRow>(self, on: &mut impl Session) -> Result<Vec<T>, StoreError> {
        self.all(on).await?.iter().map(T::read).collect()
    }

    /// All rows, read, by whose they are; each one's in the order in which they come.
    pub async fn rows_by<K: Eq + Hash, T: TableRow>(
        self,
        on: &mut impl Session,
        key: impl Fn(&T) -> K,
    ) -> Result<HashMap<K, Vec<T>>, StoreError> {
        let mut rows: HashMap<K, Vec<T>> = HashMap::new();
        for row in self.rows::<T>(on).await? {
            rows.entry(key(&row)).or_default().push(row);
        }
        Ok(rows)
    }

    /// The row, read, if there is one; more than one is an error.
    pub async fn row<T: TableRow>(self, on: &mut impl Session) -> Result<Option<T>, StoreError> {
        self.optional(on).await?.as_ref().map(T::read).transpose()
    }
}

/// Says how a struct is a row of a table: its fields, each with how it is written, in the order of the columns.
///
/// - `value`: as the column's own type is read and bound (`i64`, `String`, `Option<String>`, `Timestamp`, `bool`);
/// - `text`: by its one text form (`Display` and `FromStr`), such as an identifier or a word;
/// - `optional_text`: an `Option` of such a value;
/// - `via(to, from)`: as what `to` makes of it, such as `via(Amount::minor, Amount::from_minor)`.
///
/// A column that has another name than its field has it in parentheses.
///
/// ```
/// use kit_runtime::Timestamp;
///
/// struct Note { number: i64, author: std::net::IpAddr, text: Option<String>, written_at: Timestamp }
///
/// kit_db::table_row! {
///     Note in "notes" { number: value, author("author_ip"): text, text: value, written_at: value }
/// }
///
/// use kit_db::TableRow;
/// assert_eq!(Note::SELECT, "SELECT number, author_ip, text, written_at FROM notes ");
/// assert_eq!(Note::INSERT, "INSERT INTO notes (number, author_ip, text, written_at) VALUES ");
/// ```
#[macro_export]
macro_rules! table_row {
    ($row:ident in $table:literal {
        $first:ident $(($first_column:literal))?: $first_kind:ident $(($($first_via:tt)+))?
        $(, $field:ident $(($column:literal))?: $kind:ident $(($($via:tt)+))?)* $(,)?
    }) => {
        impl $crate::TableRow for $row {
            const SELECT: &'static str = ::std::concat!(
                "SELECT ", $crate::__column!($first $($first_column)?),
                $(", ", $crate::__column!($field $($column)?),)* " FROM ", $table, " ",
            );
            const INSERT: &'static str = ::std::concat!(
                "INSERT INTO ", $table, " (", $crate::__column!($first $($first_column)?),
                $(", ", $crate::__column!($field $($column)?),)* ") VALUES ",
            );

            fn read(row: &$crate::Row) -> ::std::result::Result<Self, $crate::StoreError> {
                ::std::result::Result::Ok(Self {
                    $first: $crate::__read!(row, $crate::__column!($first $($first_column)?), $first_kind $(($($first_via)+))?),
                    $($field: $crate::__read!(row, $crate::__column!($field $($column)?), $kind $(($($via)+))?),)*
                })
            }

            fn push_values(&self, statement: $crate::Statement) -> $crate::Statement {
                statement
                    .push("(")
                    .push_bind($crate::__bound!(self.$first, $first_kind $(($($first_via)+))?))
                    $(.push(", ").push_bind($crate::__bound!(self.$field, $kind $(($($via)+))?)))*
                    .push(")")
            }
        }
    };
}

/// A column's name: the one that is given, or the field's.
#[doc(hidden)]
#[macro_export]
macro_rules! __column {
    ($field:ident) => {
        ::std::stringify!($field)
    };
    ($field:ident $column:literal) => {
        $column
    };
}

/// A column, read as its kind.
#[doc(hidden)]
#[macro_export]
macro_rules! __read {
    ($row:ident, $column:expr, value) => {
        $row.get($column)?
    };
    ($row:ident, $column:expr, text) => {
        $row.parse($column)?
    };
    ($row:ident, $column:expr, optional_text) => {
        $row.parse_optional($column)?
    };
    ($row:ident, $column:expr, via($to:path, $from:path)) => {
        $from($row.get($column)?)
    };
}

/// A field, as what its kind is bound as.
#[doc(hidden)]
#[macro_export]
macro_rules! __bound {
    ($value:expr, value) => {
        ::std::clone::Clone::clone(&$value)
    };
    ($value:expr, text) => {
        ::std::string::ToString::to_string(&$value)
    };
    ($value:expr, optional_text) => {
        $value.as_ref().map(::std::string::ToString::to_string)
    };
    ($value:expr, via($to:path, $from:path)) => {
        $to(::std::clone::Clone::clone(&$value))
    };
}
