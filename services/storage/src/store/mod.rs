//! The columns of storage's own, in tables that are older than the shop's crate, which has the statements.

mod columns;
mod invariants;

pub(crate) use columns::{KEYS, TERMS, read_keys, read_terms, write_keys, write_terms};
pub(crate) use invariants::{FACTS, INVARIANTS};
