//! The writer of a SQLite file: one connection, group commit.
//!
//! Units queue; a run takes what is queued and never waits for more, runs each unit in a savepoint inside one
//! `BEGIN IMMEDIATE`, commits once, and answers all. So a sync is paid per group, a failing unit hurts nobody
//! else, and an answer, a refusal too, leaves only after the commit.
//!
//! A run lives while there is work, on a thread of its own, since statements and syncs block. It is not a loop
//! beside the process: a loop would have to end at the wish to stop, when requests that are still being served
//! want to write.
//!
//! Invariant: SQLite can end the outer transaction by itself (disk full, interrupt, `OR ROLLBACK`). The next
//! `SAVEPOINT` would then open a transaction of its own, and units would be committed one by one behind a
//! failing `COMMIT`. It cannot happen unseen, because every savepoint but the first is opened together with
//! the release of the one before, and every failed unit rolls back to its savepoint; either fails once the
//! transaction is gone. Any error from these abandons the whole group and closes the connection.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use fail::fail_point;
use futures::FutureExt;
use kit_runtime::{Tasks, panic_text};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::classify::proves_rollback;
use crate::connect::Connector;
use crate::core::Core;
use crate::driver::{Connection, DriverError, apart};
use crate::error::Unavailable;
use crate::job::{self, End, Job, JobOutcome};
use crate::unit::{Link, Tx};

/// A group is closed after so many units, though more are queued.
const GROUP_UNITS: usize = 256;

pub(crate) struct SqliteWriter {
    core: Arc<Core>,
    connector: Connector,
    tasks: Tasks,
    queue: Mutex<Queue>,
    /// The connection between runs; empty while one runs, and after one went wrong.
    idle: tokio::sync::Mutex<Option<Tx>>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Box<dyn Job>>,
    is_running: bool,
}

impl SqliteWriter {
    pub(crate) fn new(core: Arc<Core>, connector: Connector, tasks: Tasks, link: Link) -> Arc<Self> {
        let tx = core.transaction(link);
        Arc::new(Self {
            core,
            connector,
            tasks,
            queue: Mutex::default(),
            idle: tokio::sync::Mutex::new(Some(tx)),
        })
    }

    /// Queues a unit, and starts a run where none runs.
    pub(crate) fn submit(self: &Arc<Self>, job: Box<dyn Job>) -> Result<(), Unavailable> {
        let mut queue = self.queue();
        if queue.jobs.len() >= self.core.queue_limit {
            return Err(Unavailable::QueueFull);
        }
        queue.jobs.push_back(job);
        if queue.is_running {
            return Ok(());
        }
        queue.is_running = true;
        drop(queue);
        let run = WriterRun {
            writer: self.clone(),
            ended: false,
        };
        self.tasks.spawn("db.writer", run.apart());
        Ok(())
    }

    /// Whether the file can be written to: its connection exists, or can be made.
    pub(crate) async fn check(&self) -> Result<(), Unavailable> {
        let Ok(mut idle) = self.idle.try_lock() else {
            return Ok(()); // A run is under way, and its units hear what is wrong
        };
        if idle.is_none() {
            *idle = Some(self.connect().await?);
        }
        Ok(())
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next unit that somebody waits for.
    fn next(&self) -> Option<Box<dyn Job>> {
        let mut queue = self.queue();
        loop {
            let job = queue.jobs.pop_front()?;
            if !job.caller_is_gone() {
                return Some(job);
            }
        }
    }

    fn refuse_queued(&self, reason: Unavailable) {
        let jobs = std::mem::take(&mut self.queue().jobs);
        for job in jobs {
            job.answer(JobOutcome::Unavailable(reason));
        }
    }

    async fn connect(&self) -> Result<Tx, Unavailable> {
        let connection = self.connector.connect().await.map_err(|error| {
            tracing::error!(%error, "the database file cannot be opened");
            Unavailable::Storage
        })?;
        Ok(self.core.transaction(Link::new(connection)))
    }
}

/// The time from the first queued unit to an empty queue.
struct WriterRun {
    writer: Arc<SqliteWriter>,
    ended: bool,
}

impl WriterRun {
    /// Runs on a thread of its own, and ends with the task that waits for it.
    async fn apart(self) {
        let (waits, nobody_waits) = oneshot::channel::<()>();
        let ended = apart(async move {
            tokio::select! {
                _ = nobody_waits => {}
                () = self.run() => {}
            }
        });
        if let Err(error) = ended.await {
            tracing::error!(%error, "a run of writes ended early");
        }
        drop(waits);
    }

    async fn run(mut self) {
        let writer = self.writer.clone();
        let mut idle = writer.idle.lock().await;
        while self.has_work() {
            let tx = match idle.take() {
                Some(tx) => tx,
                None => match writer.connect().await {
                    Ok(tx) => tx,
                    Err(reason) => {
                        writer.refuse_queued(reason);
                        continue;
                    }
                },
            };
            // A group that panics or is cut off drops the connection, and SQLite rolls back. What is queued is
            // no part of it, perhaps by callers that heard of its end already.
            let group = AssertUnwindSafe(Group::new(&writer, tx).run()).catch_unwind();
            *idle = group.await.unwrap_or_else(|panic| {
                tracing::error!(panic = panic_text(&*panic), "a group of writes panicked");
                None
            });
        }
    }

    /// Ends the run under the queue's lock, so that no unit is queued without a run to run it.
    fn has_work(&mut self) -> bool {
        let mut queue = self.writer.queue();
        let work = !queue.jobs.is_empty();
        if !work {
            queue.is_running = false;
            self.ended = true;
        }
        work
    }
}

impl Drop for WriterRun {
    /// When the process stops hard: who waits hears it.
    fn drop(&mut self) {
        if !self.ended {
            self.writer.queue().is_running = false;
            self.writer.refuse_queued(Unavailable::Stopping);
        }
    }
}

/// Units that are committed together.
struct Group<'w> {
    writer: &'w SqliteWriter,
    tx: Tx,
    savepoint: Savepoint,
    ended: Vec<(Box<dyn Job>, JobOutcome)>,
    has_events: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Savepoint {
    /// The transaction has not begun.
    None,
    /// Open, and nothing done since.
    Clean,
    /// Open, with a successful unit inside.
    Used,
}

/// The transaction is gone or stuck.
struct Abandoned;

impl<'w> Group<'w> {
    fn new(writer: &'w SqliteWriter, tx: Tx) -> Self {
        Self {
            writer,
            tx,
            savepoint: Savepoint::None,
            ended: Vec::new(),
            has_events: false,
        }
    }

    /// Runs what is queued; gives the connection back when it is fit for another group.
    async fn run(mut self) -> Option<Tx> {
        let (started, limit) = (Instant::now(), self.writer.core.group_limit);
        while self.ended.len() < GROUP_UNITS && (self.ended.is_empty() || started.elapsed() < limit) {
            let Some(job) = self.writer.next() else { break };
            if let Err(Abandoned) = self.run_unit(job).await {
                return self.abandon();
            }
        }
        if self.ended.is_empty() {
            return Some(self.tx); // every caller had gone
        }
        self.commit()
    }

    async fn run_unit(&mut self, mut job: Box<dyn Job>) -> Result<(), Abandoned> {
        if let Err(Abandoned) = self.open_savepoint() {
            self.ended
                .push((job, JobOutcome::Unavailable(Unavailable::Abandoned)));
            return Err(Abandoned);
        }
        let limit = self.writer.core.unit_limit;
        let outcome = match job::run(&mut *job, &mut self.tx, limit).await {
            End::Commit => {
                self.savepoint = Savepoint::Used;
                self.has_events |= self.tx.outbox.has_events();
                self.ended.push((job, JobOutcome::Settled));
                return Ok(());
            }
            End::RollBack(outcome) => outcome,
            End::Again(reason) => JobOutcome::Unavailable(reason),
        };
        self.ended.push((job, outcome));
        self.savepoint = Savepoint::Clean;
        self.control("ROLLBACK TO unit")
    }

    fn open_savepoint(&mut self) -> Result<(), Abandoned> {
        let before = match self.savepoint {
            Savepoint::None => "BEGIN IMMEDIATE",
            Savepoint::Clean => return Ok(()),
            Savepoint::Used => "RELEASE unit",
        };
        fail_point!("db::savepoint", self.savepoint == Savepoint::Used, |_| Err(
            Abandoned
        ));
        self.control(before)?;
        self.control("SAVEPOINT unit")?;
        self.savepoint = Savepoint::Clean;
        Ok(())
    }

    fn control(&mut self, text: &'static str) -> Result<(), Abandoned> {
        self.try_control(text).map_err(|error| {
            tracing::error!(%error, statement = text, "a group of writes is abandoned");
            Abandoned
        })
    }

    /// Runs a statement that begins or ends something.
    fn try_control(&mut self, text: &'static str) -> Result<(), DriverError> {
        match &mut self.tx.link.connection {
            Connection::Sqlite(sqlite) => sqlite.control(text),
            Connection::Postgres(_) => Err(DriverError::Gone),
        }
    }

    /// Nobody's work was committed, whatever a unit returned.
    fn abandon(self) -> Option<Tx> {
        for (job, _) in self.ended {
            job.answer(JobOutcome::Unavailable(Unavailable::Abandoned));
        }
        if self.savepoint == Savepoint::None {
            // Not even begun: somebody else holds the file, and each further group would wait as long again.
            self.writer.refuse_queued(Unavailable::Abandoned);
        }
        None
    }

    fn commit(mut self) -> Option<Tx> {
        fail_point!("db::before-commit");
        for (job, _) in &mut self.ended {
            job.commit_is_sent();
        }
        let committed = self.send_commit();
        fail_point!("db::after-commit-before-answer");
        let error = match committed {
            Ok(()) => {
                if self.has_events {
                    self.writer.core.announce();
                }
                self.writer.core.count_group(self.ended.len());
                for (job, outcome) in self.ended {
                    job.answer(outcome);
                }
                return Some(self.tx);
            }
            Err(error) => error,
        };
        tracing::error!(%error, "a group of writes could not be committed");
        let surely_not = proves_rollback(&error);
        for (job, outcome) in self.ended {
            job.answer(match outcome {
                JobOutcome::Settled if surely_not => JobOutcome::Unavailable(Unavailable::Abandoned),
                JobOutcome::Settled => JobOutcome::OutcomeUnknown,
                // These were rolled back before, and stay so.
                outcome => outcome,
            });
        }
        None
    }

    fn send_commit(&mut self) -> Result<(), DriverError> {
        self.try_control("COMMIT")?;
        fail_point!("db::commit-answer-lost", |_| Err(DriverError::Gone));
        Ok(())
    }
}
