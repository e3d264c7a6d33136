//! Forgets what nobody comes back for: guests' carts, and the orders whose lines were taken out of theirs.

use std::time::Duration;

use kit_runtime::{Stop, TaskError, Tasks};

use crate::config::CartConfig;
use crate::service::CartService;

/// Starts it. Processes may do so side by side.
pub(crate) fn start(tasks: &Tasks, carts: &CartService, config: &CartConfig) {
    let (carts, kept, period) = (
        carts.clone(),
        config.guest_time_to_live.into(),
        config.sweep.into(),
    );
    tasks.supervise("cart.sweeper", move |stop| {
        let carts = carts.clone();
        async move { run(&carts, kept, period, &stop).await }
    });
}

async fn run(carts: &CartService, kept: Duration, period: Duration, stop: &Stop) -> Result<(), TaskError> {
    while !stop.is_requested() {
        // One full batch after the other, without a pause.
        if carts.sweep(kept).await? == 0 && !stop.sleep(period).await {
            break;
        }
    }
    Ok(())
}
