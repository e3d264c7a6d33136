//! Frees what is held for orders longer than it should be.

use std::time::Duration;

use kit_runtime::Tasks;

use crate::service::CatalogService;

/// Starts it. Processes may do so side by side: each reservation ends once.
pub(crate) fn start(tasks: &Tasks, catalog: &CatalogService, period: Duration) {
    let catalog = catalog.clone();
    tasks.repeat("catalog.reservations", period, move || {
        let catalog = catalog.clone();
        async move { catalog.expire_overdue().await.map(|expired| expired > 0) }
    });
}
