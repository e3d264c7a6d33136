//! Ends what was left half-done: by a provider that did not answer, or by a process that stopped in the middle.

use std::time::Duration;

use kit_runtime::Tasks;

use crate::service::PaymentsService;

/// Between two times that webhooks which were applied long ago are forgotten.
const FORGET_PERIOD: Duration = Duration::from_hours(1);

/// Between two looks whether a page of the provider's list is due, at most.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

/// Starts it. Processes may do so side by side: each piece of work is claimed by one of them.
pub(crate) fn start(tasks: &Tasks, payments: &PaymentsService, period: Duration) {
    let (janitor, forgetful, comparing) = (payments.clone(), payments.clone(), payments.clone());
    let wake = payments.waker();
    // One full batch after the other, without a pause.
    tasks.repeat_woken(
        "payments.janitor",
        period,
        move || wake.clone().notified_owned(),
        move || {
            let payments = janitor.clone();
            async move { payments.take_up_overdue().await.map(|taken| taken > 0) }
        },
    );
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
