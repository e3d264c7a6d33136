//! A pump: feeds the processors of one group and source from a carrier.
//!
//! Each processor has its own cursor, so that a processor that is full, or that was just taken over from another
//! process, holds up no other. What comes, and from where, is the feed's business; which processors there are follows
//! from the leases; and what the processors have done is written down here, or told to the feed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fail::fail_point;
use kit_db::{Reader, StoreError, Tx};
use kit_runtime::{Stop, TaskError};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::bus::Bus;
use crate::carrier::{Done, Feed, FeedError, Rewind};
use crate::lease::{Holds, Leases};
use crate::metrics::Progress;
use crate::processor::{self, Checkpoint, Context, NEVER, Positions, Processor, Standing};
use crate::wake::Signals;

/// The pause after the source or the own database could not be read.
const PAUSE: Duration = Duration::from_millis(500);

/// How often a consumer with nothing to do says that it lives.
const SIGN_OF_LIFE: Duration = Duration::from_hours(1);

pub(crate) struct Pump<F> {
    /// Kept, since what it is told from outside comes through it.
    pub(crate) _bus: Bus,
    pub(crate) context: Arc<Context>,
    pub(crate) feed: F,
    pub(crate) leases: Leases,
    /// Parked events were changed from outside: in this process, or in another.
    pub(crate) parked_here: watch::Receiver<u64>,
    pub(crate) parked_elsewhere: Signals,
}

/// A pump at work.
struct Work<F> {
    pump: Pump<F>,
    holds: watch::Receiver<Holds>,
    processors: BTreeMap<i64, Arc<Processor>>,
    /// What the feed said and is not done yet.
    rewinds: Vec<Rewind>,
    /// Parked events or positions may have been changed from outside.
    must_refresh: bool,
    checkpoint_at: Instant,
    life_at: Instant,
    refresh_at: Instant,
}

impl<F> Drop for Work<F> {
    /// After a panic: nothing of it goes on.
    fn drop(&mut self) {
        for processor in self.processors.values() {
            processor.give_up();
            self.pump.leases.let_go(processor.hold, processor.epoch);
        }
    }
}

impl<F: Feed> Pump<F> {
    pub(crate) async fn run(self, stop: &Stop) -> Result<(), TaskError> {
        let now = Instant::now();
        let mut work = Work {
            holds: self.leases.subscribe(),
            processors: BTreeMap::new(),
            rewinds: Vec::new(),
            must_refresh: false,
            checkpoint_at: now + self.context.settings.checkpoint,
            life_at: now + SIGN_OF_LIFE,
            refresh_at: now,
            pump: self,
        };
        while !(stop.is_requested() && work.holds.borrow().is_empty()) {
            let wait = match work.go_round().await {
                Ok(wait) => wait,
                Err(error) => {
                    let context = &work.pump.context;
                    tracing::warn!(
                        consumer = &*context.consumer,
                        source = &*context.source,
                        error,
                        "cannot read"
                    );
                    PAUSE
                }
            };
            work.rest(wait, stop).await?;
        }
        work.pump.feed.close().await;
        Ok(())
    }
}

impl<F: Feed> Work<F> {
    /// Does everything that is to be done now; until when there is nothing more unless something happens.
    async fn go_round(&mut self) -> Result<Duration, FeedError> {
        self.drop_processors();
        self.open_processors().await?;
        self.refresh().await?;
        let now = self.pump.context.clock.now();
        for processor in self.processors.values() {
            processor.start_retries(now);
        }
        self.rewind().await?;
        self.read().await?;
        self.write_positions().await?;
        Ok(self.measure())
    }

    /// Drops the processors that are over, lost, or closing with nothing left to do.
    fn drop_processors(&mut self) {
        let holds = self.holds.borrow_and_update().clone();
        let leases = &self.pump.leases;
        self.processors.retain(|_, processor| {
            let hold = holds
                .get(&processor.hold)
                .filter(|hold| hold.epoch == processor.epoch);
            let Some(hold) = hold else {
                processor.give_up();
                return false;
            };
            if hold.is_closing {
                processor.close();
            }
            let standing = processor.standing();
            if standing.is_over {
                leases.let_go(processor.hold, processor.epoch);
                return false;
            }
            let is_finished = hold.is_closing && standing.is_idle && standing.low == standing.saved;
            if is_finished {
                processor.give_up();
            }
            !is_finished
        });
    }

    /// Makes processors for what this process owns by now.
    async fn open_processors(&mut self) -> Result<(), StoreError> {
        let holds = self.holds.borrow().clone();
        let mut new: BTreeMap<i64, i64> = BTreeMap::new();
        for (number, _) in holds.iter().filter(|(_, hold)| !hold.is_closing) {
            let partitions = self.pump.feed.partitions(*number);
            let missing = partitions
                .iter()
                .filter(|partition| !self.processors.contains_key(partition));
            new.extend(missing.map(|partition| (*partition, *number)));
        }
        if new.is_empty() {
            return Ok(());
        }
        let partitions: Vec<i64> = new.keys().copied().collect();
        let context = self.pump.context.clone();
        let now = context.clock.now();
        let (db, asked) = (context.db.clone(), context.clone());
        let loaded = db
            .write(async move |tx: &mut Tx| processor::load(tx, &asked, &partitions, now).await)
            .await?;
        for loaded in loaded {
            let partition = loaded.partition;
            let hold = new.get(&partition).and_then(|number| holds.get_key_value(number));
            if let Some((number, hold)) = hold {
                let processor = Processor::new(context.clone(), (*number, hold), loaded);
                self.processors.insert(partition, processor);
            }
        }
        Ok(())
    }

    /// Looks what others did to parked events.
    async fn refresh(&mut self) -> Result<(), StoreError> {
        let must_refresh = std::mem::take(&mut self.must_refresh);
        if must_refresh {
            // The processors may be superseded.
            self.pump.leases.look_now();
        }
        let any = self
            .processors
            .values()
            .any(|processor| processor.standing().parked > 0);
        if !any || !(must_refresh || Instant::now() >= self.refresh_at) {
            return Ok(());
        }
        let context = self.pump.context.clone();
        self.refresh_at = Instant::now() + context.settings.poll;
        let asked = context.clone();
        let heads = context
            .db
            .read(async move |reader: &mut Reader| processor::refresh(reader, &asked).await)
            .await?;
        for processor in self.processors.values() {
            processor.reschedule(&heads);
        }
        Ok(())
    }

    /// Takes positions back that are not of the source as it is now. The processors there are superseded, and others
    /// begin anew.
    async fn rewind(&mut self) -> Result<(), StoreError> {
        self.rewinds.extend(self.pump.feed.rewinds());
        while let Some(rewind) = self.rewinds.last().copied() {
            // Where there is no processor any more, whoever works there finds the same.
            if let Some(processor) = self.processors.get(&rewind.partition) {
                let (context, lease) = (self.pump.context.clone(), processor.lease.clone());
                let unit = async move |tx: &mut Tx| processor::rewind(tx, &context, &lease, rewind).await;
                if self.pump.context.db.write(unit).await? {
                    let context = &self.pump.context;
                    tracing::error!(
                        consumer = &*context.consumer,
                        source = &*context.source,
                        partition = rewind.partition,
                        ends_at = rewind.end,
                        begins_again_at = rewind.to,
                        "the source was deleted and made anew, or has lost its end"
                    );
                }
                self.pump.leases.look_now();
            }
            self.rewinds.pop();
        }
        Ok(())
    }

    /// Reads until every processor is full or has everything there is.
    async fn read(&mut self) -> Result<(), FeedError> {
        loop {
            if self.holds.borrow().is_empty() {
                self.pump.feed.released().await;
                return Ok(());
            }
            let mut cursors = BTreeMap::new();
            for (partition, processor) in &self.processors {
                let standing = processor.standing();
                if standing.has_room {
                    cursors.insert(*partition, standing.read);
                }
            }
            let pages = self.pump.feed.read(&cursors).await?;
            if pages.is_empty() {
                return Ok(());
            }
            for page in pages {
                fail_point!("bus::after-read");
                for partition in &page.partitions {
                    if let Some(processor) = self.processors.get(partition) {
                        processor.offer(&page.records, page.upto);
                    }
                }
            }
        }
    }

    /// Writes down how far the processors are where no effect did.
    async fn write_positions(&mut self) -> Result<(), FeedError> {
        if self.pump.context.positions == Positions::Acknowledged {
            self.acknowledge().await?;
        }
        let now = Instant::now();
        let is_closing = self.holds.borrow().values().any(|hold| hold.is_closing);
        let says_life = now >= self.life_at;
        if now < self.checkpoint_at && !says_life && !is_closing {
            return Ok(());
        }
        self.checkpoint_at = now + self.pump.context.settings.checkpoint;
        if says_life {
            self.life_at = now + SIGN_OF_LIFE;
        }
        let mut checkpoints = Vec::new();
        for (partition, processor) in &self.processors {
            let Standing { low, saved, .. } = processor.standing();
            if low > saved || says_life {
                checkpoints.push(Checkpoint {
                    partition: *partition,
                    lease: processor.lease.clone(),
                    epoch: processor.epoch,
                    position: low,
                });
            }
        }
        if checkpoints.is_empty() {
            return Ok(());
        }
        let context = self.pump.context.clone();
        let (db, at, saving) = (context.db.clone(), context.clock.now(), checkpoints.clone());
        db.write(async move |tx: &mut Tx| processor::save(tx, &context, &saving, at).await)
            .await?;
        for checkpoint in checkpoints {
            if let Some(processor) = self.processors.get(&checkpoint.partition) {
                processor.saved(checkpoint.position);
            }
        }
        // A processor that was waiting for this only can be dropped.
        self.pump.context.wake.notify_one();
        Ok(())
    }

    /// Tells the carrier what it need not bring again.
    async fn acknowledge(&mut self) -> Result<(), FeedError> {
        let processors = self.processors.values();
        let passed: Vec<_> = processors
            .map(|processor| (processor.clone(), processor.standing()))
            .filter(|(_, standing)| standing.low > standing.saved)
            .collect();
        self.pump.feed.passed(&Done(&self.processors)).await?;
        for (processor, standing) in &passed {
            processor.saved(standing.low);
        }
        if !passed.is_empty() {
            // A processor that was waiting for this only can be dropped.
            self.pump.context.wake.notify_one();
        }
        Ok(())
    }

    /// Tells how it stands; until when nothing is due.
    fn measure(&mut self) -> Duration {
        let context = self.pump.context.clone();
        let now = context.clock.now();
        let mut progress = Progress {
            lag: 0,
            age: Duration::ZERO,
            parked: 0,
        };
        let mut due_at = NEVER;
        let mut is_behind = false;
        for (partition, processor) in &self.processors {
            let standing = processor.standing();
            self.pump.feed.stands(*partition, standing.saved);
            progress.lag = progress.lag.max(self.pump.feed.behind(*partition, standing.low));
            progress.parked += standing.parked;
            progress.age = progress
                .age
                .max(standing.oldest.map_or(Duration::ZERO, |at| now.since(at)));
            due_at = due_at.min(standing.due_at);
            is_behind |= standing.low > standing.saved;
        }
        context.metrics.progress(progress);
        let mut until = self.life_at;
        if is_behind {
            until = until.min(self.checkpoint_at);
        }
        if progress.parked > 0 {
            until = until.min(self.refresh_at);
        }
        let wait = until.saturating_duration_since(Instant::now());
        if due_at == NEVER {
            wait
        } else {
            wait.min(due_at.since(now))
        }
    }

    /// Waits for something to happen.
    async fn rest(&mut self, wait: Duration, stop: &Stop) -> Result<(), TaskError> {
        if stop.is_requested() && self.holds.borrow().is_empty() {
            return Ok(());
        }
        let pump = &mut self.pump;
        tokio::select! {
            changed = pump.feed.changed() => changed?,
            changed = self.holds.changed() => changed?,
            () = pump.context.wake.notified() => {}
            changed = pump.parked_here.changed() => {
                changed?;
                self.must_refresh = true;
            }
            () = pump.parked_elsewhere.changed() => self.must_refresh = true,
            () = tokio::time::sleep(wait) => {}
            () = stop.requested(), if !self.holds.borrow().values().any(|hold| hold.is_closing) => {
                // The keeper closes the processors next.
                let _ = self.holds.changed().await;
            }
        }
        Ok(())
    }
}
