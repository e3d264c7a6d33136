//! What the thread does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::{Beyond, SLOT, Setup, Shared, TopicPartition};
use crate::client::{Consumer, LogContext, consuming};
use crate::message;
use crate::topics::{self, Bounds};

/// Messages that are moved to a slot at once.
const BATCH: usize = 200;

/// The longest rest. The library wakes us; this is a net under it.
const REST: Duration = Duration::from_secs(1);

/// The pause after the brokers did not answer; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How often offsets are noted at the brokers.
const NOTING: Duration = Duration::from_secs(5);

/// How far back whoever stands beyond the end of a partition begins again: not so far that an inbox may have
/// forgotten what was done, which is after a fortnight.
const REMEMBERED: Duration = Duration::from_hours(13 * 24);

pub(crate) struct Poller {
    setup: Setup,
    shared: Arc<Shared>,
    // Before the client, which waits for them when it is dropped.
    streams: BTreeMap<TopicPartition, Stream>,
    consumer: Arc<Consumer>,
    /// A client without partitions, for questions: on the other's connection each would wait behind a fetch that
    /// waits for something new, and whoever waits here drains nothing.
    metadata: Consumer,
    look_at: Instant,
    note_at: Instant,
    noted: BTreeMap<TopicPartition, i64>,
    /// Since the brokers did not answer: the pause, and until when it lasts.
    trouble: Option<(Duration, Instant)>,
}

/// A partition on the course that its slot had when the thread last went somewhere with it.
struct Stream {
    queue: PartitionQueue<LogContext>,
    course: u64,
    /// Everything up to here is in the slot, or was.
    next: i64,
    is_assigned: bool,
    /// The partition may not be what it was.
    is_doubtful: bool,
}

/// Where to begin, with a position and a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    At(i64),
    /// What came before was removed, and never read.
    After {
        removed: i64,
        at: i64,
    },
    /// The partition ends before it.
    Beyond,
}

fn start_at(position: i64, bounds: Bounds) -> Start {
    if position > bounds.high {
        Start::Beyond
    } else if position >= bounds.low {
        Start::At(position)
    } else if position == 0 {
        // Whoever is new begins with what there is.
        Start::At(bounds.low)
    } else {
        Start::After {
            removed: bounds.low - position,
            at: bounds.low,
        }
    }
}

impl Poller {
    pub(crate) fn new(setup: Setup, shared: Arc<Shared>) -> KafkaResult<Self> {
        let mut consumer: Consumer =
            consuming(&setup.hub.settings, &setup.kafka_group).create_with_context(LogContext)?;
        let metadata = consuming(&setup.hub.settings, &setup.kafka_group).create_with_context(LogContext)?;
        let thread = thread::current();
        consumer.set_nonempty_callback(move || thread.unpark());
        let now = Instant::now();
        Ok(Self {
            setup,
            shared,
            streams: BTreeMap::new(),
            consumer: Arc::new(consumer),
            metadata,
            look_at: now,
            note_at: now + NOTING,
            noted: BTreeMap::new(),
            trouble: None,
        })
    }

    pub(crate) fn run(&mut self) {
        while !self.shared.state().is_closed {
            if self.is_quiet() {
                let done = self.look().and_then(|()| self.follow());
                self.note_answer(done);
            }
            self.poll_events();
            let moved = self.drain();
            self.note();
            if !moved {
                thread::park_timeout(self.rest());
            }
        }
    }

    /// Until when there is nothing to do unless somebody wakes us.
    fn rest(&self) -> Duration {
        let until = self
            .trouble
            .map(|(_, until)| until.saturating_duration_since(Instant::now()));
        until.unwrap_or(REST).min(REST)
    }

    /// No pause after trouble is under way.
    fn is_quiet(&self) -> bool {
        self.trouble.is_none_or(|(_, until)| Instant::now() >= until)
    }

    fn note_answer(&mut self, done: KafkaResult<()>) {
        match (done, self.trouble) {
            (Ok(()), None) => {}
            (Ok(()), Some(_)) => {
                tracing::info!(group = self.setup.kafka_group, "Kafka answers again");
                self.trouble = None;
            }
            (Err(error), trouble) => {
                let pause = trouble.map_or(FIRST_PAUSE, |(pause, _)| (pause * 2).min(LONGEST_PAUSE));
                tracing::warn!(group = self.setup.kafka_group, %error, ?pause, "Kafka does not answer");
                self.trouble = Some((pause, Instant::now() + pause));
            }
        }
    }

    /// Looks now and then whether the topics are there, how many partitions they have, and where those end.
    fn look(&mut self) -> KafkaResult<()> {
        if Instant::now() < self.look_at {
            return Ok(());
        }
        let settings = &self.setup.hub.settings;
        for topic in self.setup.topics.clone() {
            let count = topics::ensure(&self.metadata, settings, topic.name, topic.retention)?;
            let known = self.shared.state().counts.insert(topic.name, count);
            if known != Some(count) {
                self.shared.news.notify_one();
            }
        }
        let mut doubtful = Vec::new();
        for (topic_partition, stream) in self.streams.iter().filter(|(_, stream)| stream.is_assigned) {
            let bounds = self.bounds(*topic_partition)?;
            if stream.next > bounds.high {
                doubtful.push(*topic_partition);
            }
        }
        for topic_partition in doubtful {
            self.doubt(topic_partition);
        }
        self.look_at = Instant::now() + self.setup.hub.settings.look;
        Ok(())
    }

    /// How far a partition goes; its slot knows then too.
    fn bounds(&self, topic_partition: TopicPartition) -> KafkaResult<Bounds> {
        let settings = &self.setup.hub.settings;
        let wire_name = settings.wire_name(topic_partition.topic);
        let bounds = topics::bounds_of(&self.metadata, settings, &wire_name, topic_partition.partition)?;
        if let Some(slot) = self.shared.state().slots.get_mut(&topic_partition) {
            slot.high = Some(bounds.high);
        }
        Ok(bounds)
    }

    /// Goes wherever somebody wants to go, or where it is not certain that we are.
    fn follow(&mut self) -> KafkaResult<()> {
        let state = self.shared.state();
        let wanted = state.slots.iter().filter_map(|(topic_partition, slot)| {
            match self
                .streams
                .get(topic_partition)
                .filter(|stream| stream.course == slot.course)
            {
                None => Some((*topic_partition, slot.course, slot.position)),
                Some(stream) => stream
                    .is_doubtful
                    .then_some((*topic_partition, slot.course, stream.next)),
            }
        });
        let wanted: Vec<_> = wanted.collect();
        drop(state);
        for (topic_partition, course, position) in wanted {
            self.go(topic_partition, course, position)?;
        }
        Ok(())
    }

    fn go(&mut self, topic_partition: TopicPartition, course: u64, position: i64) -> KafkaResult<()> {
        let bounds = self.bounds(topic_partition)?;
        self.leave(topic_partition)?;
        let at = match start_at(position, bounds) {
            Start::At(at) => Some(at),
            Start::After { removed, at } => {
                tracing::error!(
                    group = self.setup.kafka_group,
                    topic = topic_partition.topic,
                    partition = topic_partition.partition,
                    removed,
                    "events were removed before they were read"
                );
                Some(at)
            }
            Start::Beyond => None,
        };
        let stream = self.stream(topic_partition)?;
        stream.course = course;
        stream.next = at.unwrap_or(position);
        stream.is_doubtful = false;
        match at {
            Some(at) => self.assign(topic_partition, at),
            None => self.report_beyond(topic_partition, course, bounds.high),
        }
    }

    fn stream(&mut self, topic_partition: TopicPartition) -> KafkaResult<&mut Stream> {
        let wire_name = self.setup.hub.settings.wire_name(topic_partition.topic);
        if !self.streams.contains_key(&topic_partition) {
            let queue = self
                .consumer
                .split_partition_queue(&wire_name, topic_partition.partition);
            let mut queue = queue.ok_or(KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownPartition))?;
            let thread = thread::current();
            queue.set_nonempty_callback(move || thread.unpark());
            let stream = Stream {
                queue,
                course: 0,
                next: 0,
                is_assigned: false,
                is_doubtful: false,
            };
            self.streams.insert(topic_partition, stream);
        }
        let stream = self.streams.get_mut(&topic_partition);
        stream.ok_or(KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownPartition))
    }

    /// Nothing that comes after this was fetched before it.
    fn leave(&mut self, topic_partition: TopicPartition) -> KafkaResult<()> {
        let Some(stream) = self
            .streams
            .get_mut(&topic_partition)
            .filter(|stream| stream.is_assigned)
        else {
            return Ok(());
        };
        let mut list = TopicPartitionList::new();
        list.add_partition(
            &self.setup.hub.settings.wire_name(topic_partition.topic),
            topic_partition.partition,
        );
        self.consumer.incremental_unassign(&list)?;
        stream.is_assigned = false;
        Ok(())
    }

    fn assign(&mut self, topic_partition: TopicPartition, at: i64) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        let wire_name = self.setup.hub.settings.wire_name(topic_partition.topic);
        list.add_partition_offset(&wire_name, topic_partition.partition, Offset::Offset(at))?;
        self.consumer.incremental_assign(&list)?;
        if let Some(stream) = self.streams.get_mut(&topic_partition) {
            stream.is_assigned = true;
        }
        Ok(())
    }

    /// The user has to begin again.
    fn report_beyond(&mut self, topic_partition: TopicPartition, course: u64, high: i64) -> KafkaResult<()> {
        let hub = &self.setup.hub;
        let wire_name = hub.settings.wire_name(topic_partition.topic);
        let since = hub.clock.now().minus(REMEMBERED);
        let here = (wire_name.as_str(), topic_partition.partition);
        let again = topics::offset_since(&self.metadata, &hub.settings, here, since)?;
        let mut state = self.shared.state();
        if let Some(slot) = state
            .slots
            .get_mut(&topic_partition)
            .filter(|slot| slot.course == course)
        {
            slot.beyond = Some(Beyond { high, again });
        }
        drop(state);
        self.shared.news.notify_one();
        Ok(())
    }

    /// What concerns no partition alone.
    fn poll_events(&self) {
        while let Some(event) = self.consumer.poll(Duration::ZERO) {
            if let Err(error) = event {
                tracing::debug!(group = self.setup.kafka_group, %error, "from Kafka's client");
            }
        }
    }

    /// Moves what was fetched to the slots that have room; whether there may be more.
    fn drain(&mut self) -> bool {
        let mut moved = false;
        let mut errors = Vec::new();
        for (topic_partition, stream) in &mut self.streams {
            if !stream.is_assigned || stream.is_doubtful {
                continue;
            }
            let (count, error) = move_some(&self.shared, *topic_partition, stream);
            moved |= count > 0;
            errors.extend(error.map(|error| (*topic_partition, error)));
        }
        if moved {
            self.shared.news.notify_one();
        }
        for (topic_partition, error) in errors {
            self.handle_error(topic_partition, &error);
        }
        moved
    }

    fn handle_error(&mut self, topic_partition: TopicPartition, error: &KafkaError) {
        let group = &self.setup.kafka_group;
        let TopicPartition { topic, partition } = topic_partition;
        match Meaning::of(error) {
            Meaning::Partition => {
                tracing::warn!(group, topic, partition, %error, "a partition may not be what it was");
                self.doubt(topic_partition);
            }
            Meaning::Damage => {
                tracing::error!(group, topic, partition, %error, "damaged events are passed over");
            }
            Meaning::Way => tracing::debug!(group, topic, partition, %error, "from Kafka's client"),
        }
    }

    /// Looks again where the partition begins and ends, and makes sure that it is there, before going on.
    fn doubt(&mut self, topic_partition: TopicPartition) {
        if let Some(stream) = self.streams.get_mut(&topic_partition) {
            stream.is_doubtful = true;
        }
        self.look_at = Instant::now();
        let pause = FIRST_PAUSE;
        self.trouble.get_or_insert((pause, Instant::now() + pause));
    }

    /// Notes at the brokers how far the user is, without waiting for it.
    fn note(&mut self) {
        let now = Instant::now();
        if now < self.note_at {
            return;
        }
        self.note_at = now + NOTING;
        let mut list = TopicPartitionList::new();
        for (topic_partition, slot) in &self.shared.state().slots {
            if slot.passed > 0 && self.noted.get(topic_partition) != Some(&slot.passed) {
                let wire_name = self.setup.hub.settings.wire_name(topic_partition.topic);
                let offset = Offset::Offset(slot.passed);
                if list
                    .add_partition_offset(&wire_name, topic_partition.partition, offset)
                    .is_ok()
                {
                    self.noted.insert(*topic_partition, slot.passed);
                }
            }
        }
        if list.count() > 0
            && let Err(error) = self.consumer.commit(&list, CommitMode::Async)
        {
            tracing::debug!(%error, "Kafka does not note offsets");
        }
    }
}

/// Moves some of what was fetched of a partition to its slot; how many, and what came in between.
fn move_some(
    shared: &Shared,
    topic_partition: TopicPartition,
    stream: &mut Stream,
) -> (usize, Option<KafkaError>) {
    let room = {
        let state = shared.state();
        let slot = state
            .slots
            .get(&topic_partition)
            .filter(|slot| slot.course == stream.course);
        slot.map_or(0, |slot| SLOT.saturating_sub(slot.records.len()))
    };
    let most = room.min(BATCH);
    let mut records = Vec::with_capacity(most);
    let mut trouble = None;
    while records.len() < most && trouble.is_none() {
        match stream.queue.poll(Duration::ZERO) {
            Some(Ok(message)) => records.push(Arc::new(message::incoming(topic_partition.topic, &message))),
            Some(Err(error)) => trouble = Some(error),
            None => break,
        }
    }
    let count = records.len();
    if let Some(last) = records.last() {
        stream.next = last.position;
        let mut state = shared.state();
        let slot = state.slots.get_mut(&topic_partition);
        if let Some(slot) = slot.filter(|slot| slot.course == stream.course) {
            slot.records.extend(records);
        }
    }
    (count, trouble)
}

/// What an error of a partition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// The partition has to be looked at again.
    Partition,
    /// Some of its events are lost on the brokers' disks, or on the way from there.
    Damage,
    /// The way to the brokers, which the client mends by itself.
    Way,
}

impl Meaning {
    fn of(error: &KafkaError) -> Self {
        match error.rdkafka_error_code() {
            Some(
                RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::OffsetOutOfRange
                | RDKafkaErrorCode::AutoOffsetReset
                | RDKafkaErrorCode::LogTruncation,
            ) => Self::Partition,
            Some(
                RDKafkaErrorCode::BadMessage
                | RDKafkaErrorCode::BadCompression
                | RDKafkaErrorCode::InvalidMessage
                | RDKafkaErrorCode::NotImplemented,
            ) => Self::Damage,
            _ => Self::Way,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_that_is_there_is_gone_on_from() {
        let bounds = Bounds { low: 3, high: 9 };
        assert_eq!(start_at(3, bounds), Start::At(3));
        assert_eq!(start_at(9, bounds), Start::At(9));
    }

    #[test]
    fn whoever_is_new_begins_with_what_there_is_and_others_hear_what_they_missed() {
        let bounds = Bounds { low: 3, high: 9 };
        assert_eq!(start_at(0, bounds), Start::At(3));
        assert_eq!(start_at(1, bounds), Start::After { removed: 2, at: 3 });
    }

    #[test]
    fn a_position_beyond_the_end_is_of_another_topic() {
        assert_eq!(start_at(10, Bounds { low: 3, high: 9 }), Start::Beyond);
        assert_eq!(start_at(1, Bounds { low: 0, high: 0 }), Start::Beyond);
    }
}
