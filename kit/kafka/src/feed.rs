//! A topic, fed to a group: the partitions that belong to this process's leases, each from where its processor is.

use std::collections::BTreeMap;
use std::sync::Arc;

use kit_bus::carrier::{Feed, FeedError, Page, Rewind};
use kit_event::Topic;

use crate::Hub;
use crate::reader::{self, Reader, TopicPartition};

/// A group's part of a topic.
pub(crate) struct Setup {
    pub(crate) hub: Arc<Hub>,
    pub(crate) topic: &'static Topic,
    pub(crate) kafka_group: String,
    /// Records handed over at once.
    pub(crate) page: u32,
}

pub(crate) struct KafkaFeed {
    setup: Arc<Setup>,
    /// Nothing when there is no thread to be had.
    reader: Option<Reader>,
    /// Everything up to here was handed over, by partition.
    left_off: BTreeMap<i64, i64>,
}

impl KafkaFeed {
    pub(crate) fn new(setup: Arc<Setup>) -> Self {
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

    fn topic_partition(&self, partition: i64) -> TopicPartition {
        TopicPartition {
            topic: self.setup.topic.name,
            partition: i32::try_from(partition).unwrap_or(i32::MAX),
        }
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
        let high = reader.and_then(|reader| reader.high(self.topic_partition(partition)));
        high.map_or(0, |high| (high - position).max(0))
    }

    async fn read(&mut self, cursors: &BTreeMap<i64, i64>) -> Result<Vec<Page>, FeedError> {
        let Some(reader) = &self.reader else {
            return Ok(Vec::new());
        };
        let mut pages = Vec::new();
        for (partition, cursor) in cursors {
            let topic_partition = self.topic_partition(*partition);
            if self.left_off.get(partition) != Some(cursor) {
                reader.go(topic_partition, *cursor);
                self.left_off.insert(*partition, *cursor);
                continue;
            }
            let records = reader.take(topic_partition, self.setup.page as usize);
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

    fn stands(&mut self, partition: i64, saved: i64) {
        if let Some(reader) = &self.reader {
            reader.passed(self.topic_partition(partition), saved);
        }
    }

    fn rewinds(&mut self) -> Vec<Rewind> {
        let beyond = self.reader.iter().flat_map(Reader::take_beyond);
        let rewinds = beyond.map(|(topic_partition, beyond)| Rewind {
            partition: topic_partition.partition.into(),
            end: beyond.high,
            to: beyond.again,
        });
        rewinds.collect()
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
