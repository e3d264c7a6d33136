//! What must hold of a service's tables, and what services must agree on: data, so that `stoa verify` and the tests read
//! the same.

use std::collections::BTreeMap;

use kit_db::{Db, Reader, StoreError, sql};

/// Something that holds of a service's tables at every moment, whatever happened before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invariant {
    /// What holds, as a sentence.
    pub rule: &'static str,
    /// One statement, so that it sees one moment: the rows that break the rule, named by its first column, a text.
    pub violations: &'static str,
}

impl Invariant {
    /// The rows that break it.
    pub async fn violations(&self, db: &Db) -> Result<Vec<String>, StoreError> {
        let statement = self.violations;
        let read = async move |reader: &mut Reader| sql(statement).all(reader).await;
        let rows = db.read(read).await?;
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// Something that more than one service knows, each from its own tables. Once nothing is under way any more, all that
/// state a fact of the same name state the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What is stated, in words.
    pub name: &'static str,
    /// A statement with two columns of text: what each row is about, and what is said of it.
    pub rows: &'static str,
}

impl Fact {
    /// What the service says: of what, and what.
    pub async fn read(&self, db: &Db) -> Result<BTreeMap<String, String>, StoreError> {
        let statement = self.rows;
        let read = async move |reader: &mut Reader| sql(statement).all(reader).await;
        let rows = db.read(read).await?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    }
}
