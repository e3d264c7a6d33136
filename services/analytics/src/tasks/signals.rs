//! Signals between the tasks within a process. Between processes there are only the tables, and
//! everybody looks at them once in a while: nothing here must be known for the counts to be right.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kit_bus::GroupHandle;
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
    /// The consumers that were started here, by generation.
    consumers: BTreeMap<i64, GroupHandle>,
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
        self.state().generations = generations;
    }

    /// Those that are counted, the newest first.
    pub(crate) fn newest_first(&self) -> Vec<Generation> {
        self.state().generations.iter().rev().copied().collect()
    }

    /// Whether the consumer of a generation was started here.
    pub(crate) fn has_consumer(&self, generation: i64) -> bool {
        self.state().consumers.contains_key(&generation)
    }

    pub(crate) fn add_consumer(&self, generation: i64, consumer: GroupHandle) {
        self.state().consumers.insert(generation, consumer);
    }

    /// Ends the consumers of generations that are not counted any more; whether there were any.
    pub(crate) async fn stop_retired(&self) -> bool {
        let retired: Vec<GroupHandle> = {
            let mut state = self.state();
            let mut consumers = std::mem::take(&mut state.consumers);
            let retired = consumers.extract_if(.., |number, _| !state.is_counted(*number));
            let retired = retired.map(|(_, consumer)| consumer).collect();
            state.consumers = consumers;
            retired
        };
        let has_retired = !retired.is_empty();
        for consumer in retired {
            consumer.stop().await;
        }
        if has_retired {
            // Only now is nothing written any more that would have to be removed.
            self.retired.notify_one();
        }
        has_retired
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

impl State {
    fn is_counted(&self, generation: i64) -> bool {
        self.generations.iter().any(|known| known.number == generation)
    }
}
