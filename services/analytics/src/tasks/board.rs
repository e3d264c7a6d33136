//! What the parts of counting tell each other within a process. Between processes there are only the tables, and
//! everybody looks at them once in a while: nothing here must be known for the counts to be right.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::store::{Generation, GenerationState};

/// How long it is tried to let a generation take over, and how long not, in turn.
const ATTEMPT: Duration = Duration::from_secs(5);

/// The board.
#[derive(Default)]
pub(crate) struct Board {
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
    /// The one that has read far enough to replace the live one, and since when that is tried.
    ready: Option<(i64, Instant)>,
}

impl Board {
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
    pub(crate) fn learn(&self, generations: Vec<Generation>) {
        let mut state = self.state();
        let is_gone = |old: &Generation| !generations.iter().any(|new| new.number == old.number);
        if state.generations.iter().any(is_gone) {
            self.retired.notify_one();
        }
        state.ready = state.ready.filter(|(ready, _)| {
            let is_it = |new: &Generation| new.number == *ready && new.state == GenerationState::Building;
            generations.iter().any(is_it)
        });
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
    pub(crate) fn newest_first(&self) -> Vec<(i64, GenerationState)> {
        let state = self.state();
        let known = state.generations.iter().rev();
        known.map(|known| (known.number, known.state)).collect()
    }

    /// True the first time for each generation.
    pub(crate) fn claim_start(&self, generation: i64) -> bool {
        self.state().started.insert(generation)
    }

    /// A generation has read far enough to replace the live one, which is tried for a while.
    pub(crate) fn set_ready(&self, generation: i64) {
        let mut state = self.state();
        let is_paused = |(known, since): (i64, Instant)| known == generation && since.elapsed() < 2 * ATTEMPT;
        if state.ready.is_some_and(is_paused) {
            return;
        }
        if state.ready.is_some_and(|(known, _)| known == generation) {
            tracing::warn!(
                generation,
                "it has not counted all that the live one has; has it dead letters?"
            );
        }
        state.ready = Some((generation, Instant::now()));
        self.facts.notify_one();
    }

    /// Which generation is to replace the live one now.
    pub(crate) fn ready(&self) -> Option<i64> {
        let ready = self.state().ready;
        let (generation, _) = ready.filter(|(_, since)| since.elapsed() < ATTEMPT)?;
        Some(generation)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
