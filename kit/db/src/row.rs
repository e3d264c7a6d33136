//! A row, and the types a column can be read as.

use std::fmt::Display;
use std::str::FromStr;

use kit_runtime::Timestamp;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::value::{Cell, Names};

/// A row of an answer. Its columns are text, 64-bit integers and bytes, the same on both databases; everything
/// else is read out of those here.
pub struct Row {
    names: Names,
    cells: Vec<Cell>,
}

impl Row {
    pub(crate) fn new(names: Names, cells: Vec<Cell>) -> Self {
        Self { names, cells }
    }

    /// The column's value, by name or by index from zero.
    pub fn get<T: FromColumn>(&self, column: impl Column) -> Result<T, StoreError> {
        T::from_column(self, column)
    }

    /// A text column read as something with one text form, such as a typed identifier.
    pub fn parse<T>(&self, column: impl Column) -> Result<T, StoreError>
    where
        T: FromStr<Err: Display>,
    {
        let text: &str = self.raw(column)?;
        text.parse().map_err(|error: T::Err| column_error(column, &error))
    }

    /// As [`Row::parse`], for a column that may be NULL.
    pub fn parse_optional<T>(&self, column: impl Column) -> Result<Option<T>, StoreError>
    where
        T: FromStr<Err: Display>,
    {
        let text: Option<&str> = self.raw(column)?;
        text.map(str::parse)
            .transpose()
            .map_err(|error: T::Err| column_error(column, &error))
    }

    /// An integer column read as something with a range of its own.
    pub fn convert<T>(&self, column: impl Column) -> Result<T, StoreError>
    where
        T: TryFrom<i64, Error: Display>,
    {
        let number: i64 = self.raw(column)?;
        number
            .try_into()
            .map_err(|error: T::Error| column_error(column, &error))
    }

    /// A text column that holds JSON.
    pub fn json<T: DeserializeOwned>(&self, column: impl Column) -> Result<T, StoreError> {
        let text: &str = self.raw(column)?;
        serde_json::from_str(text).map_err(|error| column_error(column, &error))
    }

    fn raw<'r, T: FromCell<'r>>(&'r self, column: impl Column) -> Result<T, StoreError> {
        let cell = column.find(&self.names).and_then(|index| self.cells.get(index));
        let cell = cell.ok_or_else(|| column_error(column, &"there is none of this name"))?;
        T::from_cell(cell).ok_or_else(|| column_error(column, &format!("it is {}", cell.kind())))
    }
}

fn column_error(column: impl Column, reason: &dyn Display) -> StoreError {
    StoreError::Column {
        column: column.describe(),
        reason: reason.to_string(),
    }
}

/// What a cell holds, or nothing where it holds something else.
trait FromCell<'r>: Sized {
    fn from_cell(cell: &'r Cell) -> Option<Self>;
}

impl<'r> FromCell<'r> for &'r str {
    fn from_cell(cell: &'r Cell) -> Option<Self> {
        match cell {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl FromCell<'_> for String {
    fn from_cell(cell: &Cell) -> Option<Self> {
        <&str>::from_cell(cell).map(str::to_owned)
    }
}

impl FromCell<'_> for i64 {
    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromCell<'_> for Vec<u8> {
    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }
}

impl<'r, T: FromCell<'r>> FromCell<'r> for Option<T> {
    fn from_cell(cell: &'r Cell) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

/// How a column is named: its name, or its index from zero.
pub trait Column: Copy + private::Sealed {
    #[doc(hidden)]
    fn find(self, names: &[Box<str>]) -> Option<usize>;
    #[doc(hidden)]
    fn describe(self) -> String;
}

impl Column for &str {
    fn find(self, names: &[Box<str>]) -> Option<usize> {
        names.iter().position(|name| **name == *self)
    }

    fn describe(self) -> String {
        self.to_owned()
    }
}

impl Column for usize {
    fn find(self, _: &[Box<str>]) -> Option<usize> {
        Some(self)
    }

    fn describe(self) -> String {
        self.to_string()
    }
}

mod private {
    pub trait Sealed {}
    impl Sealed for &str {}
    impl Sealed for usize {}
}

/// A type that a column can be read as.
pub trait FromColumn: Sized {
    #[doc(hidden)]
    fn from_column(row: &Row, column: impl Column) -> Result<Self, StoreError>;
}

macro_rules! read_as_is {
    ($($kind:ty),+) => {$(
        impl FromColumn for $kind {
            fn from_column(row: &Row, column: impl Column) -> Result<Self, StoreError> {
                row.raw(column)
            }
        }

        impl FromColumn for Option<$kind> {
            fn from_column(row: &Row, column: impl Column) -> Result<Self, StoreError> {
                row.raw(column)
            }
        }
    )+};
}

read_as_is!(String, i64, Vec<u8>);

macro_rules! read_from_integer {
    ($($kind:ty => $read:expr),+ $(,)?) => {$(
        impl FromColumn for $kind {
            fn from_column(row: &Row, column: impl Column) -> Result<Self, StoreError> {
                Option::<$kind>::from_column(row, column)?
                    .ok_or_else(|| column_error(column, &"it is null"))
            }
        }

        impl FromColumn for Option<$kind> {
            fn from_column(row: &Row, column: impl Column) -> Result<Self, StoreError> {
                let read: fn(i64) -> Option<$kind> = $read;
                let Some(number) = row.raw::<Option<i64>>(column)? else {
                    return Ok(None);
                };
                match read(number) {
                    Some(value) => Ok(Some(value)),
                    None => Err(column_error(column, &format!("{number} is out of range"))),
                }
            }
        }
    )+};
}

read_from_integer! {
    bool => |number| match number {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    },
    u64 => |number| u64::try_from(number).ok(),
    u32 => |number| u32::try_from(number).ok(),
    u16 => |number| u16::try_from(number).ok(),
    i32 => |number| i32::try_from(number).ok(),
    Timestamp => |micros| Some(Timestamp::from_micros(micros)),
}
