//! Ends what was left half-done: by a provider that did not answer, or by a process that stopped in the middle.

use std::sync::Arc;
use std::time::Duration;

use kit_runtime::{Stop, TaskError, Tasks};
use tokio::sync::Notify;

use crate::service::PaymentsService;

/// Starts it. Processes may do so side by side: each piece of work is claimed by one of them.
pub(crate) fn start(tasks: &Tasks, payments: &PaymentsService, period: Duration) {
    let payments = payments.clone();
    tasks.supervise("payments.janitor", move |stop| {
        let payments = payments.clone();
        async move { run(&payments, period, &stop).await }
    });
}

async fn run(payments: &PaymentsService, period: Duration, stop: &Stop) -> Result<(), TaskError> {
    let wake: Arc<Notify> = payments.waker();
    payments.forget_webhooks().await?;
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
