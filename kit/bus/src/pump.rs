//! A pump: feeds the lanes of one group and source from a carrier.
//!
//! Each lane has its own cursor, so that a lane that is full, or that was just taken over from another process,
//! holds up no other. What comes, and from where, is the feed's business; which lanes there are follows from
//! the leases; and what the lanes have done is written down here, or told to the feed.

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
use crate::lane::{self, Checkpoint, Context, Lane, NEVER, Positions, Standing};
use crate::lease::{Holds, Leases};
use crate::metrics::Progress;
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
    lanes: BTreeMap<i64, Arc<Lane>>,
    /// What the feed said and is not done yet.
    rewinds: Vec<Rewind>,
    /// Parked events or positions may have been changed from outside.
    is_told: bool,
    checkpoint_at: Instant,
    life_at: Instant,
    refresh_at: Instant,
}

impl<F> Drop for Work<F> {
    /// After a panic: nothing of it goes on.
    fn drop(&mut self) {
        for lane in self.lanes.values() {
            lane.give_up();
            self.pump.leases.let_go(lane.hold, lane.epoch);
        }
    }
}

impl<F: Feed> Pump<F> {
    pub(crate) async fn run(self, stop: &Stop) -> Result<(), TaskError> {
        let now = Instant::now();
        let mut work = Work {
            holds: self.leases.subscribe(),
            lanes: BTreeMap::new(),
            rewinds: Vec::new(),
            is_told: false,
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
        self.drop_lanes();
        self.open_lanes().await?;
        self.refresh().await?;
        let now = self.pump.context.clock.now();
        for lane in self.lanes.values() {
            lane.start_retries(now);
        }
        self.rewind().await?;
        self.read().await?;
        self.write_positions().await?;
        Ok(self.measure())
    }

    /// Drops the lanes that are over, lost, or closing with nothing left to do.
    fn drop_lanes(&mut self) {
        let holds = self.holds.borrow_and_update().clone();
        let leases = &self.pump.leases;
        self.lanes.retain(|_, lane| {
            let hold = holds.get(&lane.hold).filter(|hold| hold.epoch == lane.epoch);
            let Some(hold) = hold else {
                lane.give_up();
                return false;
            };
            if hold.is_closing {
                lane.close();
            }
            let standing = lane.standing();
            if standing.is_over {
                leases.let_go(lane.hold, lane.epoch);
                return false;
            }
            let is_finished = hold.is_closing && standing.is_idle && standing.low == standing.saved;
            if is_finished {
                lane.give_up();
            }
            !is_finished
        });
    }

    /// Makes lanes for what this process owns by now.
    async fn open_lanes(&mut self) -> Result<(), StoreError> {
        let holds = self.holds.borrow().clone();
        let mut new: BTreeMap<i64, i64> = BTreeMap::new();
        for (number, _) in holds.iter().filter(|(_, hold)| !hold.is_closing) {
            let partitions = self.pump.feed.partitions(*number);
            let missing = partitions
                .iter()
                .filter(|partition| !self.lanes.contains_key(partition));
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
            .write(async move |tx: &mut Tx| lane::load(tx, &asked, &partitions, now).await)
            .await?;
        for loaded in loaded {
            let partition = loaded.partition;
            let hold = new.get(&partition).and_then(|number| holds.get_key_value(number));
            if let Some((number, hold)) = hold {
                let lane = Lane::new(context.clone(), (*number, hold), loaded);
                self.lanes.insert(partition, lane);
            }
        }
        Ok(())
    }

    /// Looks what others did to parked events.
    async fn refresh(&mut self) -> Result<(), StoreError> {
        let is_told = std::mem::take(&mut self.is_told);
        if is_told {
            // The lanes may be superseded.
            self.pump.leases.look_now();
        }
        let any = self.lanes.values().any(|lane| lane.standing().parked > 0);
        if !any || !(is_told || Instant::now() >= self.refresh_at) {
            return Ok(());
        }
        let context = self.pump.context.clone();
        self.refresh_at = Instant::now() + context.settings.poll;
        let asked = context.clone();
        let heads = context
            .db
            .read(async move |reader: &mut Reader| lane::refresh(reader, &asked).await)
            .await?;
        for lane in self.lanes.values() {
            lane.reschedule(&heads);
        }
        Ok(())
    }

    /// Takes positions back that are not of the source as it is now. The lanes there are superseded, and others
    /// begin anew.
    async fn rewind(&mut self) -> Result<(), StoreError> {
        self.rewinds.extend(self.pump.feed.rewinds());
        while let Some(rewind) = self.rewinds.last().copied() {
            // Where there is no lane any more, whoever works there finds the same.
            if let Some(lane) = self.lanes.get(&rewind.partition) {
                let (context, lease) = (self.pump.context.clone(), lane.lease.clone());
                let unit = async move |tx: &mut Tx| lane::rewind(tx, &context, &lease, rewind).await;
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

    /// Reads until every lane is full or has everything there is.
    async fn read(&mut self) -> Result<(), FeedError> {
        loop {
            if self.holds.borrow().is_empty() {
                self.pump.feed.released().await;
                return Ok(());
            }
            let mut cursors = BTreeMap::new();
            for (partition, lane) in &self.lanes {
                let standing = lane.standing();
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
                    if let Some(lane) = self.lanes.get(partition) {
                        lane.offer(&page.records, page.upto);
                    }
                }
            }
        }
    }

    /// Writes down how far the lanes are where no effect did.
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
        for (partition, lane) in &self.lanes {
            let Standing { low, saved, .. } = lane.standing();
            if low > saved || says_life {
                checkpoints.push(Checkpoint {
                    partition: *partition,
                    lease: lane.lease.clone(),
                    epoch: lane.epoch,
                    position: low,
                });
            }
        }
        if checkpoints.is_empty() {
            return Ok(());
        }
        let context = self.pump.context.clone();
        let (db, at, saving) = (context.db.clone(), context.clock.now(), checkpoints.clone());
        db.write(async move |tx: &mut Tx| lane::save(tx, &context, &saving, at).await)
            .await?;
        for checkpoint in checkpoints {
            if let Some(lane) = self.lanes.get(&checkpoint.partition) {
                lane.saved(checkpoint.position);
            }
        }
        // A lane that was waiting for this only can be dropped.
        self.pump.context.wake.notify_one();
        Ok(())
    }

    /// Tells the carrier what it need not bring again.
    async fn acknowledge(&mut self) -> Result<(), FeedError> {
        let lanes = self.lanes.values();
        let passed: Vec<_> = lanes
            .map(|lane| (lane.clone(), lane.standing()))
            .filter(|(_, standing)| standing.low > standing.saved)
            .collect();
        self.pump.feed.passed(&Done(&self.lanes)).await?;
        for (lane, standing) in &passed {
            lane.saved(standing.low);
        }
        if !passed.is_empty() {
            // A lane that was waiting for this only can be dropped.
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
        for (partition, lane) in &self.lanes {
            let standing = lane.standing();
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
                self.is_told = true;
            }
            () = pump.parked_elsewhere.changed() => self.is_told = true,
            () = tokio::time::sleep(wait) => {}
            () = stop.requested(), if !self.holds.borrow().values().any(|hold| hold.is_closing) => {
                // The keeper closes the lanes next.
                let _ = self.holds.changed().await;
            }
        }
        Ok(())
    }
}
