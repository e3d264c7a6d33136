//! Reading an outbox.

use std::sync::Arc;

use kit_db::{PARTITIONS, ReadDb, Reader, StoreError, Table, sql};
use kit_event::Topic;

use crate::envelope::Record;

/// Positions looked through by one statement, so that it ends in time though few rows are wanted.
const SPAN: i64 = 50_000;

/// Which rows of a log to read.
#[derive(Clone, Debug)]
pub(crate) struct LogFilter {
    pub(crate) topics: Vec<&'static Topic>,
    /// All types where there are none.
    pub(crate) types: Option<Vec<&'static str>>,
    /// All of them, or some.
    pub(crate) partitions: Vec<i64>,
}

/// Rows in order.
pub(crate) struct Page {
    pub(crate) records: Vec<Arc<Record>>,
    /// Everything that the filter lets through up to here is in it.
    pub(crate) upto: i64,
}

/// One source's outbox.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    db: ReadDb,
    outbox: Table,
}

impl Log {
    pub(crate) fn new(db: ReadDb) -> Self {
        let outbox = db.table("outbox");
        Self { db, outbox }
    }

    pub(crate) fn db(&self) -> &ReadDb {
        &self.db
    }

    pub(crate) fn outbox(&self) -> &Table {
        &self.outbox
    }

    /// The wanted rows after a position, as far as `head` at most. Only what lies at or below the head is
    /// complete.
    pub(crate) async fn page(
        &self,
        after: i64,
        head: i64,
        filter: &LogFilter,
        limit: u32,
    ) -> Result<Page, StoreError> {
        let upto = head.min(after.saturating_add(SPAN));
        let (outbox, filter) = (self.outbox.clone(), filter.clone());
        let rows = self.db.read(async move |reader: &mut Reader| {
            let mut select = sql("SELECT * FROM ")
                .push_table(&outbox)
                .push(" WHERE position > $1 AND position <= $2 AND topic IN ")
                .bind(after)
                .bind(upto)
                .push_list(filter.topics.iter().map(|topic| topic.name));
            if let Some(types) = &filter.types {
                select = select.push(" AND type IN ").push_list(types.iter().copied());
            }
            if u64::try_from(filter.partitions.len()) != Ok(PARTITIONS) {
                select = select
                    .push(" AND partition IN ")
                    .push_list(filter.partitions.iter().copied());
            }
            select
                .push(" ORDER BY position LIMIT ")
                .push_bind(limit)
                .all(reader)
                .await
        });
        let rows = rows.await?;
        let records = rows
            .iter()
            .map(|row| Ok(Arc::new(Record::read(row, row.get("created_at")?)?)));
        let records = records.collect::<Result<Vec<_>, StoreError>>()?;
        let is_full = u32::try_from(records.len()) == Ok(limit);
        let last = records.last().map_or(upto, |record| record.position);
        Ok(Page {
            records,
            upto: if is_full { last } else { upto },
        })
    }
}
