//! Ends what was left half-done: by a provider that did not answer, or by a process that stopped in the middle.

use std::sync::Arc;
use std::time::Duration;

use kit_runtime::{Stop, TaskError, Tasks};
use tokio::sync::Notify;

use crate::service::PaymentsService;

/// Between two times that webhooks which were applied long ago are forgotten.
const FORGET_PERIOD: Duration = Duration::from_hours(1);

/// Between two looks whether a page of the provider's list is due, at most.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// Starts it. Processes may do so side by side: each piece of work is claimed by one of them.
pub(crate) fn start(tasks: &Tasks, payments: &PaymentsService, period: Duration) {
    let (janitor, forgetful, comparing) = (payments.clone(), payments.clone(), payments.clone());
    tasks.supervise("payments.janitor", move |stop| {
        let payments = janitor.clone();
        async move { run(&payments, period, &stop).await }
    });
    tasks.repeat("payments.webhooks", FORGET_PERIOD, move || {
        let payments = forgetful.clone();
        async move { payments.forget_webhooks().await.map(|()| false) }
    });
    let look = payments.reconciliation_period().min(LONGEST_LOOK);
    tasks.repeat("payments.reconciliation", look, move || {
        let payments = comparing.clone();
        async move { payments.reconcile().await }
    });
}

async fn run(payments: &PaymentsService, period: Duration, stop: &Stop) -> Result<(), TaskError> {
    let wake: Arc<Notify> = payments.waker();
    while !stop.is_requested() {
        // One full batch after the other, without a pause.
        if payments.take_up_overdue().await? == 0 {
            tokio::select! {
                () = wake.notified() => {}
                went_on = stop.sleep(period) => {
                    if !went_on {
                        break;
                    }
                }
            }
        }
    }
    Ok(())
}
