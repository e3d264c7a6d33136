//! Frees what is held for orders longer than it should be.

use std::time::Duration;

use kit_runtime::{Stop, TaskError, Tasks};

use crate::service::CatalogService;

/// Starts it. Processes may do so side by side: each reservation ends once.
pub(crate) fn start(tasks: &Tasks, catalog: &CatalogService, period: Duration) {
    let catalog = catalog.clone();
    tasks.supervise("catalog.reservations", move |stop| {
        let catalog = catalog.clone();
        async move { run(&catalog, period, &stop).await }
    });
}

async fn run(catalog: &CatalogService, period: Duration, stop: &Stop) -> Result<(), TaskError> {
    while !stop.is_requested() {
        // One full batch after the other, without a pause.
        if catalog.expire_overdue().await? == 0 && !stop.sleep(period).await {
            break;
        }
    }
    Ok(())
}
