//! What a feed writes itself, on the consumer's database.

use kit_db::{Db, StoreError, Tx, WriteError, sql};

use crate::lease;

/// A position beyond the end of its partition.
pub(super) struct Beyond<'a> {
    pub(super) consumer: &'static str,
    pub(super) source: &'a str,
    pub(super) partition: i64,
    /// The number of the lease that its lane works under.
    pub(super) lease: i64,
    /// Where the partition ends.
    pub(super) high: i64,
}

enum Refusal {
    DoneBefore,
    Failed(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Takes the position back to `again`, unless another process has done that; whether it was done now. Whoever
/// works from there is superseded first.
pub(super) async fn begin_again(db: &Db, beyond: &Beyond<'_>, again: i64) -> Result<bool, StoreError> {
    let (consumer, source) = (beyond.consumer, beyond.source.to_owned());
    let (partition, high) = (beyond.partition, beyond.high);
    let lease = lease::lease_name(&lease::scope_of(consumer), beyond.lease);
    let moved = db.write(async move |tx: &mut Tx| {
        sql("UPDATE leases SET holder = '', epoch = epoch + 1, expires_at = 0 WHERE name = $1")
            .bind(&lease)
            .execute(tx)
            .await?;
        let moved = sql("UPDATE positions SET position = $4 \
             WHERE consumer = $1 AND source = $2 AND partition = $3 AND position > $5")
        .bind(consumer)
        .bind(&source)
        .bind(partition)
        .bind(again)
        .bind(high)
        .execute(tx)
        .await?;
        if moved == 0 {
            return Err(Refusal::DoneBefore);
        }
        Ok(())
    });
    match moved.await {
        Ok(()) => Ok(true),
        Err(WriteError::Refused(Refusal::DoneBefore)) => Ok(false),
        Err(WriteError::Refused(Refusal::Failed(error)) | WriteError::Failed(error)) => Err(error),
        Err(WriteError::Unavailable(why)) => Err(why.into()),
        Err(WriteError::OutcomeUnknown) => Err(StoreError::Aborted),
    }
}
