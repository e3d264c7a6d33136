//! A topic, fed to a group: the partitions that belong to this process's leases, each from where its lane is.

use std::collections::BTreeMap;
use std::sync::Arc;

use kit_db::Db;
use kit_event::Topic;

use super::reader::{self, Beyond, Place, Reader};
use super::{Hub, store};
use crate::feed::{Done, Feed, FeedError, Page};
use crate::lease::Leases;

/// A group's part of a topic.
pub(super) struct Setup {
    pub(super) hub: Arc<Hub>,
    pub(super) topic: &'static Topic,
    /// What positions are kept by.
    pub(super) source: String,
    pub(super) consumer: &'static str,
    pub(super) kafka_group: String,
    pub(super) db: Db,
    pub(super) leases: Leases,
    /// Records handed over at once.
    pub(super) page: u32,
}

pub(super) struct KafkaFeed {
    setup: Arc<Setup>,
    /// Nothing when there is no thread to be had.
    reader: Option<Reader>,
    /// Everything up to here was handed over, by partition.
    left_off: BTreeMap<i64, i64>,
}

impl KafkaFeed {
    pub(super) fn new(setup: Arc<Setup>) -> Self {
        let reader = Reader::start(reader::Setup {
            hub: setup.hub.clone(),
            topics: vec![setup.topic],
            kafka_group: setup.kafka_group.clone(),
        });
        if let Err(error) = &reader {
            tracing::error!(%error, topic = setup.topic.name, "a topic cannot be read");
        }
        Self {
            reader: reader.ok(),
            setup,
            left_off: BTreeMap::new(),
        }
    }

    fn place(&self, partition: i64) -> Place {
        Place {
            topic: self.setup.topic.name,
            partition: i32::try_from(partition).unwrap_or(i32::MAX),
        }
    }

    /// Takes positions back that are not of the topic as it is now. The lanes there are superseded, and others
    /// begin where it is certain that nothing is missed; the inbox knows what was done.
    async fn begin_again(&self, place: Place, found: Beyond) -> Result<(), FeedError> {
        let Setup { consumer, topic, .. } = *self.setup;
        let partition = i64::from(place.partition);
        let beyond = store::Beyond {
            consumer,
            source: &self.setup.source,
            partition,
            lease: lease_of(partition),
            high: found.high,
        };
        if store::begin_again(&self.setup.db, &beyond, found.again).await? {
            tracing::error!(
                consumer,
                topic = topic.name,
                partition,
                ends_at = found.high,
                begins_again_at = found.again,
                "the topic was deleted and made anew, or has lost its end"
            );
        }
        self.setup.leases.look_now();
        Ok(())
    }
}

/// The lease that a partition belongs to. Processes own leases that stand beside each other, so partitions that
/// stand beside each other belong to leases far apart: a topic of few partitions is shared too.
fn lease_of(partition: i64) -> i64 {
    let [low, ..] = partition.to_le_bytes();
    i64::from((low & 15).reverse_bits() >> 4)
}

impl Feed for KafkaFeed {
    fn partitions(&self, lease: i64) -> Vec<i64> {
        let count = self
            .reader
            .as_ref()
            .map_or(0, |reader| reader.count(self.setup.topic.name));
        let all = 0..i64::from(count);
        all.filter(|partition| lease_of(*partition) == lease).collect()
    }

    fn behind(&self, partition: i64, position: i64) -> i64 {
        let reader = self.reader.as_ref();
        let high = reader.and_then(|reader| reader.high(self.place(partition)));
        high.map_or(0, |high| (high - position).max(0))
    }

    async fn read(&mut self, cursors: &BTreeMap<i64, i64>) -> Result<Vec<Page>, FeedError> {
        let Some(reader) = &self.reader else {
            return Ok(Vec::new());
        };
        for (place, beyond) in reader.take_beyond() {
            self.begin_again(place, beyond).await?;
        }
        let mut pages = Vec::new();
        for (partition, cursor) in cursors {
            let place = self.place(*partition);
            if self.left_off.get(partition) != Some(cursor) {
                reader.go(place, *cursor);
                self.left_off.insert(*partition, *cursor);
                continue;
            }
            let records = reader.take(place, self.setup.page as usize);
            if let Some(last) = records.last() {
                let upto = last.position;
                self.left_off.insert(*partition, upto);
                pages.push(Page {
                    partitions: vec![*partition],
                    records,
                    upto,
                });
            }
        }
        Ok(pages)
    }

    /// Nothing: the database remembers.
    async fn passed(&mut self, _done: &Done<'_>) -> Result<(), FeedError> {
        Ok(())
    }

    fn stands(&mut self, partition: i64, saved: i64) {
        if let Some(reader) = &self.reader {
            reader.passed(self.place(partition), saved);
        }
    }

    async fn changed(&mut self) -> Result<(), FeedError> {
        match &self.reader {
            Some(reader) => Ok(reader.changed().await?),
            None => Err("there is no thread to read with".into()),
        }
    }

    async fn close(&mut self) {
        if let Some(reader) = &self.reader {
            reader.close().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partitions_of_a_small_topic_are_spread_over_the_leases() {
        let leases: Vec<i64> = (0..4).map(lease_of).collect();
        assert_eq!(leases, [0, 8, 4, 12]);
        let mut all: Vec<i64> = (0..16).map(lease_of).collect();
        all.sort_unstable();
        assert_eq!(all, (0..16).collect::<Vec<_>>());
        assert_eq!(lease_of(16), lease_of(0));
    }
}
