//! What the clients know: what they asked for, and what they were told.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};

use serde_json::Value;

/// What is asked for an order, and may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// Paid, by a card.
    Pay,
    /// Charged, on a page, whether or not anybody still wants the order.
    Charge,
    Cancel,
    Ship,
    Deliver,
    Refund,
}

/// An order that somebody asked for.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub buyer: usize,
    /// Under which it was asked for, so that it can be asked for again.
    pub key: String,
    pub body: Value,
    /// As it was acknowledged.
    pub order: Option<Value>,
    /// It was refused, and must not be there.
    pub is_refused: bool,
    pub asked: BTreeSet<Act>,
    pub answered: BTreeSet<Act>,
    /// Where it can be paid.
    pub pages: Vec<String>,
    /// Refunds that were acknowledged.
    pub refunds: BTreeSet<String>,
    /// How often a refund was asked for.
    pub refunds_asked: usize,
}

impl Record {
    pub(super) fn id(&self) -> Option<&str> {
        self.order.as_ref().and_then(|order| order["id"].as_str())
    }

    pub(super) fn was_asked(&self, act: Act) -> bool {
        self.asked.contains(&act)
    }

    pub(super) fn was_answered(&self, act: Act) -> bool {
        self.answered.contains(&act)
    }
}

#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<Vec<Record>>);

impl Journal {
    pub(super) fn records(&self) -> MutexGuard<'_, Vec<Record>> {
        self.0.lock().expect("the journal")
    }

    pub(super) fn len(&self) -> usize {
        self.records().len()
    }

    /// Notes an order before it is asked for; its index.
    pub(super) fn ask_for(&self, buyer: usize, key: &str, body: Value) -> usize {
        let mut records = self.records();
        records.push(Record {
            buyer,
            key: key.to_owned(),
            body,
            order: None,
            is_refused: false,
            asked: BTreeSet::new(),
            answered: BTreeSet::new(),
            pages: Vec::new(),
            refunds: BTreeSet::new(),
            refunds_asked: 0,
        });
        records.len() - 1
    }

    pub(super) fn note<T>(&self, index: usize, note: impl FnOnce(&mut Record) -> T) -> T {
        note(&mut self.records()[index])
    }

    /// The first acknowledged order at an index or before it of which something holds.
    pub(super) fn near(&self, index: usize, holds: impl Fn(&Record) -> bool) -> Option<(usize, Record)> {
        let records = self.records();
        let mut before = (0..=index.min(records.len().checked_sub(1)?)).rev();
        let found = before.find(|index| records[*index].order.is_some() && holds(&records[*index]))?;
        Some((found, records[found].clone()))
    }
}
