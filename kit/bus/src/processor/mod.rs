//! A processor: what handles one partition of one source, for one group, in the process that owns the partition. Which
//! carrier brings the events makes no difference to it.
//!
//! Events of a processor run side by side, but those of one key run one after the other: each key has a chain, and
//! a chain has at most one worker. What handlers want done is gathered and committed in batches, one transaction
//! at a time, together with the position. The position is the end of what is done without a hole, so what lies
//! beyond it and is done already is told from new by the inbox after a restart.
//!
//! An event that fails leaves the processor: it goes to the table of parked events in the same way as an effect,
//! and whatever comes later with its key goes there behind it. So a processor is never held up by longer than a
//! handler may take.
//!
//! Invariant: a processor that has gone wrong (a panic, a lost lease) never goes on. It is over, everything that
//! waits in it is dropped, and a new processor is made from the tables, under a new epoch.

mod commits;
mod store;
mod work;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use kit_db::{Db, StoreError, Tx};
use kit_runtime::{Clock, Ids, Stop, Tasks, Timestamp};
use kit_telemetry::Tracer;
use tokio::sync::{Notify, oneshot};
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::envelope::{Chain, Record};
use crate::handler::{ErasedHandler, Routes};
use crate::inbox::StageCell;
use crate::lease::{Hold, lease_name};
use crate::metrics::SubscriptionMetrics;
use crate::settings::BusSettings;
use crate::span::Step;

pub(crate) use store::{Checkpoint, Loaded, load, owns, refresh, rewind, save};

/// Positions within an epoch, where the broker numbers from one.
const EPOCH: i64 = 1 << 40;

/// A key whose first parked event waits for somebody to decide.
pub(crate) const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// Who remembers how far a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Positions {
    /// The consumer's own database, in the transaction of the effect.
    Stored,
    /// The broker: what is not acknowledged comes again. Positions only order what came, and begin anew, but
    /// higher, with each epoch ([`first_of_epoch`]).
    Acknowledged,
}

/// The position before the first of an epoch, so that what is parked under a later epoch comes after what was
/// parked under an earlier one.
fn first_of_epoch(epoch: i64) -> i64 {
    epoch.saturating_mul(EPOCH)
}

/// What the processors of a group and source share.
pub(crate) struct Context {
    pub(crate) consumer: Cow<'static, str>,
    /// A service, whose log it is, or what a broker's events go by.
    pub(crate) source: Cow<'static, str>,
    /// Whose leases the processors work under.
    pub(crate) scope: String,
    pub(crate) positions: Positions,
    /// Who holds the leases.
    pub(crate) holder: String,
    pub(crate) db: Db,
    pub(crate) routes: Arc<Routes<ErasedHandler>>,
    pub(crate) settings: BusSettings,
    pub(crate) tasks: Tasks,
    /// The group's, or the process's.
    pub(crate) stop: Stop,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) metrics: SubscriptionMetrics,
    pub(crate) tracer: Tracer,
    /// Wakes the pump: there is room again, a retry is due, a processor is over.
    pub(crate) wake: Notify,
}

impl Context {
    fn step(&self, attempt: u32) -> Step<'_> {
        Step {
            tracer: &self.tracer,
            service: self.db.service(),
            consumer: &self.consumer,
            attempt,
        }
    }
}

pub(crate) struct Processor {
    pub(crate) context: Arc<Context>,
    pub(crate) partition: i64,
    /// The number of the lease it works under, and its name.
    pub(crate) hold: i64,
    pub(crate) lease: Arc<str>,
    pub(crate) epoch: i64,
    state: Mutex<State>,
    /// Tells the leases that this one is in use.
    _in_use: TaskTrackerToken,
}

struct State {
    /// Everything up to here has been offered.
    read: i64,
    /// What the tables say.
    saved: i64,
    /// Offered, and neither done nor parked.
    open: BTreeMap<i64, Timestamp>,
    /// Keys with something to do.
    chains: HashMap<Arc<Chain>, VecDeque<Job>>,
    /// Keys among them that no worker has yet.
    ready: VecDeque<Arc<Chain>>,
    workers: usize,
    /// Keys whose events are parked, and when the first of each is due.
    parked: HashMap<Arc<Chain>, Timestamp>,
    /// What waits for a transaction.
    entries: VecDeque<Entry>,
    is_committing: bool,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Finishes what runs, and begins nothing.
    Closing,
    Over,
}

enum Job {
    Event(Arc<Record>),
    /// See what is due of the key's parked events.
    Retry,
}

/// Something to be committed.
pub(crate) struct Entry {
    record: Arc<Record>,
    /// Comes from the log; otherwise from the parked events.
    is_live: bool,
    action: Action,
}

enum Action {
    /// What a handler wants done.
    Effect(Box<dyn Effect>),
    Park(Parking, oneshot::Sender<()>),
    /// Nothing was to be done for it.
    Forget(oneshot::Sender<()>),
}

/// How an event is parked.
#[derive(Clone, Debug)]
struct Parking {
    attempts: u32,
    reason: String,
    due_at: Timestamp,
    is_dead: bool,
}

/// A handler's unit of work without its types.
pub(crate) trait Effect: Send {
    /// Somebody waits for it.
    fn is_awaited(&self) -> bool;
    /// Runs it; whether it succeeded.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, bool>;
    /// Gives the handler the result: committed, or why not.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// Where a handler is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Stage {
    #[default]
    Running,
    /// Its effect waits for a transaction, however long that takes.
    Applying,
    Applied,
}

/// One delivery's right to an effect.
pub(crate) struct EffectPermit {
    processor: Arc<Processor>,
    record: Arc<Record>,
    is_live: bool,
    pub(crate) stage: StageCell,
}

impl EffectPermit {
    pub(crate) fn submit(self, effect: Box<dyn Effect>) {
        self.processor.submit(Entry {
            record: self.record,
            is_live: self.is_live,
            action: Action::Effect(effect),
        });
    }
}

/// How a processor stands, for the pump.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) read: i64,
    pub(crate) low: i64,
    pub(crate) saved: i64,
    pub(crate) has_room: bool,
    pub(crate) is_over: bool,
    /// Nothing runs and nothing waits for a transaction.
    pub(crate) is_idle: bool,
    pub(crate) parked: usize,
    /// When the first parked event is due.
    pub(crate) due_at: Timestamp,
    /// When the oldest unfinished event was published.
    pub(crate) oldest: Option<Timestamp>,
}

impl Processor {
    pub(crate) fn new(context: Arc<Context>, (number, hold): (i64, &Hold), loaded: Loaded) -> Arc<Self> {
        let position = match context.positions {
            Positions::Stored => loaded.position,
            Positions::Acknowledged => first_of_epoch(hold.epoch),
        };
        Arc::new(Self {
            lease: lease_name(&context.scope, number).into(),
            context,
            partition: loaded.partition,
            hold: number,
            epoch: hold.epoch,
            state: Mutex::new(State {
                read: position,
                saved: position,
                open: BTreeMap::new(),
                chains: HashMap::new(),
                ready: VecDeque::new(),
                workers: 0,
                parked: loaded.parked.into_iter().collect(),
                entries: VecDeque::new(),
                is_committing: false,
                phase: Phase::Open,
            }),
            _in_use: hold.users.token(),
        })
    }

    /// Takes what was read: the records of this partition among them that lie beyond what it has, up to a
    /// position. Those without a handler are done with at once.
    pub(crate) fn offer(self: &Arc<Self>, records: &[Arc<Record>], upto: i64) {
        let mut state = self.state();
        if state.phase != Phase::Open {
            return;
        }
        for record in records {
            let is_new = record.partition == self.partition && record.position > state.read;
            // What does not say what it is may be meant for us: it becomes a dead letter.
            let is_ours = record.is_untyped() || self.context.routes.find(record).is_some();
            if is_new && is_ours {
                state.open.insert(record.position, record.created_at);
                state.add(&record.chain, Job::Event(record.clone()));
            }
        }
        state.read = state.read.max(upto);
        drop(state);
        self.start_workers();
    }

    /// Sees to the parked keys whose time has come.
    pub(crate) fn start_retries(self: &Arc<Self>, now: Timestamp) {
        let mut state = self.state();
        if state.phase != Phase::Open || state.parked.is_empty() {
            return;
        }
        let due = state.parked.iter().filter(|(_, at)| **at <= now);
        let due: Vec<_> = due.map(|(chain, _)| chain.clone()).collect();
        for chain in due {
            // Until the worker says when to look again.
            state.parked.insert(chain.clone(), NEVER);
            state.add(&chain, Job::Retry);
        }
        drop(state);
        self.start_workers();
    }

    /// Takes over what the tables say of parked keys, after somebody else may have changed it.
    pub(crate) fn reschedule(&self, heads: &HashMap<Arc<Chain>, Timestamp>) {
        let now = self.context.clock.now();
        for (chain, due) in &mut self.state().parked {
            // A key that is not in the table is looked after at once, and found to be free.
            *due = (*due).min(heads.get(chain).copied().unwrap_or(now));
        }
    }

    /// Begins nothing more.
    pub(crate) fn close(&self) {
        self.state().close();
    }

    /// Drops everything. Whoever waits for an effect hears that it is done elsewhere.
    pub(crate) fn give_up(&self) {
        let dropped = {
            let mut state = self.state();
            state.phase = Phase::Over;
            state.ready.clear();
            state.chains.clear();
            std::mem::take(&mut state.entries)
        };
        drop(dropped);
        self.context.wake.notify_one();
    }

    pub(crate) fn standing(&self) -> Standing {
        let state = self.state();
        Standing {
            read: state.read,
            low: state.low(|_| false),
            saved: state.saved,
            has_room: state.phase == Phase::Open && state.open.len() < self.context.settings.window,
            is_over: state.phase == Phase::Over,
            is_idle: state.workers == 0 && state.entries.is_empty() && !state.is_committing,
            parked: state.parked.len(),
            due_at: match state.phase {
                Phase::Open => state.parked.values().min().copied().unwrap_or(NEVER),
                Phase::Closing | Phase::Over => NEVER,
            },
            oldest: state.open.values().next().copied(),
        }
    }

    /// Whether something that was offered is done with or parked.
    pub(crate) fn is_done(&self, position: i64) -> bool {
        let state = self.state();
        position <= state.read && !state.open.contains_key(&position)
    }

    /// The tables say so much by now.
    pub(crate) fn saved(&self, position: i64) {
        let mut state = self.state();
        state.saved = state.saved.max(position);
    }

    fn is_over(&self) -> bool {
        self.state().phase == Phase::Over
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, chain: &Arc<Chain>, job: Job) {
        if let Some(jobs) = self.chains.get_mut(chain) {
            jobs.push_back(job);
        } else {
            self.chains.insert(chain.clone(), VecDeque::from([job]));
            self.ready.push_back(chain.clone());
        }
    }

    fn close(&mut self) {
        if self.phase == Phase::Open {
            self.phase = Phase::Closing;
            self.ready.clear();
        }
    }

    fn next_job(&mut self) -> Option<(Arc<Chain>, Job)> {
        let chain = self.ready.pop_front()?;
        let job = self.chains.get_mut(&chain)?.pop_front()?;
        Some((chain, job))
    }

    /// The end of what is done without a hole, if those were done too.
    fn low(&self, also_done: impl Fn(i64) -> bool) -> i64 {
        let hole = self.open.keys().find(|position| !also_done(**position));
        hole.map_or(self.read, |position| position - 1)
    }

    /// Something of the log is done with.
    fn finish(&mut self, position: i64) {
        self.open.remove(&position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_epoch_comes_after_every_position_of_an_earlier_one() {
        assert!(first_of_epoch(1) + EPOCH - 1 < first_of_epoch(2));
        assert!(first_of_epoch(4_000_000) > 0);
    }
}
