//! Whatever overtakes what between two processes and the Redis between them: no process answers by itself with
//! less than it was told, and Redis never goes back.

use kit_cache::Change;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::peers::{Installation, Process, Reading};

const KEY: &str = "a";

/// What happens to one key, of which the source of truth knows a growing version.
#[derive(Clone, Debug)]
enum Step {
    /// The source changes; nobody has heard of it.
    Write,
    /// A process writes, and puts what it wrote.
    Put(usize),
    /// A process hears of the source as it was so many changes ago.
    Invalidate(usize, i64),
    /// A process hears that something changed.
    InvalidateWithoutVersion(usize),
    Clear(usize),
    /// Somebody asks a process; a load, if it comes to one, reads the source now.
    Ask(usize),
    /// One of the running loads ends.
    End(Index),
    /// Redis makes room.
    Evict,
    /// Redis loses its latest writes: what lies there is a copy from earlier.
    GoBack(Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Write),
        1 => (0_usize..2).prop_map(Step::Put),
        3 => (0_usize..2, 0_i64..4).prop_map(|(process, ago)| Step::Invalidate(process, ago)),
        1 => (0_usize..2).prop_map(Step::InvalidateWithoutVersion),
        1 => (0_usize..2).prop_map(Step::Clear),
        4 => (0_usize..2).prop_map(Step::Ask),
        4 => any::<Index>().prop_map(Step::End),
        1 => Just(Step::Evict),
        2 => any::<Index>().prop_map(Step::GoBack),
    ]
}

struct Model {
    processes: [Process; 2],
    /// Of the source.
    version: i64,
    /// What each process was told, or has written itself.
    noted: [i64; 2],
    /// The version that the source had when each was told without one, or was cleared.
    reset: [i64; 2],
    running: Vec<(usize, Reading, i64)>,
    /// Every copy that was ever seen.
    copies: Vec<Vec<u8>>,
}

impl Model {
    async fn take(&mut self, step: &Step) {
        match step {
            Step::Write => self.version += 1,
            Step::Put(process) => {
                self.version += 1;
                self.noted[*process] = self.version;
                self.processes[*process].put(KEY, self.version);
            }
            Step::Invalidate(process, ago) => {
                let version = (self.version - ago).max(1);
                self.noted[*process] = self.noted[*process].max(version);
                let change = Change::updated(KEY.to_owned(), version);
                self.processes[*process].cache.invalidate(change);
            }
            Step::InvalidateWithoutVersion(process) => {
                self.reset[*process] = self.version;
                let change = Change::updated(KEY.to_owned(), None);
                self.processes[*process].cache.invalidate(change);
            }
            Step::Clear(process) => {
                self.reset[*process] = self.version;
                self.processes[*process].cache.clear();
            }
            Step::Ask(process) => self.ask(*process).await,
            Step::End(_) if self.running.is_empty() => {}
            Step::End(which) => {
                let index = which.index(self.running.len());
                let (_, reading, read) = self.running.swap_remove(index);
                assert_eq!(reading.brings(read).await, Some(read));
            }
            Step::GoBack(_) if self.copies.is_empty() => {}
            Step::GoBack(which) => {
                let copy = which.get(&self.copies);
                self.processes[0].lay(KEY, copy).await;
            }
            Step::Evict => {
                let _: i64 = self.processes[0].ask("DEL", KEY, &[]).await;
            }
        }
    }

    /// Where something is held it must be no older than what the process knows; else a load begins.
    async fn ask(&mut self, process: usize) {
        if self.running.iter().any(|(other, ..)| *other == process) {
            return;
        }
        match self.processes[process].held(KEY).await {
            Some(held) => {
                let least = self.noted[process].max(self.reset[process]);
                assert!(
                    held >= least,
                    "process {process} knows of {least}, and says {held}"
                );
                assert!(held <= self.version);
            }
            None => {
                if let Some(reading) = self.processes[process].try_reading(KEY).await {
                    self.running.push((process, reading, self.version));
                }
            }
        }
    }

    /// The version that Redis knows.
    async fn known(&mut self) -> Option<i64> {
        let (kind, version) = self.processes[0].head(KEY).await?;
        if kind == 'v' {
            self.copies.extend(self.processes[0].lying(KEY).await);
        }
        Some(version)
    }
}

async fn no_step_leads_back(steps: &[Step]) {
    let installation = Installation::new();
    let mut model = Model {
        processes: [installation.process().await, installation.process().await],
        version: 1,
        noted: [1; 2],
        reset: [1; 2],
        running: Vec::new(),
        copies: Vec::new(),
    };
    let mut known = None;
    for step in steps {
        model.take(step).await;
        let now = model.known().await;
        if !matches!(step, Step::Evict | Step::GoBack(_)) && now.is_some() {
            assert!(now >= known, "{step:?} led redis back from {known:?} to {now:?}");
        }
        known = now;
    }
    for (_, reading, read) in model.running {
        reading.brings(read).await;
    }
    for process in model.processes {
        process.end().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_overtakes_what_nobody_goes_back(steps in vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(no_step_leads_back(&steps));
    }
}
