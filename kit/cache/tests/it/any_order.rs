//! Whatever overtakes what: the cache never answers by itself with less than it was told.

use std::task::Poll;

use kit_cache::{Absence, Change, Versioned};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::fixture::{Asking, Fixture, Gate, MINUTE, Value, held};

/// What happens to one key, of which the source of truth knows a growing version or that it is gone.
#[derive(Clone, Debug)]
enum Step {
    /// The source changes; the writer has not told anybody yet.
    Write,
    Delete,
    /// The cache hears of the source as it was so many changes ago.
    Invalidate {
        ago: usize,
    },
    InvalidateWithoutVersion,
    /// The writer of so many changes ago puts its value.
    Put {
        ago: usize,
    },
    /// Somebody asks; a load reads the source now.
    Ask,
    /// One of the running loads ends.
    End {
        which: Index,
    },
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Write),
        1 => Just(Step::Delete),
        3 => (0_usize..4).prop_map(|ago| Step::Invalidate { ago }),
        1 => Just(Step::InvalidateWithoutVersion),
        2 => (0_usize..4).prop_map(|ago| Step::Put { ago }),
        4 => Just(Step::Ask),
        4 => any::<Index>().prop_map(|which| Step::End { which }),
        1 => Just(Step::Clear),
    ]
}

/// One state of the source.
#[derive(Clone, Copy, Debug)]
struct State {
    version: i64,
    is_there: bool,
}

/// What an answer must not be older than.
#[derive(Clone, Copy, Debug, Default)]
struct Floor {
    /// Whatever is answered: the latest version that the cache was told of.
    invalidated: i64,
    /// What was loaded, besides: the version that the source had when the cache was told without one, or was
    /// cleared. A late put knows nothing of that.
    reset: i64,
    /// What is held, besides: the latest that was put or held before, but for a clear.
    held: i64,
}

struct Model {
    fixture: Fixture,
    /// By version.
    history: Vec<State>,
    floor: Floor,
    asked: Vec<Asked>,
}

/// A look-up that waits.
struct Asked {
    asking: Asking,
    floor: Floor,
    /// Its load and what that read, unless it waits for another's.
    load: Option<(Gate, State)>,
}

const KEY: &str = "a";

fn value(version: i64, value: Value) -> Versioned<Value> {
    Versioned { version, value }
}

impl Model {
    fn new() -> Self {
        let first = State {
            version: 0,
            is_there: false,
        };
        Self {
            fixture: Fixture::with(|settings| settings.absence = Absence::KeptFor(MINUTE)),
            history: vec![first],
            floor: Floor::default(),
            asked: Vec::new(),
        }
    }

    fn now(&self) -> State {
        self.earlier(0)
    }

    fn earlier(&self, ago: usize) -> State {
        self.history[(self.history.len() - 1).saturating_sub(ago)]
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Write => self.change(true),
            Step::Delete => self.change(false),
            Step::Invalidate { ago } => self.invalidate(self.earlier(*ago)),
            Step::InvalidateWithoutVersion => {
                self.fixture.cache.invalidate(Change::updated(KEY, None));
                self.floor.reset = self.now().version;
            }
            Step::Put { ago } => self.put(self.earlier(*ago)),
            Step::Ask => self.ask().await,
            Step::End { which } => self.end(which).await,
            Step::Clear => {
                self.fixture.cache.clear();
                self.floor.reset = self.now().version;
                self.floor.held = 0;
            }
        }
    }

    fn change(&mut self, is_there: bool) {
        let version = self.now().version + 1;
        self.history.push(State { version, is_there });
    }

    fn invalidate(&mut self, state: State) {
        let change = if state.is_there {
            Change::updated(KEY, state.version)
        } else {
            Change::deleted(KEY, state.version)
        };
        self.fixture.cache.invalidate(change);
        self.floor.invalidated = self.floor.invalidated.max(state.version);
    }

    fn put(&mut self, state: State) {
        if state.is_there {
            self.fixture.cache.put(KEY, value(state.version, "put"));
            // Where it is too old for what was told, nothing is held.
            if state.version >= self.floor.invalidated {
                self.floor.held = self.floor.held.max(state.version);
            }
        }
    }

    async fn ask(&mut self) {
        let (gate, load) = held();
        let cache = self.fixture.cache.clone();
        let mut asking: Asking = Box::pin(async move { cache.get(&KEY, load.into_load()).await });
        match futures::poll!(asking.as_mut()) {
            Poll::Ready(answer) => {
                let found = answer.unwrap();
                self.check(found.as_deref(), self.floor);
                let version = found.map_or(0, |found| found.version);
                assert!(version == 0 || version >= self.floor.held, "{:?}", self.floor);
                self.floor.held = self.floor.held.max(version);
            }
            Poll::Pending => {
                let load = gate.is_awaited().then(|| (gate, self.now()));
                self.asked.push(Asked {
                    asking,
                    floor: self.floor,
                    load,
                });
            }
        }
    }

    async fn end(&mut self, which: &Index) {
        let indices = 0..self.asked.len();
        let loading: Vec<usize> = indices
            .filter(|index| self.asked[*index].load.is_some())
            .collect();
        if loading.is_empty() {
            return;
        }
        let asked = self.asked.remove(*which.get(&loading));
        self.answer(asked).await;
    }

    /// Lets all loads end first, and so those who wait for another's be answered.
    async fn finish(mut self) {
        let (loading, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.asked)
            .into_iter()
            .partition(|asked| asked.load.is_some());
        for asked in loading.into_iter().chain(waiting) {
            self.answer(asked).await;
        }
        self.ask().await;
    }

    async fn answer(&self, asked: Asked) {
        if let Some((gate, state)) = asked.load {
            gate.end(Ok(state.is_there.then(|| value(state.version, "loaded"))));
        }
        let answer = tokio::time::timeout(MINUTE, asked.asking).await;
        let found = answer.expect("its load has ended").unwrap();
        self.check(found.as_deref(), asked.floor);
    }

    fn check(&self, found: Option<&Versioned<Value>>, floor: Floor) {
        let loaded = floor.invalidated.max(floor.reset);
        match found {
            Some(found) if found.value == "put" => {
                assert!(found.version >= floor.invalidated, "{found:?} {floor:?}");
            }
            Some(found) => assert!(found.version >= loaded, "{found:?} {floor:?}"),
            // Then it was gone at some time since.
            None => {
                let since = usize::try_from(loaded).unwrap();
                let is_gone = |state: &State| !state.is_there;
                assert!(self.history[since..].iter().any(is_gone), "absent {floor:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(512)
    })]

    #[test]
    fn an_answer_is_never_older_than_what_was_told(steps in vec(step(), 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut model = Model::new();
            for step in &steps {
                model.take(step).await;
            }
            model.finish().await;
        });
    }
}
