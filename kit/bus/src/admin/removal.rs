//! Groups that are not wanted any more.

use kit_db::{StoreError, Tx, WriteError, sql};

use super::{Admin, AdminError};

impl Admin {
    /// Removes a group that was stopped in every process, for good: its queue at a broker, its positions, its inbox
    /// and its dead letters. Nothing is kept for it from then on, and a group of this name would begin from the
    /// beginning. One that is not there is no error; one that still runs somewhere makes itself anew.
    pub async fn remove(&self, consumer: &str) -> Result<(), AdminError> {
        for (broker, standing) in self.at_brokers(consumer).await? {
            let topics = self.sources.carriers().topics_of(&broker);
            broker.0.remove(&standing, &topics).await?;
        }
        self.forget(consumer, "").await?;
        let consumer = consumer.to_owned();
        let removed = self.db.write(async move |tx: &mut Tx| {
            for delete in [
                "DELETE FROM parked WHERE consumer = $1",
                "DELETE FROM positions WHERE consumer = $1",
            ] {
                sql(delete).bind(&consumer).execute(tx).await?;
            }
            Ok::<_, StoreError>(())
        });
        removed.await.map_err(WriteError::flatten)?;
        Ok(())
    }
}
