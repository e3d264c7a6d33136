//! Whether a process can do its work, dependency by dependency, by name.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A check that hangs counts as failed after this long.
const CHECK_LIMIT: Duration = Duration::from_secs(2);

type CheckFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Check = Arc<dyn Fn() -> CheckFuture + Send + Sync>;

/// The process's readiness: named gates that components open and close, named checks that are asked, and
/// whether it is draining.
#[derive(Clone, Default)]
pub struct Readiness {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    draining: AtomicBool,
    gates: Mutex<BTreeMap<String, Result<(), String>>>,
    checks: Mutex<BTreeMap<String, Check>>,
}

impl Readiness {
    /// Nothing registered, hence ready.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a gate that is closed until its owner opens it.
    pub fn gate(&self, name: impl Into<String>) -> ReadinessGate {
        let gate = ReadinessGate {
            name: name.into(),
            readiness: self.clone(),
        };
        gate.close("starting");
        gate
    }

    /// Registers a check that is asked for each report; it has two seconds.
    pub fn check<F>(&self, name: impl Into<String>, check: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let check: Check = Arc::new(move || Box::pin(check()));
        locked(&self.inner.checks).insert(name.into(), check);
    }

    /// From now on the process answers that it is not ready, so that no new work comes.
    pub fn drain(&self) {
        self.inner.draining.store(true, Ordering::SeqCst);
    }

    /// Asks everything, all at once.
    pub async fn report(&self) -> ReadinessReport {
        let mut checks: Vec<CheckReport> = locked(&self.inner.gates)
            .iter()
            .map(|(name, state)| CheckReport::new(name, state.clone()))
            .collect();
        let asked: Vec<(String, Check)> = locked(&self.inner.checks)
            .iter()
            .map(|(name, check)| (name.clone(), check.clone()))
            .collect();
        let mut running = tokio::task::JoinSet::new();
        for (name, check) in asked {
            running.spawn(async move {
                let answer = tokio::time::timeout(CHECK_LIMIT, check()).await;
                let state = answer.unwrap_or_else(|_| Err("no answer within 2 s".to_owned()));
                CheckReport::new(&name, state)
            });
        }
        while let Some(answer) = running.join_next().await {
            checks.push(answer.unwrap_or_else(|_| CheckReport::new("check", Err("panicked".to_owned()))));
        }
        checks.sort_by(|a, b| a.name.cmp(&b.name));
        let draining = self.inner.draining.load(Ordering::SeqCst);
        ReadinessReport {
            ready: !draining && checks.iter().all(|check| check.ready),
            draining,
            checks,
        }
    }
}

/// The owner's end of a named gate.
#[derive(Clone)]
pub struct ReadinessGate {
    name: String,
    readiness: Readiness,
}

impl ReadinessGate {
    /// The dependency works.
    pub fn open(&self) {
        locked(&self.readiness.inner.gates).insert(self.name.clone(), Ok(()));
    }

    /// The dependency does not work, and why.
    pub fn close(&self, reason: impl Into<String>) {
        locked(&self.readiness.inner.gates).insert(self.name.clone(), Err(reason.into()));
    }
}

/// What `/readyz?verbose` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadinessReport {
    /// Everything works and the process is not draining.
    pub ready: bool,
    /// The process is about to stop.
    pub draining: bool,
    /// Each gate and check, by name.
    pub checks: Vec<CheckReport>,
}

/// The state of one dependency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Its name, such as `auth.database`.
    pub name: String,
    /// Whether the dependency works.
    pub ready: bool,
    /// Why the dependency does not work.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

impl CheckReport {
    fn new(name: &str, state: Result<(), String>) -> Self {
        Self {
            name: name.to_owned(),
            ready: state.is_ok(),
            reason: state.err(),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_is_ready_when_everything_is() {
        let readiness = Readiness::new();
        assert!(readiness.report().await.ready);
        let gate = readiness.gate("keys");
        readiness.check("database", || async { Ok(()) });
        assert_eq!(
            readiness.report().await.checks[1].reason.as_deref(),
            Some("starting")
        );
        gate.open();
        assert!(readiness.report().await.ready);
        readiness.drain();
        assert!(!readiness.report().await.ready);
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_counts_as_failed() {
        let readiness = Readiness::new();
        readiness.check("hangs", std::future::pending);
        let report = readiness.report().await;
        assert_eq!(report.checks[0].reason.as_deref(), Some("no answer within 2 s"));
    }
}
