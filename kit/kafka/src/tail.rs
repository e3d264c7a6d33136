//! Topics, as a broadcast hears them: all partitions, in no group, from their ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use kit_bus::Failure;
use kit_bus::carrier::{BrokerError, Record, Tail};
use kit_event::Topic;

use crate::reader::{Reader, Setup, TopicPartition};
use crate::{Hub, topics};

/// Records taken of a partition at once.
const PAGE: usize = 500;

pub(crate) struct KafkaTail {
    hub: Arc<Hub>,
    topics: Vec<&'static Topic>,
    open: Option<Open>,
}

/// From a beginning to the next interruption.
struct Open {
    reader: Reader,
    /// Partitions by topic.
    counts: BTreeMap<&'static str, i32>,
}

impl KafkaTail {
    pub(crate) fn new(hub: Arc<Hub>, topics: Vec<&'static Topic>) -> Self {
        Self {
            hub,
            topics,
            open: None,
        }
    }

    /// The ends are asked for first, and then gone to: what comes while the client is on its way there counts.
    async fn listen(&self) -> Result<Open, BrokerError> {
        let mut ends = BTreeMap::new();
        let mut counts = BTreeMap::new();
        for Topic { name, retention, .. } in self.topics.iter().copied() {
            let topic = *name;
            counts.insert(topic, topics::make_sure(&self.hub, topic, *retention).await?);
            let bounds = topics::bounds(&self.hub, topic).await?.unwrap_or_default();
            for (partition, bounds) in bounds {
                let partition = i32::try_from(partition).unwrap_or(i32::MAX);
                ends.insert(TopicPartition { topic, partition }, bounds.high);
            }
        }
        let reader = Reader::start(Setup {
            hub: self.hub.clone(),
            topics: self.topics.clone(),
            kafka_group: format!("{}.broadcasts", self.hub.settings.prefix),
        })?;
        for (topic_partition, high) in ends {
            reader.go(topic_partition, high);
        }
        Ok(Open { reader, counts })
    }
}

impl Open {
    fn take(&self) -> Result<Vec<Arc<Record>>, Failure> {
        if !self.reader.take_beyond().is_empty() {
            return Err(Failure::again("a topic was deleted and made anew"));
        }
        let mut records = Vec::new();
        for (topic, count) in &self.counts {
            // None are known until the reader has looked itself.
            if self.reader.count(topic) > *count {
                return Err(Failure::again("a topic has more partitions now"));
            }
            for partition in 0..*count {
                records.extend(self.reader.take(TopicPartition { topic, partition }, PAGE));
            }
        }
        Ok(records)
    }
}

impl Tail for KafkaTail {
    fn begin(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        async {
            self.open = None;
            self.open = Some(self.listen().await?);
            Ok(())
        }
        .boxed()
    }

    fn take(&mut self) -> BoxFuture<'_, Result<Vec<Arc<Record>>, Failure>> {
        let taken = match &self.open {
            Some(open) => open.take(),
            None => Err(Failure::again("not connected")),
        };
        std::future::ready(taken).boxed()
    }

    fn changed(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        async {
            match &self.open {
                Some(open) => Ok(open.reader.changed().await?),
                None => Err(Failure::again("not connected")),
            }
        }
        .boxed()
    }
}
