//! Values made of other values: optional, secret, lists, tables.

use std::collections::BTreeMap;
use std::ops::Deref;

use kit_runtime::Secret;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::value::{Kind, Mismatch, Raw, Shape, Value};

/// An empty text in the environment clears an optional key.
impl<T: Value> Value for Option<T> {
    const SECRET: bool = T::SECRET;

    fn kind() -> Kind {
        T::kind()
    }

    fn parse(raw: &Raw) -> Result<Self, Mismatch> {
        match raw {
            Raw::Text(text) if text.is_empty() => Ok(None),
            given => T::parse(given).map(Some),
        }
    }
}

impl<T: Value> Value for Secret<T> {
    const SECRET: bool = true;

    fn kind() -> Kind {
        T::kind()
    }

    fn parse(raw: &Raw) -> Result<Self, Mismatch> {
        T::parse(raw).map(Self::new)
    }
}

/// A TOML array, or text with commas between the items.
impl<T: Value> Value for Vec<T> {
    const SECRET: bool = T::SECRET;

    fn kind() -> Kind {
        let item = T::kind();
        Kind::new(
            format!("list of {}", item.name),
            format!("a list, each item {}", item.expects),
            json!({"type": "array", "items": item.schema}),
        )
    }

    fn parse(raw: &Raw) -> Result<Self, Mismatch> {
        let items: Vec<Raw> = match raw {
            Raw::Text(text) => text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Raw::Text(item.to_owned()))
                .collect(),
            Raw::List(items) => items.clone(),
            Raw::Toml(_) | Raw::Entries(_) => return Err(Mismatch::expected::<Self>(raw)),
        };
        collect_all(items.iter().enumerate().map(|(index, item)| {
            T::parse(item).map_err(|mismatch| {
                mismatch.each(|fault| fault.message = format!("item {}: {}", index + 1, fault.message))
            })
        }))
    }
}

/// All values, or all the faults of those that are wrong.
fn collect_all<T, C: FromIterator<T>>(
    results: impl Iterator<Item = Result<T, Mismatch>>,
) -> Result<C, Mismatch> {
    let mut faults = Vec::new();
    let values: C = results
        .filter_map(|result| result.map_err(|mismatch| faults.extend(mismatch.0)).ok())
        .collect();
    if faults.is_empty() {
        Ok(values)
    } else {
        Err(Mismatch(faults))
    }
}

/// An array of tables (`[[gateway.routes]]`), each read by serde. `T` should refuse unknown fields
/// (`#[serde(deny_unknown_fields)]`). Elsewhere than in the file it is written as a JSON array. It must hold
/// no secrets: serde's messages repeat what they refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables<T>(Vec<T>);

impl<T> Tables<T> {
    /// The tables in their order.
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }
}

impl<T> Default for Tables<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for Tables<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: DeserializeOwned> Value for Tables<T> {
    fn kind() -> Kind {
        let schema = json!({"type": "array", "items": {"type": "object"}});
        Kind {
            shape: Shape::Tables,
            ..Kind::new("array of tables", "an array of tables", schema)
        }
    }

    fn parse(raw: &Raw) -> Result<Self, Mismatch> {
        let tables = match raw {
            Raw::Text(text) => {
                let parsed = serde_json::from_str(text);
                return parsed
                    .map(Self)
                    .map_err(|error| Mismatch::new(format!("expected a JSON array of objects: {error}")));
            }
            Raw::List(tables) => tables,
            Raw::Toml(_) | Raw::Entries(_) => return Err(Mismatch::expected::<Self>(raw)),
        };
        collect_all(tables.iter().enumerate().map(|(index, table)| {
            let Raw::Toml(value) = table else {
                return Err(Mismatch::expected::<Self>(table));
            };
            T::deserialize(value.get_ref().clone()).map_err(|error| {
                Mismatch::at(format!("table {}: {}", index + 1, error.message()), table.span())
            })
        }))
        .map(Self)
    }
}

/// A table of free names, each with a value (`peers.<service>`). Layers merge by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map<T>(BTreeMap<String, T>);

impl<T> Map<T> {
    /// The entries, by name.
    pub fn into_inner(self) -> BTreeMap<String, T> {
        self.0
    }
}

impl<T> Default for Map<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Deref for Map<T> {
    type Target = BTreeMap<String, T>;

    fn deref(&self) -> &BTreeMap<String, T> {
        &self.0
    }
}

impl<T: Value> Value for Map<T> {
    const SECRET: bool = T::SECRET;

    fn kind() -> Kind {
        let entry = T::kind();
        let schema = json!({"type": "object", "additionalProperties": entry.schema});
        Kind {
            shape: Shape::Map,
            ..Kind::new(entry.name, entry.expects, schema)
        }
    }

    fn parse(raw: &Raw) -> Result<Self, Mismatch> {
        let Raw::Entries(entries) = raw else {
            return Err(Mismatch::expected::<Self>(raw));
        };
        collect_all(entries.iter().map(|(name, value)| {
            let value = T::parse(value)
                .map_err(|mismatch| mismatch.each(|fault| fault.entry = Some(name.clone())))?;
            Ok((name.clone(), value))
        }))
        .map(Self)
    }
}
