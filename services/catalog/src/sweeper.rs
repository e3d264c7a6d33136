//! Asks about what is held for orders longer than it should be.

use std::time::Duration;

use kit_runtime::Tasks;

use crate::service::CatalogService;

/// Starts it. Processes may do so side by side: each is asked about once.
pub(crate) fn start(tasks: &Tasks, catalog: &CatalogService, period: Duration) {
    let catalog = catalog.clone();
    tasks.repeat("catalog.reservations", period, move || {
        let catalog = catalog.clone();
        async move { catalog.ask_about_overdue().await.map(|asked| asked > 0) }
    });
}
