//! Signals between the tasks within a process. Between processes there are only the tables, and
//! everybody looks at them once in a while: nothing here must be known for the counts to be right.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::store::Generation;

/// The generations known to this process, and notifications of what changed.
#[derive(Default)]
pub(crate) struct GenerationSignals {
    state: Mutex<State>,
    facts: Notify,
    counts: Notify,
    retired: Notify,
}

#[derive(Default)]
struct State {
    /// Those that are counted, the oldest first.
    generations: Vec<Generation>,
    /// Those whose consumer was started here.
    started: BTreeSet<i64>,
    /// The one that may replace the live one, if it has everything of it.
    candidate: Option<i64>,
}

impl GenerationSignals {
    /// Something can be added up.
    pub(crate) fn fact_written(&self) {
        self.facts.notify_one();
    }

    pub(crate) async fn wait_for_facts(&self) {
        self.facts.notified().await;
    }

    /// Counts of the live generation are others than before.
    pub(crate) fn counts_changed(&self) {
        self.counts.notify_one();
    }

    pub(crate) async fn wait_for_counts(&self) {
        self.counts.notified().await;
    }

    pub(crate) async fn wait_for_retirement(&self) {
        self.retired.notified().await;
    }

    /// What the table says by now.
    pub(crate) fn set_generations(&self, generations: Vec<Generation>) {
        let mut state = self.state();
        let is_gone = |old: &Generation| !generations.iter().any(|new| new.number == old.number);
        if state.generations.iter().any(is_gone) {
            self.retired.notify_one();
        }
        state.generations = generations;
    }

    /// Whether a generation is still counted, as far as is known here.
    pub(crate) fn counts(&self, generation: i64) -> bool {
        self.state()
            .generations
            .iter()
            .any(|known| known.number == generation)
    }

    /// Those that are counted, the newest first.
    pub(crate) fn newest_first(&self) -> Vec<Generation> {
        self.state().generations.iter().rev().copied().collect()
    }

    /// True the first time for each generation.
    pub(crate) fn claim_start(&self, generation: i64) -> bool {
        self.state().started.insert(generation)
    }

    /// Names the generation that may replace the live one, or that none may.
    pub(crate) fn set_candidate(&self, generation: Option<i64>) {
        self.state().candidate = generation;
        if generation.is_some() {
            self.facts.notify_one();
        }
    }

    pub(crate) fn candidate(&self) -> Option<i64> {
        self.state().candidate
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
