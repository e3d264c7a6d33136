//! Products from a table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `POST /products/import` is asked beside the table.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// Whether nothing is to be written: everything is checked and counted as if it were.
    #[serde(default)]
    pub dry_run: bool,
}

/// What an import did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct ImportView {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// How many rows the table has.
    pub rows: u64,
    /// Products that are new.
    pub products_created: u64,
    /// Products that are not as they were before.
    pub products_updated: u64,
    /// Products that are as the table says already.
    pub products_unchanged: u64,
    /// SKUs of which another number is on hand than before.
    pub stock_changed: u64,
}
