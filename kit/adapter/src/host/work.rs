//! What was accepted is done: taken with a lease, tried until it is done or the adapter says that it cannot be.

use std::future::Future;
use std::time::Duration;

use kit_db::{StoreError, Tx};
use kit_runtime::Timestamp;
use kit_values::Uuid;

use super::lifecycle::HostError;
use super::state::{InstanceState, StoredInstance};
use super::{AdapterHost, HostDeps, store};
use crate::{Adapter, AdapterError};

/// How long an adapter may take for a step, and for how long nobody else takes it: longer than that and its writing.
pub(super) const STEP_LIMIT: Duration = Duration::from_secs(30);
pub(super) const LEASE: Duration = Duration::from_secs(45);

/// How many operations are worked on at once.
pub(super) const AT_ONCE: usize = 16;

/// The first and the longest pause between two tries.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

pub(super) fn start<A: Adapter>(host: &AdapterHost<A>) {
    let HostDeps { tasks, poll, .. } = &host.0.deps;
    let (waiting, working) = (host.clone(), host.clone());
    let woken = move || {
        let host = waiting.clone();
        async move { host.0.wake.notified().await }
    };
    tasks.repeat_woken("adapter.operations", *poll, woken, move || {
        let host = working.clone();
        async move { host.work().await }
    });
}

/// What an adapter says, if it says it in time.
pub(super) async fn in_time<T>(
    asking: impl Future<Output = Result<T, AdapterError>>,
) -> Result<T, AdapterError> {
    let answered = tokio::time::timeout(STEP_LIMIT, asking).await;
    answered.unwrap_or_else(|_| Err(AdapterError::Unavailable("it took too long".to_owned())))
}

impl<A: Adapter> AdapterHost<A> {
    /// Begins to work on operations that are due, as many as there is room for; whether there may be more.
    async fn work(&self) -> Result<bool, StoreError> {
        let room = u32::try_from(self.0.room.available_permits()).unwrap_or(u32::MAX);
        if room == 0 {
            // Whoever ends makes room, and says so.
            return Ok(false);
        }
        let now = self.0.deps.units.now();
        let unit = async move |tx: &mut Tx| store::claim_due(tx, (now, now.plus(LEASE)), room).await;
        let due = self.0.deps.units.write(unit).await?;
        let is_more = due.len() >= room as usize;
        for claimed in due {
            let (host, permit) = (self.clone(), self.0.room.clone().try_acquire_owned());
            self.0.deps.tasks.spawn("adapter.operation", async move {
                host.work_on(claimed).await;
                drop(permit);
                host.0.wake.notify_one();
            });
        }
        Ok(is_more)
    }

    /// Does something to its end, whether whoever asked for it waits or goes away.
    pub(super) async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, HostError>> + Send + 'static,
    ) -> Result<T, HostError> {
        let done = self.0.deps.tasks.run_to_end("adapter.step", work).await;
        done.unwrap_or_else(|cut_off| Err(HostError::Broken(cut_off.to_string())))
    }

    async fn work_on(&self, claimed: StoredInstance) {
        let (adapter, instance) = (&self.0.adapter, &claimed.instance);
        let done = if claimed.state == InstanceState::Deprovisioning {
            in_time(adapter.deprovision(instance)).await
        } else {
            in_time(adapter.provision(instance)).await
        };
        if let Err(error) = self.write_down(claimed, done).await {
            // It is due again when its lease is over.
            tracing::warn!(%error, "an operation of an adapter is left where it is");
        }
    }

    async fn write_down(
        &self,
        claimed: StoredInstance,
        done: Result<(), AdapterError>,
    ) -> Result<(), StoreError> {
        let (id, state) = (&claimed.instance.id, claimed.state);
        if let Err(error) = &done {
            tracing::warn!(instance = id, %state, tries = claimed.tries, %error, "an adapter did not do it");
        }
        let chance = self.0.deps.units.new_id::<Uuid>().as_u128();
        let again_at = again_at(claimed.tries, chance, self.0.deps.units.now());
        let unit = async move |tx: &mut Tx| match &done {
            Ok(()) => store::end(tx, &claimed, (state.succeeded(), None)).await,
            Err(AdapterError::Rejected(reason)) => {
                store::end(tx, &claimed, (InstanceState::Failed, Some(reason))).await
            }
            Err(AdapterError::Unavailable(reason)) => store::postpone(tx, &claimed, reason, again_at).await,
        };
        self.0.deps.units.write(unit).await
    }
}

/// When something is tried again that was tried so often: later each time, and up to a quarter later by chance, so that
/// what has failed together does not come again together.
fn again_at(tries: u32, chance: u128, now: Timestamp) -> Timestamp {
    let doublings = tries.saturating_sub(1).min(16);
    let pause = (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
    let [first, ..] = chance.to_le_bytes();
    now.plus(pause + pause * u32::from(first) / 1024)
}
